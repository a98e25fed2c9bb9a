"""Videos made by the tests: a still yard with a marker that moves, in any codec and size."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def yard(width: int = 320, height: int = 240) -> Image:
    """A still background with texture, the same every time."""
    rows, columns = np.mgrid[0:height, 0:width]
    base = 90 + 40 * np.sin(columns / 17) * np.cos(rows / 13) + (columns ^ rows) % 23
    noise = np.random.default_rng(7).integers(0, 12, (height, width))
    grey = np.clip(base + noise, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def stamped(number: int, width: int = 320, height: int = 240) -> Image:
    """The yard with a bright square whose place tells the frame's number."""
    image = yard(width, height)
    x = 8 * (number % ((width - 16) // 8))
    image[8:24, x : x + 16] = 255
    return image


def write(
    path: Path,
    frames: int = 50,
    fps: int = 25,
    codec: str = "libx264",
    gop: int = 25,
    picture: Callable[[int], Image] = stamped,
) -> Path:
    """Encode `frames` pictures; returns the path."""
    with av.open(str(path), "w") as container:
        first = picture(0)
        stream = container.add_stream(codec, rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = first.shape[1], first.shape[0]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.time_base = Fraction(1, fps)
        fast = {"preset": "ultrafast", "tune": "zerolatency"}
        options = {"libx264": {**fast, "sc_threshold": "0"}}
        options["libx265"] = {**fast, "x265-params": "log-level=none"}
        stream.codec_context.options = options.get(codec, {})
        for packet in _packets(stream, frames, fps, picture):
            container.mux(packet)
    return path


def _packets(
    stream: av.VideoStream, frames: int, fps: int, picture: Callable[[int], Image]
) -> "Iterator[av.Packet[av.VideoStream]]":
    for number in range(frames):
        frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
        frame.pts, frame.time_base = number, Fraction(1, fps)
        yield from stream.encode(frame)
    yield from stream.encode(None)
