"""Taking turns at something that all cameras share: first come, first served.

A plain lock may be taken again and again by the thread that has just let it go; then a camera on a
busy street would keep the others waiting.
"""

import threading
from types import TracebackType


class Turns:
    """`with turns:` waits for those who came before, and for nobody else."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._given = 0
        self._called = 0

    @property
    def waiting(self) -> int:
        """How many stand in the queue, without the one whose turn it is."""
        with self._moved:
            return max(0, self._given - self._called - 1)

    def __enter__(self) -> None:
        with self._moved:
            mine = self._given
            self._given += 1
            self._moved.wait_for(lambda: self._called == mine)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._moved:
            self._called += 1
            self._moved.notify_all()
