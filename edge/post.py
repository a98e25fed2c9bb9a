"""One camera of the running daemon: its thread, its scene across restarts, its health."""

import base64
import binascii
import hashlib
import json
import logging
import os
import random
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from edge.camera import Frame, LiveCamera
from edge.clock import Clock
from edge.config import CameraConfig
from edge.eyes import Seen, anchor_from_json
from edge.pipeline import Onlooker, Rig, Scene, Sink, watch
from edge.stay_events import Reminder, StayEvent
from edge.stay_memory import ReceivedNotice
from edge.storage import StorageFault, write_durably
from edge.view import View
from edge.wire.status import CameraHealth, CameraProfile

log = logging.getLogger("firelane.camera")

_NS = 1_000_000_000
_SAVE_EVERY_S = 30.0
_RATE_OVER_S = 30.0
_VIEW_FIRST_S = 120.0
_VIEW_EVERY_S = 6 * 3600.0


class Memory(Protocol):
    """What of edge.stay_memory.StayMemory a post needs."""

    def save_stays(self, camera: str, body: bytes) -> None: ...
    def load_stays(self, camera: str) -> bytes | None: ...
    def stays_damaged(self, camera: str) -> bool: ...
    def notice_done(self, notice_id: UUID) -> None: ...


@dataclass(frozen=True, slots=True)
class Boot:
    """Which boot this is, and whether the wall clock may be trusted across boots."""

    id: str
    clock_trusted: bool


class NoticeBoard:
    """Notices that no camera has taken in yet. Any thread may use it."""

    def __init__(self, waiting: Iterable[ReceivedNotice]) -> None:
        self._lock = threading.Lock()
        self._waiting = {each.notice.notice_id: each for each in waiting}

    def put(self, received: ReceivedNotice) -> None:
        with self._lock:
            self._waiting[received.notice.notice_id] = received

    def take(self, stays: Iterable[UUID]) -> list[ReceivedNotice]:
        """Those for these stays; they leave the board."""
        wanted = set(stays)
        with self._lock:
            found = [each for each in self._waiting.values() if each.notice.stay_id in wanted]
            for each in found:
                del self._waiting[each.notice.notice_id]
        return found


@dataclass(frozen=True, slots=True)
class PostParts:
    """What a post is made of. `begin` makes the scene for a frame size."""

    config: CameraConfig
    clock: Clock
    boot: Boot
    begin: Callable[[tuple[int, int], float], Scene]
    sink: Sink
    memory: Memory
    notices: NoticeBoard
    folder: Path
    """Where the reference view outlives a restart: a camera moved meanwhile must be noticed."""


