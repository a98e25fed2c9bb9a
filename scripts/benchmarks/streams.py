"""The streams that the edge's benches run on: 1080p25 H.264, a keyframe every 2 s, sensor noise.

Made once from the rendered demo and kept under var/.
"""

import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from edge.inference import Picture

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "bench-edge"
DEMO = ROOT / "configs" / "demo" / "demo.mp4"
SIZE = (1920, 1080)
FPS = 25
DEMO_FPS = 8
GOP_S = 2


def lane() -> list[list[float]]:
    """The demo's lane as shares of the frame."""
    truth = json.loads(DEMO.with_suffix(".truth.json").read_text(encoding="utf-8"))
    return [
        [min(max(x / truth["width"], 0), 0.999), min(max(y / truth["height"], 0), 0.999)]
        for x, y in truth["lane"]
    ]


def to_and_fro(name: str, begin_s: float, end_s: float, seconds: float) -> Path:
    """So many seconds of a part of the demo, played forwards and back."""
    path = HOME / f"{name.replace(' ', '-')}.mp4"
    if not path.exists():
        parts = list(_part(begin_s, end_s))
        order = [*range(len(parts)), *range(len(parts) - 2, 0, -1)]
        shown = round(seconds * DEMO_FPS)
        _write(path, (parts[order[i % len(order)]] for i in range(shown)))
    return path


def whole() -> Path:
    """The demo from its begin to its end: vehicles come, stand, and leave."""
    path = HOME / "whole.mp4"
    if not path.exists():
        _write(path, _part(0.0, float("inf")))
    return path


def _write(path: Path, pictures: Iterable[Picture]) -> None:
    """Encode pictures of the demo's rate at FPS, each repeated with another noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(1).normal(0, 2, (4, SIZE[1], SIZE[0])).astype(np.int16)
    speckled = [cv2.merge([one, one, one]) for one in noise]
    part = path.with_suffix(".part.mp4")
    number = 0
    with av.open(str(part), "w") as container:
        video = container.add_stream("libx264", rate=FPS)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.codec_context.gop_size = FPS * GOP_S
        video.codec_context.options = {
            "preset": "veryfast", "tune": "zerolatency", "crf": "25", "sc_threshold": "0"
        }  # fmt: skip
        for shown, picture in enumerate(pictures):
            while number * DEMO_FPS // FPS <= shown:
                noisy = cv2.add(picture, speckled[number % len(speckled)], dtype=cv2.CV_8U)
                frame = av.VideoFrame.from_ndarray(np.asarray(noisy, np.uint8), format="bgr24")
                frame.pts, frame.time_base = number, Fraction(1, FPS)
                container.mux(video.encode(frame))
                number += 1
        container.mux(video.encode(None))
    part.rename(path)


def _part(begin_s: float, end_s: float) -> Iterable[Picture]:
    with av.open(str(DEMO)) as container:
        for frame in container.decode(video=0):
            if begin_s <= (frame.time or 0.0) < end_s:
                picture = cv2.resize(frame.to_ndarray(format="bgr24"), SIZE)
                yield np.asarray(picture, np.uint8)
