"""What a power cut leaves: flushed bytes under flushed names, and of the rest what luck has it."""

import random
from pathlib import Path

from scripts.faults_lab.disk import Disk, Entry

ROOT = "/disk"
CREATE = 0o101


def entry(kind: str, fd: int = 3, at: int = 0, first: str = "", second: str = "") -> Entry:
    return Entry(kind, fd, at, first.encode(), second.encode())


def left(entries: list[Entry], folder: Path) -> set[tuple[tuple[str, str], ...]]:
    """All outcomes of a hundred power cuts: each the files with their contents."""
    outcomes = set()
    for seed in range(100):
        disk = Disk(ROOT)
        for each in entries:
            disk.feed(each)
        target = folder / f"{len(entries)}-{seed}"
        target.mkdir()
        disk.after_power_cut(random.Random(seed), target)
        outcomes.add(
            tuple(
                (str(path.relative_to(target)), path.read_text())
                for path in sorted(target.rglob("*"))
                if path.is_file()
            )
        )
    return outcomes


WRITTEN = [
    entry("O", 3, CREATE, f"{ROOT}/a.part"),
    entry("W", 3, 0, "hello"),
]
FLUSHED = [*WRITTEN, entry("S", 3), entry("C", 3)]
RENAMED = [*FLUSHED, entry("R", -1, 0, f"{ROOT}/a.part", f"{ROOT}/a")]
FOLDER = [entry("O", 4, 0o200000, ROOT), entry("S", 4), entry("C", 4)]


def test_what_was_not_flushed_may_be_there_or_not(tmp_path: Path) -> None:
    assert left(WRITTEN, tmp_path) == {(), (("a.part", ""),), (("a.part", "hello"),)}


def test_a_flushed_file_without_a_flushed_name_may_be_gone_but_is_never_half(
    tmp_path: Path,
) -> None:
    assert left(FLUSHED, tmp_path) == {(), (("a.part", "hello"),)}


def test_a_renamed_file_may_stand_under_either_name(tmp_path: Path) -> None:
    assert left(RENAMED, tmp_path) == {(), (("a.part", "hello"),), (("a", "hello"),)}


def test_with_its_folder_flushed_a_file_is_there_for_good(tmp_path: Path) -> None:
    assert left([*RENAMED, *FOLDER], tmp_path) == {(("a", "hello"),)}


def test_a_file_in_a_folder_whose_own_name_was_not_flushed_may_be_gone(tmp_path: Path) -> None:
    inside = [
        entry("M", -1, 0, f"{ROOT}/sub"),
        entry("O", 3, CREATE, f"{ROOT}/sub/a"),
        entry("W", 3, 0, "hello"),
        entry("S", 3),
        entry("O", 4, 0o200000, f"{ROOT}/sub"),
        entry("S", 4),
    ]

    assert left(inside, tmp_path) == {(), (("sub/a", "hello"),)}
    assert left([*inside, *FOLDER], tmp_path) == {(("sub/a", "hello"),)}


def test_later_bytes_over_flushed_ones_survive_by_sectors(tmp_path: Path) -> None:
    long = "x" * 1024
    entries = [
        entry("O", 3, CREATE, f"{ROOT}/a"),
        entry("W", 3, 0, long),
        entry("S", 3),
        *FOLDER,
        entry("W", 3, 0, "y" * 1024),
    ]

    found = {outcome[0][1] for outcome in left(entries, tmp_path)}

    assert found == {a * 512 + b * 512 for a in "xy" for b in "xy"}


def test_a_cut_file_that_was_flushed_stays_cut(tmp_path: Path) -> None:
    entries = [*FLUSHED[:-1], *FOLDER, entry("T", 3, 2), entry("S", 3)]

    assert left(entries, tmp_path) == {(("a.part", "he"),)}


def test_an_unlinked_file_is_gone_for_good_once_its_folder_is_flushed(tmp_path: Path) -> None:
    gone = [*RENAMED, *FOLDER, entry("U", -1, 0, f"{ROOT}/a")]

    assert left(gone, tmp_path) == {(), (("a", "hello"),)}
    assert left([*gone, *FOLDER], tmp_path) == {()}