class Post:
    """`start` it; `close` ends it; `failure` holds what killed its thread, which is our bug."""

    def __init__(self, parts: PostParts, onlookers: Sequence[Onlooker] = ()) -> None:
        self._parts = parts
        self.camera = LiveCamera(parts.config, parts.clock, random.Random())  # noqa: S311 - spreads reconnections
        self.failure: BaseException | None = None
        self._looked: deque[float] = deque(maxlen=1000)
        self._received: deque[tuple[float, int]] = deque(maxlen=1000)
        self._view: View | None = None
        self._scene: Scene | None = None
        self._frame_size = (0, 0)
        self._alive_ns = parts.clock.mono_ns()
        self._saved_s = 0.0
        self._kept_s = 0.0
        self._saved_revision = -1
        self._view_saved_s: float | None = None
        self._rig = Rig(
            self.camera, self._begin, parts.sink, self._notices, self._keep, [self, *onlookers]
        )
        self._thread = threading.Thread(
            target=self._run, name=f"watch-{parts.config.id}", daemon=True
        )

    @property
    def id(self) -> str:
        return self._parts.config.id

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Raises nothing; waits at most five seconds for the look in hand."""
        self.camera.close()
        self._thread.join(5)

    @property
    def alive_ns(self) -> int:
        """Monotonic time of the last turn, frame or none: its thread goes on."""
        return self._alive_ns

    @property
    def last_look_s(self) -> float | None:
        """Monotonic seconds of the last analysed frame."""
        return self._looked[-1] if self._looked else None

    def look(self, frame: Frame | None, seen: Seen | None, events: Sequence[StayEvent]) -> None:
        self._alive_ns = self._parts.clock.mono_ns()
        now_s = self._now_s()
        self._received.append((now_s, self.camera.facts.frames_in))
        if frame is None or seen is None:
            return
        if not self._looked:
            log.info("first look after_s=%.2f camera=%s", running_s(now_s), self.id)
        self._looked.append(now_s)
        if self._view is not None and self._view.state is not seen.view.state:
            log.warning("view camera=%s state=%s", self._parts.config.id, seen.view.state.value)
        # Not all that was seen: a frame goes with it, six megabytes.
        self._view = seen.view
        for event in events:
            log.info(
                "stay %s camera=%s lane=%s stay=%s stood_s=%.1f why=%s",
                event.kind.value,
                self._parts.config.id,
                event.lane,
                event.stay_id,
                event.last_seen_s - event.begin_s,
                event.why,
            )

    def profile(self) -> CameraProfile:
        return CameraProfile(
            id=self._parts.config.id,
            lanes=[lane.id for lane in self._parts.config.lanes],
            width=self._frame_size[0],
            height=self._frame_size[1],
        )

    def health(self) -> CameraHealth:
        facts, now_s, view = self.camera.facts, self._now_s(), self._view
        last_s = facts.last_frame_mono_s
        scene = self._scene
        return CameraHealth(
            id=self._parts.config.id,
            state=facts.state,
            view="unknown" if view is None else view.state.value,
            light="unknown" if view is None else view.light.value,
            last_frame_age_s=None if last_s is None else max(0.0, now_s - last_s),
            fps_in=self._fps_in(now_s),
            fps_looked=_rate([t for t in list(self._looked) if now_s - t < _RATE_OVER_S]),
            reconnects_1h=facts.last_hour(facts.reconnects_s, now_s),
            stalls_1h=facts.last_hour(facts.stalls_s, now_s),
            occupied=0 if scene is None else len(scene.stays.places()),
            moved_px=None if view is None else round(view.moved_px, 1),
        )

    def _run(self) -> None:
        try:
            watch(self._rig)
            if self._scene is not None and self._scene.stays.places():
                # Told to end: nothing of what was seen need be lost, as it is in a power cut.
                self._saved_revision = -1
                self._keep(self._scene, self._kept_s)
        except BaseException as error:
            log.exception("camera %s: the watch died", self._parts.config.id)
            self.failure = error

    def _begin(self, frame_size: tuple[int, int], t_s: float) -> Scene:
        """The scene, with the stays that were open when the daemon last ran."""
        scene = self._parts.begin(frame_size, t_s)
        self._frame_size = frame_size
        self._restore_view(scene)
        kept = self._parts.memory.load_stays(self._parts.config.id)
        if kept is not None:
            try:
                self._restore(scene, json.loads(kept), t_s)
            except (ValueError, KeyError, TypeError, binascii.Error) as error:
                # What was kept cannot be read: as after a first start, nobody is accused.
                log.warning("camera %s: open stays are lost: %s", self._parts.config.id, error)
                scene = self._parts.begin(frame_size, t_s)
                self._restore_view(scene)
        self._scene = scene
        return scene

    def _restore_view(self, scene: Scene) -> None:
        path = self._view_file(scene)
        if not path.is_file():
            return
        try:
            scene.eyes.view.restore(path.read_bytes())
        except (OSError, ValueError) as error:
            log.warning("camera %s: the reference view is lost: %s", self.id, error)

    def _view_file(self, scene: Scene) -> Path:
        """Named for the lanes too: who draws them anew has accepted the view that he saw."""
        drawn = "".join(lane.version for lane in scene.eyes.lanes)
        name = hashlib.sha256(drawn.encode()).hexdigest()[:12]
        return self._parts.folder / f"view-{self.id}-{name}.npz"

    def _keep_view(self, scene: Scene, t_s: float) -> None:
        """Write the reference view once it has been looked at for a while, then now and then."""
        if self._view_saved_s is None:
            self._view_saved_s = t_s - _VIEW_EVERY_S + _VIEW_FIRST_S
        if t_s - self._view_saved_s < _VIEW_EVERY_S or not scene.eyes.view.known:
            return
        self._view_saved_s = t_s
        try:
            write_durably(self._view_file(scene), scene.eyes.view.to_bytes())
        except StorageFault as fault:
            log.error("camera %s: the reference view cannot be kept: %s", self.id, fault)

    def _restore(self, scene: Scene, kept: dict[str, object], t_s: float) -> None:
        boot, clock = self._parts.boot, self._parts.clock
        stays = base64.b64decode(str(kept["stays"]), validate=True)
        if self._parts.memory.stays_damaged(self.id):
            # Any digit may be another: each of them ends as broken, and nobody is accused.
            log.error("camera %s: what was kept of open stays is damaged", self.id)
            scene.stays.restore(stays, t_s, None, "what was kept of the stay is damaged")
            return
        away_s: float | None = None
        if kept["boot"] == boot.id:
            away_s = t_s - float(str(kept["t_s"]))
        elif boot.clock_trusted:
            away_s = (clock.utc_ms() - int(str(kept["utc_ms"]))) / 1000
        if away_s is not None and away_s < 0:
            away_s = None
        scene.stays.restore(stays, t_s, away_s)
        anchors = kept["anchors"]
        assert isinstance(anchors, dict), "written by _keep"
        for stay, (number, mode, text) in anchors.items():
            scene.eyes.anchors[UUID(stay)] = anchor_from_json(int(number), str(mode), str(text))

    def _keep(self, scene: Scene, t_s: float) -> None:
        """Write the open stays when they changed, and now and then while there are any, so that
        after a power cut the time away is known to be short."""
        self._keep_view(scene, t_s)
        self._kept_s = t_s
        changed = scene.stays.revision != self._saved_revision
        due = bool(scene.stays.places()) and t_s - self._saved_s >= _SAVE_EVERY_S
        if not changed and not due:
            return
        self._saved_revision, self._saved_s = scene.stays.revision, t_s
        body = {
            "boot": self._parts.boot.id,
            "t_s": t_s,
            "utc_ms": self._parts.clock.utc_ms(),
            "stays": base64.b64encode(scene.stays.snapshot()).decode(),
            "anchors": {
                str(stay): (anchor.number, anchor.mode, anchor.patch.to_text())
                for stay, anchor in scene.eyes.anchors.items()
            },
        }
        try:
            self._parts.memory.save_stays(self._parts.config.id, json.dumps(body).encode())
        except StorageFault as fault:
            log.error("camera %s: open stays cannot be kept: %s", self._parts.config.id, fault)
            self._saved_revision = -1

    def _notices(self, scene: Scene, t_s: float) -> list[StayEvent]:
        events = []
        for received in self._parts.notices.take(scene.stays.places()):
            notice = received.notice
            before_s = (notice.sent_utc_ms - notice.reminded_utc_ms) / 1000
            reminder = Reminder(
                notice.notice_id, self._came_s(received, t_s) - before_s, notice.grace_ms / 1000
            )
            events += scene.stays.notice(t_s, notice.stay_id, reminder)
            self._keep(scene, t_s)
            self._parts.memory.notice_done(notice.notice_id)
        return events

    def _came_s(self, received: ReceivedNotice, t_s: float) -> float:
        """When it came, on this boot's clock; one of an earlier boot counts from now."""
        same_boot = received.boot == self._parts.boot.id
        return min(received.mono_ns / _NS, t_s) if same_boot else t_s

    def _fps_in(self, now_s: float) -> float:
        recent = [(t, n) for t, n in list(self._received) if now_s - t < _RATE_OVER_S]
        if len(recent) < 2 or recent[-1][0] <= recent[0][0]:
            return 0.0
        return round((recent[-1][1] - recent[0][1]) / (recent[-1][0] - recent[0][0]), 2)

    def _now_s(self) -> float:
        return self._parts.clock.mono_ns() / _NS


def running_s(now_s: float) -> float:
    """Seconds since this process was started, by the kernel's own note of it."""
    after_name = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return now_s - int(after_name[19]) / os.sysconf("SC_CLK_TCK")


def _rate(times_s: Sequence[float]) -> float:
    if len(times_s) < 2 or times_s[-1] <= times_s[0]:
        return 0.0
    return round((len(times_s) - 1) / (times_s[-1] - times_s[0]), 2)
