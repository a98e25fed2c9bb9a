"""The evidence folder."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from central.blobs import Blobs, Damaged, Missing
from edge.wire.limits import CHUNK_BYTES

DATA = bytes(range(256)) * 300
NAME = hashlib.sha256(DATA).hexdigest()
DEVICE = "gate-1"


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path)


def write(blobs: Blobs, data: bytes = DATA) -> None:
    for index in range(-(-len(data) // CHUNK_BYTES)):
        blobs.write_chunk(DEVICE, NAME, index, data[index * CHUNK_BYTES :][:CHUNK_BYTES])


def test_an_image_lies_under_its_hash(blobs: Blobs, tmp_path: Path) -> None:
    write(blobs)

    blobs.finish(DEVICE, NAME, len(DATA))

    assert (tmp_path / "sha256" / NAME[:2] / NAME[2:4] / NAME).read_bytes() == DATA
    assert list((tmp_path / "parts" / DEVICE).iterdir()) == []


def test_chunks_may_come_in_any_order_and_twice(blobs: Blobs) -> None:
    for index in (1, 0, 1):
        blobs.write_chunk(DEVICE, NAME, index, DATA[index * CHUNK_BYTES :][:CHUNK_BYTES])

    blobs.finish(DEVICE, NAME, len(DATA))

    assert blobs.read(NAME) == DATA


def test_bytes_that_do_not_hash_to_the_name_never_get_it(blobs: Blobs) -> None:
    write(blobs, DATA[::-1])

    with pytest.raises(Damaged):
        blobs.finish(DEVICE, NAME, len(DATA))

    assert not blobs.path(NAME).exists()


def test_a_part_of_another_size_never_gets_the_name(blobs: Blobs) -> None:
    write(blobs)

    with pytest.raises(Damaged):
        blobs.finish(DEVICE, NAME, len(DATA) + 1)


def test_what_another_worker_finished_is_finished(blobs: Blobs) -> None:
    write(blobs)
    blobs.finish(DEVICE, NAME, len(DATA))

    blobs.finish(DEVICE, NAME, len(DATA))

    assert blobs.read(NAME) == DATA


def test_a_damaged_image_is_replaced_by_a_good_part(blobs: Blobs) -> None:
    write(blobs)
    blobs.finish(DEVICE, NAME, len(DATA))
    blobs.path(NAME).write_bytes(b"damaged")
    write(blobs)

    blobs.finish(DEVICE, NAME, len(DATA))

    assert blobs.read(NAME) == DATA


def test_without_part_and_image_there_is_nothing_to_finish(blobs: Blobs) -> None:
    with pytest.raises(Missing):
        blobs.finish(DEVICE, NAME, len(DATA))


def test_an_image_that_changed_on_the_disk_is_noticed(blobs: Blobs) -> None:
    write(blobs)
    blobs.finish(DEVICE, NAME, len(DATA))
    blobs.path(NAME).write_bytes(DATA[:-1] + b"x")

    with pytest.raises(Damaged):
        blobs.check(NAME)


def test_a_flush_comes_before_the_name_and_one_after_it(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(blobs)
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def flushed(handle: int) -> None:
        steps.append(f"flush {Path(os.readlink(f'/proc/self/fd/{handle}')).name}")
        fsync(handle)

    def renamed(self: Path, target: Path) -> Path:
        steps.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "rename", renamed)
    blobs.finish(DEVICE, NAME, len(DATA))

    assert steps[:3] == [f"flush {NAME}", "rename", f"flush {NAME[2:4]}"]


def test_after_a_failed_flush_nothing_of_the_part_is_trusted(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(blobs)

    def broken(_handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="Input/output"):
            blobs.finish(DEVICE, NAME, len(DATA))

    with pytest.raises(Missing):
        blobs.finish(DEVICE, NAME, len(DATA))
