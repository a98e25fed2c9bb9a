"""One connection to a video source through PyAV: packets in, decoded frames out, faults typed.

A stream decodes only what somebody will look at (pacing.py): it keeps the packets since the last
look, decodes them when the next look is due, and drops them when a keyframe comes before it. So it
can go back to every frame at any moment, without broken pictures.

StreamFault                 nothing more comes from this connection; `.state` is the word for health
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import av
import av.error
import numpy as np

from edge.config import CameraConfig, masked
from edge.inference import Picture
from edge.pacing import Pacer, Wish
from edge.picture_file import PictureError, read_picture

State: TypeAlias = Literal[
    "ok", "starting", "auth", "refused", "timeout", "decode", "ended", "disabled"
]
_BAD_PACKETS = 50
_PICTURES = (".jpg", ".jpeg", ".png", ".bmp")
_GOP_PACKETS = 600
Ask: TypeAlias = Callable[[float | None], Wish]


class StreamFault(Exception):
    """Why nothing more comes, in a sentence that holds no password."""

    def __init__(self, state: State, sentence: str) -> None:
        self.state: State = state
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A frame that is turned into pixels only when somebody looks at it."""

    pts_s: float | None
    number: int
    _frame: Any

    def image(self) -> Picture:
        """BGR [height, width, 3]. Raises StreamFault when the picture cannot be read."""
        if isinstance(self._frame, Path):
            try:
                return read_picture(self._frame)
            except PictureError as error:
                raise StreamFault("decode", str(error)) from error
        return _pixels(self._frame.reformat(format="bgr24"))


def _every_frame(pts_s: float | None) -> Wish:
    return Wish()


class Stream:
    """An open source. `frames()` ends with StreamFault, `ended` at the end of a file."""

    def __init__(self, config: CameraConfig) -> None:
        self._name = masked(config.source)
        self._container = _open(config, self._name)
        if not self._container.streams.video:
            self._container.close()
            raise StreamFault("decode", f"{self._name}: holds no video")
        self._video = self._container.streams.video[0]
        context = self._video.codec_context
        context.thread_count = 1
        self.codec = context.name
        self._pacer = Pacer()
        self._held: list[Any] = []
        """Packets that came since the last one that was decoded."""
        self._drained = False
        self._number = 0
        self._bad = 0

    @property
    def gop_s(self) -> float | None:
        """Seconds between the last two keyframes."""
        return self._pacer.gop_s

    def frames(self, ask: Ask = _every_frame) -> Iterator[Decoded]:
        """The frames that are wanted, in the order of their time. `ask` is called with the PTS of
        each packet that comes, and says what is wanted now."""
        try:
            for packet in self._container.demux(self._video):
                pts_s = None if packet.pts is None else float(packet.pts * packet.time_base)
                self._pacer.ask(ask(pts_s))
                yield from self._feed(packet, pts_s)
        except StreamFault:
            raise
        except (OSError, EOFError, av.error.FFmpegError) as error:
            raise _fault(error, self._name) from None
        if self._number == 0:
            raise StreamFault("decode", f"{self._name}: holds no frame that can be decoded")
        raise StreamFault("ended", f"{self._name}: ended after {self._number} frames")

    def frames_until_end(self, ask: Ask = _every_frame) -> Iterator[Decoded]:
        """Like frames(), and the end of the file is no fault."""
        try:
            yield from self.frames(ask)
        except StreamFault as fault:
            if fault.state != "ended":
                raise

    def close(self) -> None:
        self._container.close()

    def _feed(self, packet: Any, pts_s: float | None) -> Iterator[Decoded]:
        """Hold the packet back until a look at it, or at one after it, is due."""
        if packet.is_keyframe:
            self._begin_gop(pts_s)
        self._held.append(packet)
        full = len(self._held) >= _GOP_PACKETS
        if full or packet.size == 0 or self._pacer.wants(pts_s, packet.is_keyframe):
            yield from self._catch_up()

    def _begin_gop(self, pts_s: float | None) -> None:
        """Nobody looks at what was held back: a keyframe needs none of it."""
        if self._held:
            self._video.codec_context.flush_buffers()
            self._number += len(self._held) - self._drained
            self._held.clear()
        self._drained = False
        if pts_s is not None:
            self._pacer.keyframe(pts_s)

    def _catch_up(self) -> Iterator[Decoded]:
        """Decode what was held back; give what of it is wanted."""
        if self._drained:
            self._number -= 1
        held, self._held, self._drained = self._held, [], False
        for packet in held:
            for frame in self._decode(packet):
                self._number += 1
                if frame.is_corrupt:
                    continue
                self._bad = 0
                if self._pacer.wants(frame.time, keyframe=True):
                    self._pacer.give(frame.time)
                    yield Decoded(frame.time, self._number, frame)

    def _decode(self, packet: Any) -> list[Any]:
        context = self._video.codec_context
        try:
            frames: list[Any] = context.decode(packet)
            if self._pacer.wish.keyframes_only and packet.is_keyframe and not frames:
                # The decoder holds a keyframe back until the next frames come: make it give it.
                # To go on from there it must have the keyframe once more.
                frames = context.decode(None)
                context.flush_buffers()
                self._held, self._drained = [packet], True
        except av.error.InvalidDataError as error:
            self._bad += 1
            if self._bad > _BAD_PACKETS:
                raise StreamFault("decode", f"{self._name}: cannot be decoded: {error}") from None
            return []
        return frames


