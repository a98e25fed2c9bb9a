"""H.264 as a camera sends it: yuv420p, a key frame every two seconds, a size limit."""

import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

GOP_S = 2
WORST_CRF = 45


class TooLarge(Exception):
    """The clip does not fit its size limit at any quality that is still worth looking at."""


def encode(frames: Iterable[NDArray[np.uint8]], path: Path, fps: int, crf: int) -> int:
    """Writes BGR frames to an MP4 and returns its size in bytes."""
    container = av.open(str(path), "w", options={"movflags": "+faststart"})
    stream = None
    for frame in frames:
        if stream is None:
            stream = container.add_stream("libx264", rate=fps)
            stream.height, stream.width = frame.shape[:2]
            stream.pix_fmt = "yuv420p"
            stream.time_base = Fraction(1, fps)
            stream.options = {
                "crf": str(crf),
                "preset": "medium",
                "threads": "2",
                "g": str(GOP_S * fps),
                "keyint_min": str(GOP_S * fps),
                "sc_threshold": "0",
                "bf": "0",
            }
        for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")):
            container.mux(packet)
    if stream is not None:
        for packet in stream.encode():
            container.mux(packet)
    container.close()
    return path.stat().st_size


def encode_within(
    frames: list[NDArray[np.uint8]], path: Path, fps: int, crf: int, limit_bytes: int
) -> tuple[int, int]:
    """Raises the CRF until the clip fits (six steps halve it). Returns size in bytes and the CRF.

    Raises TooLarge.
    """
    quality, size = crf, encode(frames, path, fps, crf)
    while size > limit_bytes and quality < WORST_CRF:
        quality = min(WORST_CRF, quality + max(1, math.ceil(6 * math.log2(size / limit_bytes))))
        size = encode(frames, path, fps, quality)
    if size > limit_bytes:
        raise TooLarge(
            f"{path.name} has {size} bytes at CRF {quality};"
            f" at most {limit_bytes} are allowed. Shorten it."
        )
    return size, quality
