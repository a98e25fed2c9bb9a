"""Read this first: the whole flow of one camera, from the picture to the record.

    camera -> eyes (view, gate, detector, tracker) -> stays (the rules) -> sink (evidence)

`watch` is the flow; what it calls is told at the top of each file. It holds no rule and reads no
clock: time comes with the frames.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edge.camera import CameraSource, Frame, Outage
from edge.eyes import Eyes, Seen
from edge.looks import Look
from edge.pacing import Pace
from edge.plate_votes import PlateDesk
from edge.recording import Shown
from edge.stay_events import StayEvent
from edge.stays import Stays
from edge.wire.records import GapReason, PlateReading


class Sink(Protocol):
    """Where events go: to the vault and the outbox, or into a folder."""

    def saw(self, frame: Frame) -> None:
        """A frame was looked at; a later event may name its time."""

    def record(self, event: StayEvent, plate: PlateReading, shown: Shown) -> object:
        """Keep an event with what the frame shows of it. Returns when it is durable."""


class Onlooker(Protocol):
    """Somebody who wants to see every look, and decides nothing."""

    def look(self, frame: Frame | None, seen: Seen | None, events: Sequence[StayEvent]) -> None:
        """One look, with what the rules made of it. No frame: nothing came."""


@dataclass(slots=True)
class Scene:
    """What is known of one camera's view, once its frame size is known."""

    eyes: Eyes
    stays: Stays
    plates: PlateDesk


@dataclass(slots=True)
class Rig:
    """The parts of one camera. `begin` makes the scene for a frame of (width, height)."""

    camera: CameraSource
    begin: Callable[[tuple[int, int], float], Scene]
    sink: Sink
    notices: Callable[[Scene, float], list[StayEvent]] = lambda scene, t_s: []
    keep: Callable[[Scene, float], None] = lambda scene, t_s: None
    onlookers: list[Onlooker] = field(default_factory=list)


def watch(rig: Rig) -> None:
    """Run one camera until its source is closed or ends."""
    scene: Scene | None = None
    for taken in rig.camera.frames():
        if scene is None:
            if isinstance(taken, Outage):
                continue
            scene = rig.begin((taken.image.shape[1], taken.image.shape[0]), taken.t_s)
        seen: Seen | None = None
        frame = taken if isinstance(taken, Frame) else taken.last
        frame = scene.eyes.fitted(frame) if frame is not None else None
        if isinstance(taken, Frame) and frame is not None:
            rig.sink.saw(frame)
            seen = _see(scene, frame)
        look = Look(taken.t_s, GapReason.STREAM_DOWN, searched=False) if seen is None else seen.look
        events = rig.notices(scene, taken.t_s) + scene.stays.observe(look)
        for event in events:
            assert frame is not None, "a scene begins with a frame"
            plate = scene.plates.result(event.track)
            rig.sink.record(event, plate, scene.eyes.show(frame, event))
        rig.keep(scene, taken.t_s)
        rig.camera.pace = _pace(scene, taken.t_s)
        for onlooker in rig.onlookers:
            onlooker.look(seen.frame if seen is not None else None, seen, events)
        # The camera makes the next picture only now: two of them at once are twelve megabytes.
        del taken, frame, seen


def _pace(scene: Scene, t_s: float) -> Pace:
    """How closely to watch until the next look."""
    if scene.stays.restless:
        return Pace.FULL
    return Pace.CALM if scene.eyes.busy(t_s) or scene.stays.unsettled else Pace.IDLE


def _see(scene: Scene, frame: Frame) -> Seen:
    search = scene.stays.needs_search(frame.t_s)
    seen = scene.eyes.see(frame, scene.stays.places(), search)
    return scene.plates.read(seen.frame, seen)
