"""Frames with their time, from a live camera or a file; the newest wins, none is ever queued.

Time is the stream's own: for a live camera the PTS of its session laid onto CLOCK_BOOTTIME, for a
replayed file the PTS alone. While nothing comes, an Outage says so, so that time goes on.
"""

import random
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from edge.clock import Clock
from edge.config import CameraConfig
from edge.inference import Picture
from edge.pacing import Pace, Wish
from edge.stream import Decoded, PictureFolder, State, Stream, StreamFault, open_stream

_NS = 1_000_000_000
_TICK_S = 0.25
_OUTAGE_S = 3.0
_BACKOFF_S = (0.5, 30.0)
_HOUR_S = 3600.0

JUMP_S = 2.0
"""The stream's time may run ahead of the clock by this much before it counts as a jump."""
LATE_S = 5.0
"""Frames that come this late for LATE_FOR_S make the mapping anew."""
LATE_FOR_S = 10.0
CALM_S = 1.0
"""Seconds between looks while nothing in a lane comes, stops or leaves."""
SLEW = 0.001
"""The mapping follows a slow stream clock by at most 1 ms a second; quartz is far better."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture, BGR [height, width, 3]. `t_s` orders and measures, `utc_ms` only names.
    `session` counts the connections: times within one come from one clock."""

    image: Picture
    t_s: float
    number: int
    utc_ms: int
    mono_ns: int
    session: int


@dataclass(frozen=True, slots=True)
class Outage:
    """Nothing to look at, and why. `last` is the last frame that came, where one did."""

    t_s: float
    state: State
    last: Frame | None = None


Look: TypeAlias = Frame | Outage


class CameraSource(Protocol):
    """Where the pipeline gets its frames from. A frame is megabytes, so the pipeline lets go of one
    before it asks for the next; an Outage brings it back."""

    pace: Pace
    """Set by the pipeline after each look: how closely to watch."""

    def frames(self) -> Iterator[Look]:
        """Until the source is closed or, for a file, ends."""

    def close(self) -> None:
        """Make frames() end soon."""


@dataclass(slots=True)
class SessionClock:
    """Lays the PTS of one connection onto the monotonic clock. Pure.

    The first frame anchors. Later the least delay seen wins, so that jitter of the network does
    not become jitter of the times; a PTS that jumps, or a stream that stays late, anchors anew.
    Times never go back."""

    offset_s: float = 0.0
    _pts_s: float | None = None
    _mono_s: float = 0.0
    _last_s: float = float("-inf")
    _late_since_s: float | None = None

    def stamp(self, pts_s: float | None, mono_s: float) -> float:
        """Monotonic time at which the frame was captured, given when it arrived."""
        if pts_s is None:
            t_s = mono_s
        else:
            self._follow(pts_s, mono_s)
            t_s = min(pts_s + self.offset_s, mono_s)
            self._pts_s, self._mono_s = pts_s, mono_s
        self._last_s = max(t_s, self._last_s)
        return self._last_s

    def _follow(self, pts_s: float, mono_s: float) -> None:
        offset_s = mono_s - pts_s
        if self._pts_s is None:
            self.offset_s = offset_s
            return
        stepped, passed = pts_s - self._pts_s, mono_s - self._mono_s
        late = offset_s - self.offset_s > LATE_S
        self._late_since_s = (self._late_since_s or mono_s) if late else None
        stuck = self._late_since_s is not None and mono_s - self._late_since_s > LATE_FOR_S
        if stepped < 0 or stepped > passed + JUMP_S or stuck:
            self.offset_s = offset_s
            self._late_since_s = None
        else:
            self.offset_s = min(offset_s, self.offset_s + SLEW * passed)


@dataclass(slots=True)
class CameraFacts:
    """What health is told of a camera."""

    state: State = "starting"
    sentence: str = ""
    codec: str = ""
    frames_in: int = 0
    last_frame_mono_s: float | None = None
    gop_s: float | None = None
    reconnects_s: deque[float] = field(default_factory=lambda: deque(maxlen=1000))
    stalls_s: deque[float] = field(default_factory=lambda: deque(maxlen=1000))

    def last_hour(self, times_s: deque[float], now_s: float) -> int:
        return sum(1 for t in times_s if now_s - t < _HOUR_S)


