"""What goes first when the disk fills up, and what never goes.

In this order (shares of the disk, or of the quota, whichever is nearer its end):
    always    receipted packets older than keep_days
    > 80 %    every receipted packet, oldest first, until it is less
    > 95 %    nothing more is removed: new stays are no longer recorded, loudly, until it is < 90 %
A packet without a receipt is never removed, nor any of its images: the record is signed over all of
them, and the server could not complete it without.
A file of reserve space is given up on the first write that fails, because a disk that is full to
the last block could not even note the receipts that make room.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge.host import free_bytes
from edge.outbox import DAY_MS, Outbox
from edge.storage import StorageFault, storage_faults

PRUNE_ABOVE = 0.80
PAUSE_ABOVE = 0.95
RESUME_BELOW = 0.90
AMPLE_BYTES = 2 * 1024**3
"""With that much free, the share of a large disk in use by others says nothing."""
RESERVE_BYTES = 64 * 1024 * 1024
LEAST_BYTES = 1024 * 1024
"""SQLite wants room for its shared memory and log, even to read."""
RESERVE_PART = 16
"""Of a small disk the reserve is one such part."""
_BATCH = 20


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes: free and in all on the disk, used by the evidence, and allowed to it."""

    free: int
    total: int
    used: int
    quota: int

    @property
    def share(self) -> float:
        """How full it is, 0 to 1 and beyond."""
        disk = 0.0 if self.free >= AMPLE_BYTES else 1 - self.free / max(1, self.total)
        return max(disk, self.used / max(1, self.quota))


def paused_now(room: Room, *, paused: bool) -> bool:
    """Whether recording should be paused, given whether it is: with hysteresis."""
    return room.share > (RESUME_BELOW if paused else PAUSE_ABOVE)


def make_room_to_start(folder: Path) -> None:
    """Give up the reserve where a database could not even be opened without it."""
    with suppress(OSError):
        if free_bytes(folder)[0] < LEAST_BYTES:
            (folder / "reserve").unlink(missing_ok=True)


class DiskRoom:
    """Keeps room on the disk that holds the evidence. Called every minute and on DiskFull."""

    def __init__(self, folder: Path, outbox: Outbox, quota_bytes: int, keep_days: float) -> None:
        self._folder = folder
        self._outbox = outbox
        self._quota = quota_bytes
        self._keep_ms = int(keep_days * DAY_MS)
        self._reserve = folder / "reserve"
        # Without its reserve the disk was full when we last ran: as if it were still paused.
        self.paused = not self._reserve.exists() and paused_now(self._look(), paused=True)
        self.suppressed = 0
        """Events that were not recorded because the disk was full."""

    def tend(self, utc_ms: int) -> None:
        """Prune, pause or resume as the room demands. Raises StorageFault."""
        self._outbox.prune(utc_ms - self._keep_ms)
        while self._look().share > PRUNE_ABOVE:
            if self._outbox.prune(2**62, _BATCH) == 0:
                break
        self.paused = paused_now(self._look(), paused=self.paused)
        if not self.paused:
            self._lay_by()

    def make_room(self, utc_ms: int) -> bool:
        """The disk is full: give up the reserve and every receipted packet. Whether it helped."""
        before = self._look().free
        with suppress(OSError):
            self._reserve.unlink(missing_ok=True)
        with suppress(StorageFault):
            self._outbox.prune(2**62)
            self.paused = paused_now(self._look(), paused=True)
        return self._look().free > before

    def _look(self) -> Room:
        with storage_faults("look at the disk"):
            free, total = free_bytes(self._folder)
        return Room(free, total, self._outbox.used_bytes, self._quota)

    def _lay_by(self) -> None:
        """Set the reserve aside, where there is ample room."""
        room = self._look()
        size = min(RESERVE_BYTES, room.total // RESERVE_PART)
        if self._reserve.exists() or room.free < 4 * size:
            return
        with suppress(OSError), self._reserve.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
