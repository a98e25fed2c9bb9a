"""Another province on a real plate: the camera's own light, blur and noise, a drawn character.

Real crops show few provinces, so that a network learns "looks real" to mean the common ones. Where
a crop's characters stand is fitted by their known layout; a crop on which the fit is poor is left
as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from models.training.plate_crops import Crop
from models.training.plate_grammar import PROVINCES, SINGLE
from models.training.plate_synth import Glyphs

_WIDE, _HIGH = 220, 70  # the plate at half a pixel a millimetre
_STARTS = np.linspace(-0.08, 0.10, 19)
_SCALES = np.linspace(0.82, 1.10, 15)
_SLOPES = np.linspace(-0.25, 0.25, 21)
_LEAST_FIT = 0.8


@dataclass(frozen=True, slots=True)
class Place:
    """Where the province stands in the plate flattened by `matrix`, in pixels."""

    matrix: np.ndarray
    x0: int
    x1: int
    y0: int
    y1: int


class Transplant:
    """Paints another province over that of single-line plates."""

    def __init__(self, glyphs: Glyphs) -> None:
        self.glyphs = glyphs
        self._places: dict[str, Place | None] = {}

    def paint(self, rng: np.random.Generator, crop: Crop) -> tuple[np.ndarray, str] | None:
        """The crop's picture with another province, and the new text; None where it cannot be."""
        if len(crop.text) != 7 or crop.text[0] not in PROVINCES:
            return None
        key = f"{crop.name} {crop.text}"
        if key not in self._places:
            self._places[key] = locate(crop)
        place = self._places[key]
        if place is None:
            return None
        flat = flattened(crop.image, place.matrix)
        province = PROVINCES[int(rng.integers(len(PROVINCES)))]
        painted = paint(rng, flat, place, self.glyphs.mask(rng, "140", 0, province))
        back = cv2.warpPerspective(
            painted,
            np.linalg.inv(place.matrix),
            crop.image.shape[1::-1],
            borderMode=cv2.BORDER_REPLICATE,
        )
        spot = np.zeros((_HIGH, _WIDE), np.float32)
        spot[max(0, place.y0 - 2) : place.y1 + 2, max(0, place.x0 - 2) : place.x1 + 1] = 1
        share = cv2.warpPerspective(spot, np.linalg.inv(place.matrix), crop.image.shape[1::-1])[
            ..., None
        ]
        mixed = crop.image * (1 - share) + back * share
        return np.clip(mixed, 0, 255).astype(np.uint8), province + crop.text[1:]


_SHEET = np.array([[0, 0], [_WIDE, 0], [_WIDE, _HIGH], [0, _HIGH]], np.float32)