class PictureFolder:
    """The pictures of a folder in the order of their names, `step_s` apart."""

    def __init__(self, folder: Path, step_s: float) -> None:
        self._folder = folder
        self._step_s = step_s
        self._paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in _PICTURES)
        if not self._paths:
            raise StreamFault("refused", f"{folder}: holds no picture ({', '.join(_PICTURES)})")
        self.codec = "pictures"
        self.gop_s: float | None = None

    def frames(self, ask: Ask = _every_frame) -> Iterator[Decoded]:
        for i, path in enumerate(self._paths):
            ask(i * self._step_s)
            yield Decoded(i * self._step_s, i + 1, path)
        raise StreamFault("ended", f"{self._folder}: ended after {len(self._paths)} pictures")

    def close(self) -> None:
        """Nothing is held open."""


def _pixels(frame: Any) -> Picture:
    """The pixels where the converter has put them: a copy would be six megabytes at 1080p."""
    plane = frame.planes[0]
    whole = np.frombuffer(plane, np.uint8)
    rows = whole[: frame.height * plane.line_size].reshape(frame.height, plane.line_size)
    if plane.line_size != frame.width * 3:
        rows = np.ascontiguousarray(rows[:, : frame.width * 3])
    return rows.reshape(frame.height, frame.width, 3)


def open_stream(config: CameraConfig) -> Stream | PictureFolder:
    """Connect. Raises StreamFault; takes at most `stall_s`."""
    path = Path(config.source)
    if not config.is_network and path.is_dir():
        return PictureFolder(path, 1 / config.sample_hz)
    return Stream(config)


def _open(config: CameraConfig, name: str) -> Any:
    try:
        if config.is_network:
            return av.open(
                config.url(),
                options={"rtsp_transport": config.transport, "fflags": "nobuffer"},
                timeout=(config.stall_s, config.stall_s),
            )
        path = Path(config.source)
        if path.is_char_device():
            return av.open(str(path), format="v4l2")
        if path.is_file() and path.stat().st_size == 0:
            raise StreamFault("decode", f"{name}: is empty (0 bytes); a video was expected")
        return av.open(str(path))
    except (OSError, EOFError, av.error.FFmpegError) as error:
        raise _fault(error, name) from None


_KNOWN: tuple[tuple[type[BaseException], State, str], ...] = (
    (av.error.HTTPUnauthorizedError, "auth", "refuses the user or the password"),
    (av.error.HTTPForbiddenError, "auth", "forbids this user to see the stream"),
    (av.error.HTTPNotFoundError, "refused", "has no stream at this path"),
    (ConnectionRefusedError, "refused", "refuses the connection; nothing listens there"),
    (FileNotFoundError, "refused", "is not there"),
    (PermissionError, "refused", "may not be read by this user"),
    (av.error.ExitError, "timeout", "sends nothing within the time allowed (stall_s)"),
    (TimeoutError, "timeout", "does not answer"),
    (av.error.InvalidDataError, "decode", "is not a video that can be decoded"),
    (EOFError, "ended", "closed the connection"),
    (ConnectionError, "ended", "cut the connection"),
)


def _fault(error: BaseException, name: str) -> StreamFault:
    for kind, state, sentence in _KNOWN:
        if isinstance(error, kind):
            return StreamFault(state, f"{name}: {sentence}")
    reason = getattr(error, "strerror", None) or type(error).__name__
    return StreamFault("refused", f"{name}: cannot be opened: {reason}")
