"""The vault: a file that has its name is whole, and what the disk answers is told apart."""

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from edge.storage import Damaged, DiskBroken, DiskFull, DiskReadOnly
from edge.vault import Vault
from tests.packets import Box, jpeg, opened


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = opened(tmp_path)
    yield made
    made.database.close()


def test_an_exhibit_is_named_by_its_bytes_and_read_back_whole(box: Box) -> None:
    image = jpeg(1, 150_000)

    stored = box.vault.keep(image)

    assert stored.sha256 == hashlib.sha256(image).hexdigest()
    assert stored.size_bytes == 150_000
    assert box.vault.read(stored.sha256) == image
    with pytest.raises(Damaged, match="is not on the disk"):
        box.vault.read("ab" * 32)


def test_half_written_files_are_removed_at_start(box: Box) -> None:
    stored = box.vault.keep(jpeg(1))
    part = next(box.folder.glob("exhibits/*/*.jpg")).with_suffix(".jpg.part")
    part.write_bytes(b"half")

    again = Vault(box.folder)

    assert not part.exists()
    assert list(again.names()) == [stored.sha256]


def test_a_file_is_synced_before_it_gets_its_name_and_its_folder_after(box: Box) -> None:
    steps: list[str] = []
    real_sync, real_replace = os.fsync, os.replace
    box.vault.keep(jpeg(1))  # so that the folder's own name is durable already

    def sync(handle: int) -> None:
        steps.append("folder" if Path(f"/proc/self/fd/{handle}").resolve().is_dir() else "file")
        real_sync(handle)

    def rename(self: Path, target: Path) -> Path:
        steps.append("rename")
        real_replace(self, target)
        return target

    with mock.patch("os.fsync", sync), mock.patch.object(Path, "replace", rename):
        box.vault.keep_record(1, b"x")

    assert steps == ["file", "rename", "folder"]


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, DiskReadOnly),
        (errno.EIO, DiskBroken),
    ],
)
def test_what_the_disk_answers_becomes_a_fault_and_leaves_nothing_half(
    box: Box, number: int, fault: type[Exception]
) -> None:
    with (
        mock.patch("os.fsync", side_effect=OSError(number, os.strerror(number))),
        pytest.raises(fault, match=os.strerror(number)),
    ):
        box.vault.keep_record(1, b"x" * 100)

    assert [path for path in box.folder.rglob("*") if path.suffix in (".part", ".dsse")] == []


def test_an_exhibit_that_rotted_is_found_out(box: Box) -> None:
    stored = box.vault.keep(jpeg(1))
    path = next(box.folder.glob("exhibits/*/*.jpg"))
    box.vault.check(stored.sha256)

    path.write_bytes(path.read_bytes()[:-1] + b"x")

    with pytest.raises(Damaged, match="has changed on the disk"):
        box.vault.check(stored.sha256)


def test_the_vault_knows_its_size_without_looking_at_its_files(box: Box) -> None:
    def on_the_disk() -> int:
        return sum(path.stat().st_size for path in box.folder.glob("*/**/*") if path.is_file())

    one, two = box.vault.keep(jpeg(1, 9000)), box.vault.keep(jpeg(2, 500))
    box.vault.keep(jpeg(1, 9000))
    box.vault.keep_record(1, b"twelve bytes")
    box.vault.keep_record(1, b"ten bytes.")
    assert box.vault.used_bytes == 9510 == on_the_disk()

    box.vault.drop(two.sha256)
    box.vault.drop(two.sha256)
    assert box.vault.used_bytes == 9010 == Vault(box.folder).used_bytes

    broken = mock.patch("edge.storage.sync_folder", side_effect=OSError(errno.EIO, "broken"))
    with broken, pytest.raises(DiskBroken):
        box.vault.keep(jpeg(3, 700))
    assert box.vault.used_bytes == on_the_disk() >= 9010
    box.vault.drop(one.sha256)
