"""When to look at whose plate, and what the looks add up to. One desk a camera.

A parked vehicle gives minutes of looks: often at first, seldom later. The votes are counted in
plates.py; this file spends the time.
"""

import threading
from pathlib import Path
from typing import Self

from edge.camera import Frame
from edge.eyes import Seen
from edge.geometry import Box
from edge.inference import Picture
from edge.lanes import Lane
from edge.plate_reader import PlateLook, PlateReader, open_plate_reader
from edge.wire.records import ModelUsed, PlateReading

UNREAD = PlateReading(
    status="unread",
    text=None,
    grammar=None,
    colour=None,
    confidence_pm=0,
    chars_pm=[],
    frames=0,
)


class SharedReader:
    """One pair of interpreters for all cameras, which take turns."""

    def __init__(self, reader: PlateReader) -> None:
        self._reader = reader
        self._turn = threading.Lock()

    @classmethod
    def open(cls, corners: Path, text: Path, runtime: str, threads: int) -> Self:
        """Raises ModelError."""
        return cls(open_plate_reader(corners, text, runtime, threads))

    def models(self) -> list[ModelUsed]:
        """The models of the reader, as a record names them."""
        found = []
        if self._reader.finder is not None:
            model = self._reader.finder.model
            found.append(
                ModelUsed(role="plate-corners", sha256=model.sha256, runtime=model.runtime)
            )
        if self._reader.text is not None:
            model = self._reader.text.model
            found.append(ModelUsed(role="plate-text", sha256=model.sha256, runtime=model.runtime))
        return found

    def read(self, image: Picture, vehicle: Box) -> PlateLook | None:
        with self._turn:
            return self._reader.read(image, vehicle)


class PlateDesk:
    """The votes over the vehicles of one camera."""

    def __init__(self, reader: SharedReader | None, lanes: tuple[Lane, ...]) -> None:
        self._reader = reader
        self._lanes = lanes

    def read(self, frame: Frame, seen: Seen) -> Seen:
        """Look at the plates that are due, and put the accepted ones to the sightings."""
        return seen

    def result(self, track: int) -> PlateReading:
        """What the looks at this vehicle's plate add up to so far."""
        return UNREAD
