"""What one camera shows, reduced to what the rules of stays read.

Each frame passes: small grey copy, health of the view, gate, detector and tracker (only when the
gate or the rules ask), background, the places of open stays. Three cues in all: the detector, the
lane as it was last seen empty, and what each stay's own place looked like.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

import cv2
import numpy as np

from edge.appearance import (
    Grey,
    Patch,
    Values,
    patch,
    patch_from_text,
    place_similarity,
    small_grey,
)
from edge.background import LaneBackground
from edge.camera import Frame
from edge.clock import Clock
from edge.config import StaysConfig, ViewConfig
from edge.detector import Detection, Detector
from edge.doubt import Doubt
from edge.faint import FAINT_SHARE, believed
from edge.gate import Gate
from edge.geometry import Box
from edge.identity import Appearance
from edge.inference import Picture
from edge.lanes import Lane, LaneInView, visible_share
from edge.looks import Look, Place, PlaceLook, Sighting
from edge.pieces import Pieces
from edge.recording import Shown
from edge.stay_events import StayEvent, StayEventKind
from edge.tracking import Track, Tracker
from edge.turns import Turns
from edge.view import CameraView, View, ViewRules

_MOVING = 0.9
_TIMED = 200
_FAMILIAR = 0.7
"""A place less like its picture than this is searched at once."""
_SLIVER_SHARE = 0.08
_LIGHT_S = 5.0
_DESCRIPTOR = 16
_ROOM_SHARE = 0.25
_MARGIN_SHARE = 0.02
_SUBJECT_IOU = 0.5
_SUBJECT_PART = 0.8
_EARLY_S = 0.5
_REMAINS = 0.8
"""Of each lane so much must stay in the frame of a camera that was bumped."""
_GROWN = 0.2
_EXPLAINED = 0.7
"""A change that lies so far within a vehicle's box, a little grown, is of that vehicle."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One analysed frame: what the rules are told, and what people may want to see of it."""

    look: Look
    view: View
    tracks: tuple[Track, ...]
    frame: Frame
    """Laid back onto the view on which the lanes were drawn; all boxes are in its pixels."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the place of a stay looked like, in which light, under the number the rules gave it."""

    number: int
    mode: str
    patch: Patch

    def to_json(self) -> dict[str, object]:
        return {"number": self.number, "mode": self.mode, "patch": self.patch.to_text()}


def anchor_from_json(number: int, mode: str, text: str) -> Anchor:
    """Raises ValueError when the text is no patch."""
    return Anchor(number, mode, patch_from_text(text))


class SharedDetector:
    """One interpreter for all cameras: they take turns, each waits for one detection at most."""

    def __init__(self, detector: Detector, clock: Clock) -> None:
        self.detector = detector
        self.spent_ms: deque[float] = deque(maxlen=_TIMED)
        """How long the last detections took."""
        self._clock = clock
        self._turn = Turns()

    @property
    def min_score(self) -> float:
        return self.detector.min_score

    def small(self, box: Box, region: Box) -> bool:
        return self.detector.small(box, region)

    def confirm(self, image: Picture, box: Box, crop: int) -> float:
        with self._turn:
            return self.detector.confirm(image, box, crop)

    def detect(
        self,
        image: Picture,
        region: Box,
        pieces: Pieces | None = None,
        floor: float | None = None,
    ) -> list[Detection]:
        with self._turn:
            begin_ns = self._clock.mono_ns()
            found = self.detector.detect(image, region, floor, pieces)
            self.spent_ms.append((self._clock.mono_ns() - begin_ns) / 1e6)
            return found


@dataclass(slots=True)
class SteadyMode:
    """The light mode, changed only when the other one lasts: grey ground is not infrared."""

    mode: str = ""
    _other: str = ""
    _since_s: float = 0.0

    def look(self, light: str, t_s: float) -> str:
        if not self.mode or light == self.mode:
            self.mode, self._other = light, light
        elif light != self._other:
            self._other, self._since_s = light, t_s
        elif t_s - self._since_s >= _LIGHT_S:
            self.mode = light
        return self.mode