def flattened(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return cv2.warpPerspective(image, matrix, (_WIDE, _HIGH), borderMode=cv2.BORDER_REPLICATE)


def locate(crop: Crop) -> Place | None:
    """Fit the layout of a single-line plate to where the ink is: its slope, across, and down."""
    matrix = cv2.getPerspectiveTransform(crop.quad.astype(np.float32), _SHEET)
    ink = inked(flattened(crop.image, matrix))
    sheared = [np.array([[1, 0, 0], [k, 1, -k * _WIDE / 2], [0, 0, 1]]) for k in _SLOPES]
    levelled = [cv2.warpPerspective(ink, each, (_WIDE, _HIGH)) for each in sheared]
    steep = int(np.argmax([each.mean(1).var() for each in levelled]))
    place = fitted(levelled[steep])
    return place and Place(sheared[steep] @ matrix, *place)


def fitted(ink: np.ndarray) -> tuple[int, int, int, int] | None:
    """x0, x1, y0, y1 of the province on a level plate."""
    across = ink[_HIGH * 3 // 10 : _HIGH * 7 // 10].mean(0)
    across = (across - across.mean()) / max(float(across.std()), 1e-6)
    best = (-1.0, 0.0, 1.0)
    for start in _STARTS:
        for scale in _SCALES:
            if start + scale < 0.93 or start + scale > 1.06:
                continue
            best = max(best, (_fit(across, start, scale), start, scale))
    fit, start, scale = best
    if fit < _LEAST_FIT:
        return None
    x0, x1 = (round((start + scale * x / 440) * _WIDE) for x in (SINGLE[0][0], SINGLE[0][0] + 45))
    if x0 < 0 or x1 - x0 < 10:
        return None
    down = ink[:, x1 + 2 : round((start + scale * 475 / 440) * _WIDE)].mean(1)
    y0, y1 = _band(down)
    return (x0, x1, y0, y1) if y1 - y0 > 0.4 * _HIGH else None


def inked(flat: np.ndarray) -> np.ndarray:
    """How much ink: what is lighter than its surroundings, or darker, as is the heavier tail."""
    grey = cv2.cvtColor(flat, cv2.COLOR_BGR2GRAY).astype(np.float32)
    local = grey - cv2.blur(grey, (61, 61))
    light = np.percentile(local, 90) >= -np.percentile(local, 10)
    return np.asarray(np.maximum(local if light else -local, 0), np.float32)


def _fit(across: np.ndarray, start: float, scale: float) -> float:
    """Mean of where characters stand less the mean of the gaps, in standard deviations."""
    wanted = np.full(_WIDE, -1.0)
    for x, _, wide, _ in SINGLE:
        a, b = ((start + scale * v / 440) * _WIDE for v in (x, x + wide))
        wanted[max(0, round(a)) : max(0, round(b))] = 1.0
    on, off = across[wanted > 0], across[wanted < 0]
    return float(on.mean() - off.mean()) if len(on) and len(off) else -1.0


def _band(down: np.ndarray) -> tuple[int, int]:
    """The rows from the first to the last that hold much ink, about the middle."""
    high = down > 0.35 * down[_HIGH // 4 : _HIGH * 3 // 4].mean()
    y0 = y1 = _HIGH // 2
    while y0 > 2 and high[y0 - 1]:
        y0 -= 1
    while y1 < _HIGH - 3 and high[y1]:
        y1 += 1
    return y0, y1


def paint(rng: np.random.Generator, flat: np.ndarray, at: Place, mask: np.ndarray) -> np.ndarray:
    """The flattened plate with a character's mask in place of the province."""
    canvas = flat.astype(np.float32)
    high, wide = at.y1 - at.y0, at.x1 - at.x0
    beside = canvas[at.y0 : at.y1, at.x1 + 4 : at.x1 + 4 + wide]
    grey = beside.mean(2)
    light = np.percentile(grey, 90) - np.median(grey) >= np.median(grey) - np.percentile(grey, 10)
    order = np.argsort(grey.ravel())
    far = order[-max(4, len(order) // 8) :] if light else order[: max(4, len(order) // 8)]
    ink = beside.reshape(-1, 3)[far].mean(0)
    a, b, c, d = max(0, at.y0 - 2), at.y1 + 2, max(0, at.x0 - 2), at.x1 + 1
    region = canvas[a:b, c:d]
    dark = region.mean(2)
    ground_mask = dark <= np.percentile(dark, 45) if light else dark >= np.percentile(dark, 55)
    ground = np.median(region[ground_mask], 0) if ground_mask.any() else np.median(region, (0, 1))
    grain = region - cv2.GaussianBlur(region, (0, 0), 2.0)
    canvas[a:b, c:d] = ground + rng.permutation(grain.reshape(-1, 3)).reshape(grain.shape) * 0.3
    small = cv2.resize(mask, (wide, high), interpolation=cv2.INTER_AREA)
    whole = np.zeros(canvas.shape[:2], np.float32)
    whole[at.y0 : at.y1, at.x0 : at.x1] = small
    whole = cv2.GaussianBlur(whole, (0, 0), rng.uniform(0.7, 2.2))[..., None]
    return canvas * (1 - whole) + ink * whole
