"""The camera after the lens: blur, vignette, noise, sharpening, slow gain drift, on-screen
text; BGR 8 bit.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Light = NDArray[np.float32]
GAMMA = 2.2
DAY_NOISE, NIGHT_NOISE = (0.008, 0.002), (0.026, 0.007)
"""Shot noise (of full scale, per square root of light) and read noise."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """grey: infrared mode. sharpening as cheap cameras do it, leaving halos."""

    grey: bool = False
    noise: tuple[float, float] = DAY_NOISE
    blur_px: float = 0.75
    sharpening: float = 0.45


def to_light(picture: Picture) -> Light:
    return np.asarray((picture.astype(np.float32) / 255) ** GAMMA, np.float32)


def drift(t: float) -> float:
    """Slow gain changes of automatic exposure under a moving sky."""
    return 1 + 0.03 * math.sin(t / 9) + 0.012 * math.sin(t / 2.3)


def expose(light: Light, sensor: Sensor, rng: np.random.Generator) -> Picture:
    """Lens and sensor: linear light in, 8-bit picture out."""
    height, width = light.shape[:2]
    yy, xx = np.mgrid[:height, :width].astype(np.float32)
    away = ((xx - width / 2) ** 2 + (yy - height / 2) ** 2) / (width * width / 4)
    seen = light * (1 - 0.16 * away)[..., None]
    seen = cv2.GaussianBlur(seen, (0, 0), max(0.3, sensor.blur_px * width / 1280))
    if sensor.grey:
        seen = np.repeat((seen @ np.array([0.25, 0.5, 0.25], np.float32))[..., None], 3, 2)
    shot, read = sensor.noise
    grain = rng.standard_normal((height, width, 1 if sensor.grey else 3)).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.6).reshape(grain.shape) * 1.6
    seen = seen + grain * (shot * np.sqrt(np.clip(seen, 0, 1) * 0.6 + 0.001) + read)
    coded = np.clip(seen, 0, 1) ** (1 / GAMMA)
    halo = coded - cv2.GaussianBlur(coded, (0, 0), 1.4)
    return np.asarray(np.clip(coded + sensor.sharpening * halo, 0, 1) * 255).astype(np.uint8)


def captioned(picture: Picture, clock: str, name: str) -> Picture:
    """Date and time above left, camera name below right, as cameras burn them in."""
    height, width = picture.shape[:2]
    k = width / 1280
    result = picture.copy()
    for text, place in (
        (clock, (int(24 * k), int(40 * k))),
        (name, (int(width - 240 * k), int(height - 24 * k))),
    ):
        for shade, stroke in ((0, 4), (255, 1)):
            thick = max(1, round(stroke * k))
            cv2.putText(
                result,
                text,
                place,
                cv2.FONT_HERSHEY_SIMPLEX,
                0.8 * k,
                (shade,) * 3,
                thick,
                cv2.LINE_AA,
            )
    return result


def clock_text(start: str, t: float) -> str:
    """`start` as YYYY-MM-DD HH:MM:SS, plus whole seconds."""
    began = datetime.strptime(start, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007  (a picture's caption has no zone)
    return (began + timedelta(seconds=int(t))).strftime("%Y-%m-%d %H:%M:%S")
