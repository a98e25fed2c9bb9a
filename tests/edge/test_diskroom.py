"""What goes first when the disk fills up, on a real, small file system where one can be mounted."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.delivery import Delivery, DeliverySettings
from edge.diskroom import DiskRoom, Room, paused_now
from edge.host import HostPaths
from edge.storage import DiskFull
from edge.wire.replies import Receipt
from scripts import certificates
from tests.packets import UTC_MS, Box, jpeg, opened, put

DAY_MS = 86_400_000
MB = 1_000_000


def receipt_all(box: Box, utc_ms: int) -> None:
    for packet in box.outbox.waiting(0, 1000):
        receipt = Receipt(
            v=1,
            device="gate-1",
            record_id=packet.record_id,
            record_sha256=packet.record_sha256,
            seq=packet.seq,
            stored_utc_ms=utc_ms,
            log_index=1,
        )
        box.outbox.receipted([(receipt, b"")], utc_ms)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = opened(tmp_path)
    yield made
    made.database.close()


@pytest.mark.parametrize(
    ("free", "used", "paused", "expected"),
    [
        (40, 0, False, False),
        (6, 0, False, False),
        (4, 0, False, True),
        (6, 0, True, True),
        (11, 0, True, False),
        (90, 96, False, True),
        (90, 91, True, True),
        (90, 89, True, False),
    ],
)
def test_recording_pauses_above_95_in_100_and_resumes_below_90(
    free: int, used: int, paused: bool, expected: bool
) -> None:
    assert paused_now(Room(free=free, total=100, used=used, quota=100), paused=paused) is expected


def test_a_large_disk_that_others_have_filled_does_not_pause_us() -> None:
    room = Room(free=50 * 1024**3, total=2000 * 1024**3, used=10, quota=1000)

    assert not paused_now(room, paused=False)


def test_receipted_packets_go_after_the_days_they_are_kept(box: Box) -> None:
    put(box.outbox, box.vault, 1, [jpeg(1)])
    receipt_all(box, UTC_MS)
    put(box.outbox, box.vault, 2, [jpeg(2)])
    room = DiskRoom(box.folder, box.outbox, 1000 * MB, keep_days=7)

    room.tend(UTC_MS + 7 * DAY_MS)
    before = len(list(box.vault.names()))
    room.tend(UTC_MS + 7 * DAY_MS + 1)

    assert before == 2
    assert len(list(box.vault.names())) == 1


def test_over_the_quota_receipted_packets_go_early_oldest_first(box: Box) -> None:
    for number in range(1, 41):
        put(box.outbox, box.vault, number, [jpeg(number, 100_000)])
    receipt_all(box, UTC_MS)
    room = DiskRoom(box.folder, box.outbox, 4 * MB, keep_days=7)

    room.tend(UTC_MS + 1)

    assert len(list(box.vault.names())) == 20
    assert box.outbox.envelope(20) is None
    assert box.outbox.envelope(21) is not None
    assert not room.paused


def test_what_has_no_receipt_is_never_removed_however_full_it_gets(box: Box) -> None:
    for number in range(1, 41):
        put(box.outbox, box.vault, number, [jpeg(number, 100_000)])
    room = DiskRoom(box.folder, box.outbox, 2 * MB, keep_days=0)

    room.tend(UTC_MS + 365 * DAY_MS)
    room.make_room(UTC_MS + 365 * DAY_MS)

    assert len(list(box.vault.names())) == 40
    assert len(box.outbox.waiting(0, 100)) == 40
    assert room.paused


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_on_a_disk_that_is_really_full_nothing_breaks_and_it_heals(small_disk: Path) -> None:
    box = opened(small_disk)
    room = DiskRoom(small_disk, box.outbox, 1000 * MB, keep_days=7)
    recorded = []

    def fill() -> None:
        for number in range(1, 1000):
            put(box.outbox, box.vault, number, [jpeg(number, 200_000)])
            recorded.append(number)

    room.tend(UTC_MS)
    with pytest.raises(DiskFull):
        fill()
    room.make_room(UTC_MS)
    full = (room.paused, len(box.outbox.waiting(0, 1000)))
    for name in list(box.vault.names()):
        box.vault.check(name)
    receipt_all(box, UTC_MS)
    room.tend(UTC_MS)

    assert full == (True, len(recorded))
    assert not room.paused
    put(box.outbox, box.vault, 2000, [jpeg(2000, 200_000)])
    assert len(box.outbox.waiting(0, 10)) == 1
    assert not list(small_disk.rglob("*.part"))
    box.database.close()


def test_a_disk_full_to_the_last_block_at_every_write_leaves_a_whole_outbox(
    small_disk: Path,
) -> None:
    """Leave 0, 4, 8 … KiB free, try to record, and open everything again."""
    box = opened(small_disk)
    kept = 0
    for free_kib in range(0, 240, 12):
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"")
        space = os.statvfs(small_disk)
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, space.f_bavail * 4096 - free_kib * 1024 or 1)
        number = 100 + free_kib
        try:
            put(box.outbox, box.vault, number, [jpeg(number, 60_000)])
            kept += 1
        except DiskFull:
            pass
        box.database.close()
        ballast.unlink()
        box = opened(small_disk)
        assert box.fault == ""
        assert len(box.outbox.waiting(0, 1000)) >= kept
        kept = len(box.outbox.waiting(0, 1000))

    assert kept >= 5
    assert box.outbox.head()[0] == kept
    box.database.close()


def test_the_reserve_is_laid_by_where_there_is_room_and_given_up_when_there_is_none(
    box: Box,
) -> None:
    room = DiskRoom(box.folder, box.outbox, 1000 * MB, keep_days=7)

    room.tend(UTC_MS)
    laid_by = (box.folder / "reserve").stat().st_size
    room.make_room(UTC_MS)

    assert laid_by == 64 * 1024 * 1024
    assert not (box.folder / "reserve").exists()


def test_a_device_starts_on_a_disk_that_is_full_to_the_last_block(small_disk: Path) -> None:
    certificates.init(small_disk / "pki")
    certificates.device(small_disk / "pki", "gate-1", certificates.DAYS)
    key = small_disk / "pki" / "gate-1.signing.pem"
    settings = DeliverySettings("gate-1", small_disk / "box", key)
    first = Delivery(settings, SystemClock(), HostPaths())
    first.tend()
    first.close()
    with suppress(OSError):
        (small_disk / "ballast").write_bytes(bytes(32 * MB))

    again = Delivery(settings, SystemClock(), HostPaths())
    again.tend()

    assert os.statvfs(small_disk).f_bavail * 4096 < 2 * MB
    assert (first.epoch.now, again.epoch.now) == (1_000_000, 2_000_000)
    assert again.room.paused
    again.close()
