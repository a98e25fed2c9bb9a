"""The number of a connection, above that of every earlier one of this device.

State, birth, health and the will carry it, so that whoever hears them late knows that they are
over: a broker may publish the will of a dead connection after the next one has said `online`.
"""

from pathlib import Path

from edge.storage import write_durably

PER_START = 1_000_000
"""Connections of one start that have a number of their own: at one a second, eleven days."""


class Epoch:
    """Counts connections in memory, on top of the number of this start. `now` may be read by any
    thread."""

    def __init__(self, start: int) -> None:
        self._first = start * PER_START
        self.now = self._first

    def advance(self) -> None:
        """There is a new connection."""
        self.now = min(self.now + 1, self._first + PER_START - 1)


def next_start(folder: Path, utc_ms: int) -> int:
    """A number above that of every earlier start, kept on disk. Raises StorageFault.

    Where the file was lost, the seconds of the clock are above any count of starts.
    """
    path = folder / "epoch"
    known = (folder / "records").is_dir() and any((folder / "records").iterdir())
    try:
        start = int(path.read_text()) + 1
    except (OSError, ValueError):
        start = utc_ms // 1000 if known or path.exists() else 1
    write_durably(path, str(start).encode())
    return start
