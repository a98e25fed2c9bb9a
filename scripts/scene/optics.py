"""The camera after the lens: blur, vignette, noise, sharpening, slow gain drift, on-screen
text; BGR 8 bit.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Light = NDArray[np.float32]
GAMMA = 2.2
DAY_NOISE, NIGHT_NOISE = (0.008, 0.002), (0.014, 0.0035)
"""Shot noise (of full scale, per square root of light) and read noise."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """grey: infrared mode. sharpening as cheap cameras do it, leaving halos."""

    grey: bool = False
    noise: tuple[float, float] = DAY_NOISE
    blur_px: float = 0.75
    sharpening: float = 0.45


_LINEAR = ((np.arange(256) / 255) ** GAMMA).astype(np.float32)
_CODED = np.rint((np.arange(4096) / 4095) ** (1 / GAMMA) * 255).astype(np.uint8)


def to_light(picture: Picture) -> Light:
    return np.asarray(cv2.LUT(picture, _LINEAR), np.float32)


def coded(light: Light) -> Picture:
    """Gamma by a table of 4096 steps: a power for every pixel of every frame takes too long."""
    steps = np.clip(light * np.float32(4095), 0, 4095).astype(np.uint16)
    return np.asarray(_CODED[steps], np.uint8)


def drift(t: float) -> float:
    """Slow gain changes of automatic exposure under a moving sky."""
    return 1 + 0.03 * math.sin(t / 9) + 0.012 * math.sin(t / 2.3)


@lru_cache(maxsize=2)
def _vignette(width: int, height: int) -> Light:
    yy, xx = np.mgrid[:height, :width].astype(np.float32)
    away = ((xx - width / 2) ** 2 + (yy - height / 2) ** 2) / (width * width / 4)
    return np.asarray(np.repeat((1 - 0.16 * away)[..., None], 3, 2), np.float32)


@lru_cache(maxsize=4)
def _grains(width: int, height: int, channels: int) -> tuple[Light, ...]:
    """A few fields of sensor noise, of unit deviation before the lens's blur; frames shift them."""
    rng = np.random.default_rng(width * height * channels)
    fields = []
    for _ in range(3):
        field = rng.standard_normal((height, width, channels), np.float32)
        blurred = cv2.GaussianBlur(field, (0, 0), 0.6).reshape(field.shape) * 1.6
        fields.append(np.asarray(np.repeat(blurred, 4 - channels, 2)[..., :3], np.float32))
    return tuple(fields)


def _grain(shape: tuple[int, int], grey: bool, rng: np.random.Generator) -> Light:
    fields = _grains(shape[1], shape[0], 1 if grey else 3)
    field = fields[rng.integers(len(fields))]
    shift = int(rng.integers(shape[0])), int(rng.integers(shape[1]))
    return np.roll(field, shift, (0, 1))


def expose(light: Light, sensor: Sensor, rng: np.random.Generator) -> Picture:
    """Lens and sensor: linear light in, 8-bit picture out."""
    height, width = light.shape[:2]
    seen = cv2.multiply(light, _vignette(width, height))
    seen = cv2.GaussianBlur(seen, (0, 0), max(0.3, sensor.blur_px * width / 1280))
    if sensor.grey:
        seen = cv2.transform(seen, np.tile(np.array([0.25, 0.5, 0.25], np.float32), (3, 1)))
    shot, read = sensor.noise
    spread = cv2.sqrt(np.clip(seen, 0, 1) * np.float32(0.6) + np.float32(0.001))
    grain = _grain((height, width), sensor.grey, rng)
    noisy = np.asarray(seen + grain * (np.float32(shot) * spread + np.float32(read)), np.float32)
    picture = coded(noisy)
    soft = cv2.GaussianBlur(picture, (0, 0), 1.4)
    sharp = cv2.addWeighted(picture, 1 + sensor.sharpening, soft, -sensor.sharpening, 0)
    return np.asarray(sharp, np.uint8)


def captioned(picture: Picture, clock: str, name: str) -> Picture:
    """Date and time above left, camera name below right, as cameras burn them in. Nothing at all
    where `clock` is empty.
    """
    if not clock:
        return picture
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
    """`start` as YYYY-MM-DD HH:MM:SS, plus whole seconds. Nothing for a camera without a clock."""
    if not start:
        return ""
    began = datetime.strptime(start, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007  (a picture's caption has no zone)
    return (began + timedelta(seconds=int(t))).strftime("%Y-%m-%d %H:%M:%S")