class LiveCamera:
    """A camera, or a file played at its own pace: one thread decodes and keeps only the newest.

    Connects again for ever, with a growing pause and jitter, unless a file has ended."""

    def __init__(self, config: CameraConfig, clock: Clock, jitter: random.Random) -> None:
        self._config = config
        self._clock = clock
        self._jitter = jitter
        self._stop = threading.Event()
        self._fresh = threading.Condition()
        self._newest: tuple[Decoded, float, int, int] | None = None
        self._session = 0
        self.pace = Pace.FULL
        self.facts = CameraFacts()

    def frames(self) -> Iterator[Look]:
        thread = threading.Thread(
            target=self._decode_for_ever, name=f"camera-{self._config.id}", daemon=True
        )
        thread.start()
        last_s = due_s = self._mono_s()
        last: Frame | None = None
        look: Look | None
        while not self._stop.is_set():
            taken = self._take(due_s)
            now_s = self._mono_s()
            if taken is not None:
                # The old picture goes before the new is made; one of a folder may be no picture.
                last = None if self._config.is_network else last
                look = made = self._frame(*taken)
                last = made or last
                del taken, made
                # The stream paces itself; this bounds one that cannot.
                due_s = now_s + 0.5 / self._config.sample_hz
            elif now_s - last_s >= self._outage_s():
                look = Outage(now_s, self.facts.state, last)
            else:
                continue
            last_s = now_s
            if look is not None:
                yield look
            look = None
        thread.join(timeout=2)

    def close(self) -> None:
        self._stop.set()
        with self._fresh:
            self._fresh.notify_all()

    def _outage_s(self) -> float:
        slow = 2 / self._config.sample_hz
        return max(
            _OUTAGE_S, slow, self._config.keyframe_limit_s + 1 if self.pace is Pace.IDLE else 0.0
        )

    def _take(self, due_s: float) -> tuple[Decoded, float, int, int] | None:
        """The newest frame, once one is due; None after a tick without."""
        wait_s = due_s - self._mono_s()
        if wait_s > 0:
            self._stop.wait(min(wait_s, _TICK_S))
            return None
        with self._fresh:
            if self._newest is None:
                self._fresh.wait(_TICK_S)
            taken, self._newest = self._newest, None
            return taken

    def _frame(self, decoded: Decoded, t_s: float, utc_ms: int, session: int) -> Frame | None:
        try:
            image = decoded.image()
        except StreamFault as fault:
            self.facts.sentence = str(fault)
            return None
        return Frame(image, t_s, decoded.number, utc_ms, round(t_s * _NS), session)

    def _decode_for_ever(self) -> None:
        pause_s = _BACKOFF_S[0]
        while not self._stop.is_set():
            before = self.facts.frames_in
            try:
                self._session_once()
            except StreamFault as fault:
                if self._stop.is_set():
                    return
                ended = fault.state == "ended" and not self._config.is_network
                if ended and self._config.repeat and self.facts.frames_in > before:
                    continue
                self._note(fault)
                if ended:
                    return
            pause_s = _BACKOFF_S[0] if self.facts.frames_in > before else pause_s * 2
            pause_s = min(pause_s, _BACKOFF_S[1])
            self._stop.wait(pause_s * self._jitter.uniform(0.5, 1.0))
            self.facts.reconnects_s.append(self._mono_s())

    def _note(self, fault: StreamFault) -> None:
        self.facts.state = fault.state
        self.facts.sentence = str(fault)
        if fault.state == "timeout":
            self.facts.stalls_s.append(self._mono_s())

    def _session_once(self) -> None:
        stream = open_stream(self._config)
        try:
            self._session += 1
            self.facts.codec = stream.codec
            if self._config.is_network:
                self._receive(stream)
            else:
                self._play(stream)
        finally:
            stream.close()

    def _receive(self, stream: Stream | PictureFolder) -> None:
        times = SessionClock()

        def ask(pts_s: float | None) -> Wish:
            return self._arrived(stream)

        for decoded in stream.frames(ask):
            now_s = self._mono_s()
            t_s = times.stamp(decoded.pts_s, now_s)
            self._offer(stream, decoded, t_s, self._clock.utc_ms() - round((now_s - t_s) * 1000))
            del decoded
            if self._stop.is_set():
                return

    def _play(self, stream: Stream | PictureFolder) -> None:
        """A file in place of a camera: each packet when it is due."""
        begin_s = self._mono_s()
        first_s: float | None = None

        def ask(pts_s: float | None) -> Wish:
            nonlocal first_s
            if pts_s is not None:
                first_s = pts_s if first_s is None else first_s
                self._stop.wait(max(0.0, begin_s + pts_s - first_s - self._mono_s()))
            return self._arrived(stream)

        for decoded in stream.frames(ask):
            t_s = begin_s + (decoded.pts_s or 0.0) - (first_s or 0.0)
            self._offer(stream, decoded, t_s, self._clock.utc_ms())
            if self._stop.is_set():
                return

    def _arrived(self, stream: Stream | PictureFolder) -> Wish:
        """Something came; what is wanted of it."""
        if self._stop.is_set():
            raise StreamFault("disabled", "closed")
        self.facts.frames_in += 1
        self.facts.last_frame_mono_s = self._mono_s()
        return wish_for(self._config, self.pace, stream.gop_s)

    def _offer(
        self, stream: Stream | PictureFolder, decoded: Decoded, t_s: float, utc_ms: int
    ) -> None:
        self.facts.gop_s = stream.gop_s
        self.facts.state, self.facts.sentence = "ok", ""
        with self._fresh:
            self._newest = (decoded, t_s, utc_ms, self._session)
            self._fresh.notify()

    def _mono_s(self) -> float:
        return self._clock.mono_ns() / _NS


