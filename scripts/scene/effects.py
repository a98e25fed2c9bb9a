"""What happens to the light or to the camera, laid over composed frames: cloud, leaves, rain,
blows, spray.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.scene.markings import clouds
from scripts.scene.model import Effect, Scene
from scripts.scene.optics import Light, Picture
from scripts.scene.outline import View

SHADE = np.array((0.62, 0.52, 0.46), np.float32)
"""Sky light left in a shadow, as a share of sun and sky (BGR)."""


@dataclass(frozen=True, slots=True)
class Phase:
    """An effect at a moment: seconds since its begin, share of its time 0..1, and a soft on/off
    0..1.
    """

    effect: Effect
    since: float
    share: float
    fade: float


def active(scene: Scene, t: float) -> list[Phase]:
    found = []
    for effect in scene.effects:
        if effect.begin <= t < effect.end:
            since, left = t - effect.begin, effect.end - t
            share = since / (effect.end - effect.begin)
            found.append(Phase(effect, since, share, min(1.0, since / 0.8, left / 0.8)))
    return found


class Weather:
    """Effects on light, before the sensor. Patterns lie on the ground and move over it."""

    def __init__(self, scene: Scene, view: View) -> None:
        self.scene = scene
        rng = np.random.default_rng(scene.seed + 7)
        self._cloud = clouds((512, 512), 260, 3, rng)
        self._leaves = clouds((1024, 1024), 70, 5, rng)
        self._ground = _ground_of_pixels(view)
        self._size = view.size

    def apply(self, light: Light, t: float) -> Light:
        for phase in active(self.scene, t):
            kind = phase.effect.kind
            if kind == "cloud":
                light = self._shaded(light, self._cloud_cover(phase))
            elif kind == "tree_shadow":
                light = self._shaded(light, self._leaf_cover(phase))
            elif kind == "headlights":
                light = self._swept(light, phase)
            elif kind == "brightness":
                light = np.asarray(light * 2**phase.effect.strength, np.float32)
            elif kind in ("rain", "snow"):
                light = self._falling(light, phase, t)
        return light

    def _sampled(self, pattern: NDArray[np.float32], at: NDArray[Any]) -> NDArray[np.float32]:
        """Beyond its edge a pattern goes on mirrored, so that no seam shows."""
        last = pattern.shape[0] - 1
        folded = (last - np.abs(np.mod(at, 2 * last) - last)).astype(np.float32)
        seen = cv2.remap(pattern, folded[..., 0], folded[..., 1], cv2.INTER_LINEAR)
        return np.asarray(seen, np.float32)

    def _cloud_cover(self, phase: Phase) -> NDArray[np.float32]:
        """A broad edge that crosses the lane from one side to the other and leaves again."""
        edge = (self._ground[..., 0] + 22) / 44
        front = phase.share * 2.4 - 0.7
        inside = np.clip((front + 0.45 - edge) * 5, 0, 1) * np.clip((edge - front + 0.45) * 5, 0, 1)
        drifting = self._ground * 12 + phase.since * 15
        ragged = 0.85 + 0.15 * np.tanh(self._sampled(self._cloud, drifting))
        return np.asarray(inside * ragged * phase.effect.strength * 2, np.float32)

    def _leaf_cover(self, phase: Phase) -> NDArray[np.float32]:
        """Dappled shade with a soft outline, swaying and creeping along the lane."""
        x, y = self._ground[..., 0], self._ground[..., 1]
        sway = 0.25 * np.sin(phase.since * 2.1) + 0.12 * np.sin(phase.since * 5.3 + 1)
        middle = -7 + 12 * phase.share
        crown = np.clip(2.2 - np.hypot((x - middle - sway) / 2.6, (y - 1.5) / 2.4) * 1.6, 0, 1)
        at = np.stack([x * 60 + sway * 60, y * 60 + sway * 25], -1)
        dapple = 1 / (1 + np.exp(-4 * (self._sampled(self._leaves, at) + 0.35)))
        return np.asarray(crown * dapple * phase.effect.strength * 2 * phase.fade, np.float32)

    def _shaded(self, light: Light, cover: NDArray[np.float32]) -> Light:
        weight = np.clip(cover, 0, 1)[..., None]
        return np.asarray(light * (1 - weight * (1 - SHADE)), np.float32)

    def _swept(self, light: Light, phase: Phase) -> Light:
        """Two pools of headlight that cross the ground; what they meet is brightened by its own
        colour.
        """
        x, y = self._ground[..., 0], self._ground[..., 1]
        head = -16 + 34 * phase.share
        pool = np.zeros(x.shape, np.float32)
        for off in (-0.7, 0.7):
            ahead = (x - head) / (2.2 + 0.35 * np.abs(y + 2))
            pool += np.exp(-(ahead**2) - ((y - 1.0 + off - 2 * phase.share) / 2.6) ** 2)
        glare = (0.85 * pool * phase.effect.strength * 2 * phase.fade)[..., None]
        return np.asarray(light * (1 + 5 * glare) + 0.05 * glare, np.float32)

    def _falling(self, light: Light, phase: Phase, t: float) -> Light:
        width, height = self._size
        rng = np.random.default_rng(int(t * 1000) + self.scene.seed)
        streaks = np.zeros((height, width), np.float32)
        rain = phase.effect.kind == "rain"
        count = int((900 if rain else 500) * phase.effect.strength * phase.fade * width / 640)
        for x, y, near in zip(
            rng.integers(0, width, count),
            rng.integers(-40, height, count),
            rng.random(count),
            strict=True,
        ):
            if rain:
                length = int((8 + 40 * near**3) * width / 640)
                cv2.line(
                    streaks,
                    (int(x), int(y)),
                    (int(x - length * 0.18), int(y + length)),
                    (float(0.10 + 0.15 * near),),
                    1,
                    cv2.LINE_AA,
                )
            else:
                cv2.circle(
                    streaks,
                    (int(x), int(y)),
                    int(1 + 3 * near**4 * width / 640),
                    (float(0.25 + 0.5 * near),),
                    -1,
                    cv2.LINE_AA,
                )
        grey = float(light.mean()) * 1.5 + 0.06
        haze = 0.16 * phase.effect.strength * phase.fade
        veiled = light * (1 - haze) + grey * haze
        return np.asarray(veiled + (streaks * grey * 2.2)[..., None], np.float32)


def _ground_of_pixels(view: View) -> NDArray[np.float32]:
    """Where the ray of each pixel meets the ground, (height, width, 2) metres; far away above
    the horizon.
    """
    width, height = view.size
    xx, yy = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    ray = np.stack(
        [(xx - width / 2) / view.focal, -(yy - height / 2) / view.focal, -np.ones_like(xx)], -1
    )
    way = ray @ view.rotation
    eye = view.eye
    reach = np.where(way[..., 2] < -1e-3, -eye[2] / np.minimum(way[..., 2], -1e-3), 400)
    return np.asarray(eye[:2] + way[..., :2] * np.minimum(reach, 400)[..., None], np.float32)


class Mishaps:
    """Effects on the picture itself: the camera is knocked, covered, sprayed, out of focus,
    stuck, dark.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        width, height = scene.camera.size
        rng = np.random.default_rng(scene.seed + 11)
        blobs = clouds((height, width), width / 5, 4, rng)
        self._spray = np.clip(blobs * 0.9 + 0.4, 0, 1).astype(np.float32)[..., None]
        self._cloth = np.clip(0.16 + 0.02 * clouds((height, width), 24, 4, rng), 0, 1).astype(
            np.float32
        )
        self._held: Picture | None = None

    def apply(self, picture: Picture, t: float) -> Picture:
        """Call in order of time: `frozen` repeats the frame before its begin."""
        stuck = False
        for phase in active(self.scene, t):
            if phase.effect.kind == "frozen":
                stuck = True
            else:
                picture = self._one(picture, phase)
        if stuck and self._held is not None:
            return self._held
        self._held = picture
        return picture

    def _one(self, picture: Picture, phase: Phase) -> Picture:
        strength, kind = phase.effect.strength, phase.effect.kind
        height, width = picture.shape[:2]
        if kind == "shift":
            way = min(1.0, phase.since / 0.6) * strength
            matrix = np.array([[1, 0, -way * width], [0, 1, -0.35 * way * height]], np.float32)
            moved = cv2.warpAffine(
                picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101
            )
            return np.asarray(moved, np.uint8)
        if kind == "defocused":
            blurred = cv2.GaussianBlur(
                picture, (0, 0), 0.3 + 9 * strength * phase.fade * width / 640
            )
            return np.asarray(blurred, np.uint8)
        if kind == "covered":
            cloth = np.repeat((self._cloth * 255).astype(np.uint8)[..., None], 3, 2)
            drawn = int(
                width
                * min(
                    1.0,
                    phase.since / 0.8,
                    (phase.effect.end - phase.effect.begin - phase.since) / 0.8,
                )
            )
            result = picture.copy()
            result[:, :drawn] = cloth[:, :drawn]
            return result
        if kind == "sprayed":
            weight = self._spray * min(1.0, phase.since / 1.5) * strength * 2
            tint = np.array((40, 44, 48), np.float32)
            return np.asarray(
                picture * (1 - np.clip(weight, 0, 1)) + tint * np.clip(weight, 0, 1)
            ).astype(np.uint8)
        if kind == "black":
            return np.zeros_like(picture)
        return picture
