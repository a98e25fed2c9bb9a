"""A case's images in the order in which a person compares them: one column per occasion. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from central.views import RecordView
from edge.wire.records import Exhibit, LaneSeen, Record


@dataclass(frozen=True, slots=True)
class Overlay:
    """What may be drawn over a wide view: lane and vehicle in pixels of the device's frame."""

    frame_width: int
    frame_height: int
    polygon: str
    box: tuple[int, int, int, int] | None


@dataclass(frozen=True, slots=True)
class Picture:
    """One exhibit; `held` is whether its bytes are here."""

    exhibit: Exhibit
    held: bool
    overlay: Overlay | None


@dataclass(frozen=True, slots=True)
class Occasion:
    """What was taken at one moment of the stay."""

    name: str
    utc_ms: int
    offset_ms: int
    wide: Picture | None
    plate: Picture | None

    @property
    def id(self) -> str:
        return f"{self.name}-{self.utc_ms}"


def _overlay(lane: LaneSeen, record: Record, offset_ms: int) -> Overlay:
    """The lane, and the vehicle's box in the sample nearest in time."""
    nearest = min(record.stay.samples, key=lambda sample: abs(sample.offset_ms - offset_ms))
    return Overlay(
        frame_width=lane.frame_width,
        frame_height=lane.frame_height,
        polygon=" ".join(f"{x},{y}" for x, y in lane.polygon),
        box=nearest.box,
    )


def occasions(records: Sequence[RecordView]) -> list[Occasion]:
    """Every image once, wide and plate of one record and occasion together, in order of time."""
    found: dict[tuple[str, int, int], dict[str, Picture]] = {}
    seen: set[tuple[str, str]] = set()
    for number, view in enumerate(records):
        for exhibit in view.record.exhibits:
            if (exhibit.sha256, exhibit.view) in seen:
                continue
            seen.add((exhibit.sha256, exhibit.view))
            overlay = None
            if exhibit.view == "wide":
                offset = exhibit.taken.utc_ms - view.record.stay.begin.utc_ms
                overlay = _overlay(view.record.lane, view.record, offset)
            picture = Picture(exhibit, exhibit.sha256 in view.held, overlay)
            again = 0
            while exhibit.view in found.get((exhibit.occasion, number, again), {}):
                again += 1
            found.setdefault((exhibit.occasion, number, again), {})[exhibit.view] = picture
    begin = records[0].record.stay.begin.utc_ms
    return sorted(
        (_occasion(name, pictures, begin) for (name, _, _), pictures in found.items()),
        key=lambda occasion: occasion.utc_ms,
    )


def _occasion(name: str, pictures: dict[str, Picture], begin_utc_ms: int) -> Occasion:
    taken = min(picture.exhibit.taken.utc_ms for picture in pictures.values())
    return Occasion(
        name, taken, max(0, taken - begin_utc_ms), pictures.get("wide"), pictures.get("plate")
    )


def digest(shown: Sequence[Occasion]) -> str:
    """Changes exactly when a page would show other images: it need not swap them otherwise."""
    names = [
        f"{occasion.id}:{picture.exhibit.sha256}:{picture.held}"
        for occasion in shown
        for picture in (occasion.wide, occasion.plate)
        if picture
    ]
    return hashlib.sha256(" ".join(names).encode()).hexdigest()[:16]
