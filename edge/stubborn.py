"""A sink that outlives a disk that fails: what could not be kept is tried again with every look.

Events wait in memory in their order, so that the records of a stay stay in order. Only a power cut
in the meantime loses them, and there is no disk that could prevent it.
"""

import logging
from collections import deque

from edge.camera import Frame
from edge.pipeline import Sink
from edge.recording import Shown
from edge.stay_events import StayEvent
from edge.storage import StorageFault
from edge.wire.records import PlateReading

log = logging.getLogger("firelane.recording")
_MOST = 64


class StubbornSink:
    """Hands on to another sink. Never raises StorageFault."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._waiting: deque[tuple[StayEvent, PlateReading, Shown]] = deque()
        self._failing = False

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def saw(self, frame: Frame) -> None:
        self._sink.saw(frame)
        self._hand_on()

    def record(self, event: StayEvent, plate: PlateReading, shown: Shown) -> None:
        self._waiting.append((event, plate, shown))
        if len(self._waiting) > _MOST:
            # Each holds a frame: memory must not grow for ever beside a broken disk.
            lost = self._waiting.popleft()[0]
            log.error("event lost, the disk fails kind=%s stay=%s", lost.kind, lost.stay_id)
        self._hand_on()

    def _hand_on(self) -> None:
        while self._waiting:
            try:
                self._sink.record(*self._waiting[0])
            except StorageFault as fault:
                if not self._failing:
                    log.error("an event cannot be kept, trying again: %s", fault)
                self._failing = True
                return
            self._waiting.popleft()
            self._failing = False