def wish_for(config: CameraConfig, pace: Pace, gop_s: float | None) -> Wish:
    """The frames that are wanted at this pace. Keyframes alone suffice while nothing changes, if
    they come often enough; else there is a look at every sample, or every second where calm."""
    step_s = 1 / config.sample_hz
    often = gop_s is not None and gop_s <= config.keyframe_limit_s
    idle = pace is Pace.IDLE and config.idle_keyframes and often
    return Wish(step_s if pace is Pace.FULL else max(step_s, CALM_S), keyframes_only=idle)


class FileCamera:
    """A file or a folder read as fast as it goes, its PTS as time, one frame each 1/sample_hz.

    A truncated file gives the frames that it has. Raises StreamFault when it has none. With
    `as_live`, as little is decoded as a live camera does."""

    def __init__(self, config: CameraConfig, begin_utc_ms: int, as_live: bool = False) -> None:
        self._config = config
        self._as_live = as_live
        self._begin_utc_ms = begin_utc_ms
        self._closed = False
        self.pace = Pace.FULL
        self.seconds = 0.0
        """How much of the file was read so far."""

    def frames(self) -> Iterator[Frame]:
        stream = open_stream(self._config)
        step_s = 1 / self._config.sample_hz
        first_s: float | None = None
        due_s = 0.0

        def ask(pts_s: float | None) -> Wish:
            if not self._as_live:
                return Wish()
            return wish_for(self._config, self.pace, stream.gop_s)

        try:
            for decoded in stream.frames(ask):
                pts_s = decoded.pts_s if decoded.pts_s is not None else self.seconds
                first_s = pts_s if first_s is None else first_s
                self.seconds = t_s = pts_s - first_s
                # Half a millisecond: 0.49999 is the half second.
                if self._as_live or t_s + 0.0005 >= due_s:
                    due_s = max(due_s + step_s, t_s - step_s / 2)
                    yield self._frame(decoded, t_s)
                if self._closed:
                    return
        except StreamFault as fault:
            if fault.state != "ended" and first_s is None:
                raise
        finally:
            stream.close()

    def close(self) -> None:
        self._closed = True

    def _frame(self, decoded: Decoded, t_s: float) -> Frame:
        utc_ms = self._begin_utc_ms + round(t_s * 1000)
        return Frame(decoded.image(), t_s, decoded.number, utc_ms, round(t_s * _NS), 1)