class Eyes:
    """The sight of one camera with lanes in frames of one size. Times must not go back."""

    def __init__(
        self,
        lanes: tuple[Lane, ...],
        detector: SharedDetector,
        stays: StaysConfig,
        view: ViewConfig,
    ) -> None:
        self.lanes = lanes
        self.frame_size = lanes[0].frame_size
        self.region = region_of(lanes)
        self.anchors: dict[UUID, Anchor] = {}
        self._detector = detector
        self._tracker = Tracker()
        self._gate = Gate(self.region, stays.scan_s)
        self._background = LaneBackground()
        self.view = CameraView(
            ViewRules(
                moved_share=view.moved_share,
                correct_share=view.correct_share,
                frozen_s=view.frozen_s,
                confirm_s=view.hold_s,
            ),
            lambda moved: all(visible_share(lane, moved) >= _REMAINS for lane in lanes),
        )
        self._mode = SteadyMode()
        self._doubt = Doubt(lanes, detector, stays.settle_s)
        self._scan_s = stays.scan_s
        self._scanned_s = float("-inf")
        self._turn = 0
        self._last: Grey | None = None
        self._boxes: tuple[Box, ...] = ()

    def see(self, frame: Frame, places: Mapping[UUID, Place], search: bool) -> Seen:
        """Look at one frame. `places` are those of the open stays; `search`: the rules want the
        detector to run whether or not anything changed."""
        image = frame.image
        grey = small_grey(image)
        view = self.view.look(grey, image, frame.t_s)
        mode = self._mode.look(view.light.value, frame.t_s)
        if view.blind is not None:
            self._last = grey
            look = Look(frame.t_s, blind=view.blind, searched=False, mode=mode)
            return Seen(look, view, (), frame)
        if view.moved != (0, 0):
            frame = laid_back(frame, view.moved)
            grey = small_grey(frame.image)
        looks = self._places(places, grey, mode)
        strange = any(
            look.similarity is not None and look.similarity < _FAMILIAR for look in looks.values()
        )
        # The gate must see every look, whatever the others say.
        searched = self._gate.look(grey, frame.t_s) or search or strange
        tracks = self._search(frame, places) if searched else ()
        if searched:
            self._gate.searched(frame.t_s)
        # What the detector has lost for a while is not empty ground: rain must not erase a car.
        known = (*self._tracker.remembered(), *(place.box for place in places.values()))
        occupied = (*self._boxes, *known)
        self._background.look(grey, frame.t_s, occupied)
        sightings = tuple(self._sighting(track, grey, mode) for track in tracks)
        self._last = grey
        look = Look(frame.t_s, None, sightings, looks, searched=searched, mode=mode)
        return Seen(look, view, tracks, frame)

    def _search(self, frame: Frame, places: Mapping[UUID, Place]) -> tuple[Track, ...]:
        sure = self._detector.min_score
        found = self._detector.detect(
            frame.image, self.region, self._pieces(frame.t_s), FAINT_SHARE * sure
        )
        known = (*self._tracker.places(), *(place.box for place in places.values()))
        whole = [one for one in believed(found, known, sure) if not self._sliver(one.box)]
        tracks = tuple(self._tracker.update(frame.t_s, whole))
        tracks = self._doubt.believed(frame.image, tracks, frame.t_s)
        self._boxes = tuple(track.box for track in tracks)
        return tracks

    def _pieces(self, t_s: float) -> Pieces | None:
        """Where to look enlarged: at what is too small to be found in the whole region, known or
        new. Every `scan_s` everywhere (None), or, if nothing has changed, at one piece in turn."""
        turn: int | None = None
        if t_s - self._scanned_s >= self._scan_s - _EARLY_S:
            self._scanned_s = t_s
            self._turn += 1
            if self._turn == 1 or self._gate.changed_since(self._scanned_s - 2 * self._scan_s):
                return None
            turn = self._turn
        known = self._tracker.places()
        places = [box for box in known if self._detector.small(box, self.region)]
        large = [box for box in known if not self._detector.small(box, self.region)]
        for change in self._gate.changes():
            explained = any(change.inside(box.grown(_GROWN)) > _EXPLAINED for box in large)
            if not explained and self._detector.small(change, self.region):
                places.append(change)
        return Pieces(tuple(places), turn)

    def _sliver(self, box: Box) -> bool:
        """Whether the frame's edge leaves so little of it that nothing can be said."""
        width, height = self.frame_size
        cut = box.x1 <= 2 or box.y1 <= 2 or box.x2 >= width - 2 or box.y2 >= height - 2
        return cut and min(box.width, box.height) < _SLIVER_SHARE * height

    def busy(self, t_s: float) -> bool:
        """Whether something moves near the lanes: then every frame is wanted."""
        return self._gate.busy(t_s)

    def fitted(self, frame: Frame) -> Frame:
        """A stream that changes its size keeps its lanes: they are drawn on the first size."""
        height, width = frame.image.shape[:2]
        if (width, height) == self.frame_size:
            return frame
        return replace(frame, image=np.asarray(cv2.resize(frame.image, self.frame_size), np.uint8))

    def show(self, frame: Frame, event: StayEvent) -> Shown:
        """What the frame, as it came, shows around an event. Where images are due, every vehicle of
        the whole frame is looked for, so that the plates of others can be hidden."""
        moved = self.view.moved
        drawn = next(each for each in self.lanes if each.id == event.lane)
        subject = event.box.moved(*moved)
        others: list[Box] = []
        if event.kind is not StayEventKind.SETTLED:
            width, height = self.frame_size
            # A vehicle too small to be found in the whole frame has no plate that can be read.
            found = self._detector.detect(frame.image, Box(0, 0, width, height), Pieces())
            boxes = [*(one.box for one in found), *(box.moved(*moved) for box in self._boxes)]
            others = [box for box in boxes if not _is(subject, box)]
        return Shown(frame, subject, others, LaneInView(drawn, moved))

    def _sighting(self, track: Track, grey: Grey, mode: str) -> Sighting:
        return Sighting(
            track=track.id,
            box=track.box,
            score=track.score,
            label=track.label,
            appearance=descriptor(grey, track.box, mode),
            empty=self._background.similarity(track.box.footprint()),
        )

    def _places(self, places: Mapping[UUID, Place], grey: Grey, mode: str) -> dict[UUID, PlaceLook]:
        self.anchors = {stay: one for stay, one in self.anchors.items() if stay in places}
        looks = {}
        for stay, place in places.items():
            self._anchor(stay, place, grey, mode)
            anchor = self.anchors.get(stay)
            similarity = (
                place_similarity(anchor.patch, grey)
                if anchor is not None and anchor.mode == mode
                else None
            )
            looks[stay] = PlaceLook(
                similarity, self._background.similarity(place.box), self._moving(grey, place.box)
            )
        return looks

    def _anchor(self, stay: UUID, place: Place, grey: Grey, mode: str) -> None:
        known = self.anchors.get(stay)
        if not place.clear or (known is not None and known.number == place.anchor):
            return
        taken = patch(grey, place.box)
        if taken is not None:
            self.anchors[stay] = Anchor(place.anchor, mode, taken)

    def _moving(self, grey: Grey, box: Box) -> float:
        """Share of the place in which something moved since the look before, 0-1."""
        if self._last is None or self._last.pixels.shape != grey.pixels.shape:
            return 0.0
        x1, y1, x2, y2 = grey.window(box)
        if x2 <= x1 or y2 <= y1:
            return 0.0
        moved: Values = grey.normal[y1:y2, x1:x2] - self._last.normal[y1:y2, x1:x2]
        return float((np.abs(cv2.blur(moved, (5, 5))) > _MOVING).mean())


