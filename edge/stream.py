"""One connection to a video source through PyAV: packets in, decoded frames out, faults typed.

A stream decodes every frame, or keyframes only while nothing happens: then it keeps the packets
since the last keyframe, so that it can go back to every frame at once and without broken pictures.

StreamFault                 nothing more comes from this connection; `.state` is the word for health
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import av
import av.error
import cv2
import numpy as np

from edge.config import CameraConfig, masked
from edge.inference import Picture

State: TypeAlias = Literal[
    "ok", "starting", "auth", "refused", "timeout", "decode", "ended", "disabled"
]
_BAD_PACKETS = 50
_PICTURES = (".jpg", ".jpeg", ".png", ".bmp")
_GOP_PACKETS = 600


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
            found = cv2.imread(str(self._frame), cv2.IMREAD_COLOR)
            if found is None:
                raise StreamFault("decode", f"{self._frame}: is not a picture that can be read")
            return np.asarray(found, np.uint8)
        pixels: Picture = self._frame.to_ndarray(format="bgr24")
        return pixels


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
        self.gop_s: float | None = None
        self.idle = False
        self._idling = False
        self._gop: list[Any] = []
        self._key_pts_s: float | None = None
        self._number = 0
        self._bad = 0

    def frames(self) -> Iterator[Decoded]:
        """Decoded frames in the order of their time. Set `idle` to get keyframes only."""
        try:
            for packet in self._container.demux(self._video):
                yield from self._feed(packet)
        except StreamFault:
            raise
        except (OSError, EOFError, av.error.FFmpegError) as error:
            raise _fault(error, self._name) from None
        if self._number == 0:
            raise StreamFault("decode", f"{self._name}: holds no frame that can be decoded")
        raise StreamFault("ended", f"{self._name}: ended after {self._number} frames")

    def frames_until_end(self) -> Iterator[Decoded]:
        """Like frames(), and the end of the file is no fault."""
        try:
            yield from self.frames()
        except StreamFault as fault:
            if fault.state != "ended":
                raise

    def close(self) -> None:
        self._container.close()

    def _feed(self, packet: Any) -> Iterator[Decoded]:
        pts_s = None if packet.pts is None else float(packet.pts * packet.time_base)
        if packet.is_keyframe:
            self._measure_gop(pts_s)
            self._gop.clear()
        elif self._idling and not self.idle:
            yield from self._wake()
        if packet.is_keyframe and self._idling != self.idle:
            self._idling = self.idle
        if not self._idling or packet.is_keyframe or packet.size == 0:
            yield from self._decode(packet)
        if self._idling and len(self._gop) < _GOP_PACKETS:
            self._gop.append(packet)

    def _wake(self) -> Iterator[Decoded]:
        """Decode what was passed over since the last keyframe, then go on with every frame."""
        self._idling = False
        self._video.codec_context.flush_buffers()
        kept, self._gop = self._gop, []
        for packet in kept:
            yield from self._decode(packet)

    def _decode(self, packet: Any) -> Iterator[Decoded]:
        try:
            frames = self._video.codec_context.decode(packet)
            if self._idling and packet.is_keyframe:
                # Without this the decoder holds a keyframe back until the next one comes.
                frames += self._video.codec_context.decode(None)
                self._video.codec_context.flush_buffers()
        except av.error.InvalidDataError as error:
            self._bad += 1
            if self._bad > _BAD_PACKETS:
                raise StreamFault("decode", f"{self._name}: cannot be decoded: {error}") from None
            return
        for frame in frames:
            self._number += 1
            if not frame.is_corrupt:
                self._bad = 0
                yield Decoded(frame.time, self._number, frame)

    def _measure_gop(self, pts_s: float | None) -> None:
        if pts_s is not None and self._key_pts_s is not None and pts_s > self._key_pts_s:
            self.gop_s = pts_s - self._key_pts_s
        self._key_pts_s = pts_s


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
        self.idle = False

    def frames(self) -> Iterator[Decoded]:
        for i, path in enumerate(self._paths):
            yield Decoded(i * self._step_s, i + 1, path)
        raise StreamFault("ended", f"{self._folder}: ended after {len(self._paths)} pictures")

    def close(self) -> None:
        """Nothing is held open."""


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
