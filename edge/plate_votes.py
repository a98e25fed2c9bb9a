"""When to look at whose plate, and what the looks add up to. One desk a camera.

A parked vehicle gives minutes of looks: often at first, seldom later. The votes are counted in
plates.py; this file spends the time.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from edge.camera import Frame
from edge.eyes import Seen
from edge.geometry import Box
from edge.inference import Interpreter, Picture
from edge.lanes import Lane
from edge.looks import Sighting
from edge.plate_reader import PlateLook, PlateReader, open_plate_reader
from edge.plates import PlateVote, Reading
from edge.turns import Turns
from edge.wire.records import ModelUsed, PlateReading

_PACE_S = ((8, 2.0), (30, 4.0), (10**9, 30.0))
"""Below so many looks that saw a plate, seconds until the next."""
_TRIES_A_LOOK = 2
_AT_ONCE = 1
_KEPT = 200
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
        self._turn = Turns()

    @classmethod
    def open(cls, corners: Path, text: Path, runtime: str, threads: int) -> Self:
        """Raises ModelError."""
        return cls(open_plate_reader(corners, text, runtime, threads))

    def models(self) -> list[ModelUsed]:
        """The models of the reader, as a record names them."""
        named: list[tuple[Literal["plate-corners", "plate-text"], Interpreter]] = []
        finder, text = self._reader.finder, self._reader.text
        if finder is not None:
            named += [("plate-corners", one.model) for one in (finder, finder.near) if one]
        if text is not None:
            named.append(("plate-text", text.model))
        return [ModelUsed(role=r, sha256=m.sha256, runtime=m.runtime) for r, m in named]

    def read(self, image: Picture, vehicle: Box) -> PlateLook | None:
        with self._turn:
            return self._reader.read(image, vehicle)


@dataclass(slots=True)
class _Ballot:
    """The looks at one vehicle's plate, and when the next one is due."""

    vote: PlateVote
    due_s: float
    tries: int = 0
    text: str | None = None


class PlateDesk:
    """The votes over the vehicles of one camera that are in a lane."""

    def __init__(self, reader: SharedReader | None, lanes: tuple[Lane, ...]) -> None:
        self._reader = reader
        self._lanes = lanes
        self._ballots: OrderedDict[int, _Ballot] = OrderedDict()

    def read(self, frame: Frame, seen: Seen) -> Seen:
        """Look at the plates that are due, and put the accepted ones to the sightings."""
        if self._reader is None or not seen.look.sightings:
            return seen
        standing = {track.id for track in seen.tracks if track.standing}
        waiting = [
            one
            for one in seen.look.sightings
            if one.track in standing and self._due(one, frame.t_s)
        ]
        waiting.sort(key=lambda one: self._ballots[one.track].due_s)
        for sighting in waiting[:_AT_ONCE]:
            self._look(frame, sighting)
        named = tuple(
            replace(one, plate=self._ballots[one.track].text) if one.track in self._ballots else one
            for one in seen.look.sightings
        )
        return replace(seen, look=replace(seen.look, sightings=named))

    def result(self, track: int) -> PlateReading:
        """What the looks at this vehicle's plate add up to so far."""
        ballot = self._ballots.get(track)
        return UNREAD if ballot is None else ballot.vote.result()

    def _due(self, sighting: Sighting, t_s: float) -> bool:
        if all(lane.overlap(sighting.box) <= 0 for lane in self._lanes):
            return False
        ballot = self._ballots.setdefault(sighting.track, _Ballot(PlateVote(), t_s))
        self._ballots.move_to_end(sighting.track)
        if len(self._ballots) > _KEPT:
            self._ballots.popitem(last=False)
        return t_s >= ballot.due_s

    def _look(self, frame: Frame, sighting: Sighting) -> None:
        assert self._reader is not None, "asked by read() only with a reader"
        ballot = self._ballots[sighting.track]
        look = self._reader.read(frame.image, sighting.box)
        if look is not None and look.text:
            reading = Reading(look.text, look.chars, look.colour or None, look.colour_confidence)
            ballot.vote.add(reading, min(1.0, max(0.0, look.found)))
            ballot.text = ballot.vote.result().text
        ballot.tries += 1
        # A plate that cannot be seen is not looked for as often for ever.
        tries = max(ballot.vote.looks, ballot.tries // _TRIES_A_LOOK)
        pace_s = next(pace for looks, pace in _PACE_S if tries < looks)
        ballot.due_s = frame.t_s + pace_s