def laid_back(frame: Frame, moved: tuple[int, int]) -> Frame:
    """The frame of a view that has moved, as if it had not; what it lacks repeats its border."""
    height, width = frame.image.shape[:2]
    move = np.array([[1, 0, -moved[0]], [0, 1, -moved[1]]], np.float32)
    image = cv2.warpAffine(
        frame.image, move, (width, height), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    return replace(frame, image=np.asarray(image, np.uint8))


def _is(subject: Box, box: Box) -> bool:
    """Whether a box shows the subject, whole or a part of it."""
    return box.iou(subject) > _SUBJECT_IOU or box.inside(subject) > _SUBJECT_PART


def descriptor(grey: Grey, box: Box, mode: str) -> Appearance | None:
    """A vehicle's look as a short vector of mean 0: its locally normalised pixels, 16x16."""
    taken = patch(grey, box)
    if taken is None:
        return None
    small = cv2.resize(taken.values, (_DESCRIPTOR, _DESCRIPTOR), interpolation=cv2.INTER_AREA)
    values = np.asarray(small, np.float64)
    values = values - values.mean()
    return Appearance(tuple(np.round(values, 3).ravel().tolist()), mode)


def region_of(lanes: tuple[Lane, ...]) -> Box:
    """The part of the frame in which vehicles of these lanes are to be seen: their bounds, with
    room for what stands at the edge and rises above it."""
    width, height = lanes[0].frame_size
    bounds = [lane.polygon.bounds for lane in lanes]
    x1, y1 = min(b.x1 for b in bounds), min(b.y1 for b in bounds)
    x2, y2 = max(b.x2 for b in bounds), max(b.y2 for b in bounds)
    room = _ROOM_SHARE * max(x2 - x1, y2 - y1) + _MARGIN_SHARE * width
    return Box(
        max(0.0, x1 - room),
        max(0.0, y1 - room),
        min(float(width), x2 + room),
        min(float(height), y2 + room),
    )
