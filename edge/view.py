"""Whether the camera sees what it should: dark, saturated, blurred, covered, frozen, moved.

Cheap: works on the small grey copy that each look needs anyway. A view that is not right makes the
lane unobserved, which stops clocks and accuses nobody; it also becomes an alert, because most
faults in the field are cameras, not boxes.
"""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import cv2
import numpy as np

from edge.appearance import Grey, Pixels, Values, correlation
from edge.wire.records import GapReason


class ViewState(StrEnum):
    OK = "ok"
    DARK = "dark"
    SATURATED = "saturated"
    BLURRED = "blurred"
    COVERED = "covered"
    FROZEN = "frozen"
    MOVED = "moved"


class Light(StrEnum):
    DAY = "day"
    DUSK = "dusk"
    IR = "ir"


BLIND = {
    ViewState.DARK: GapReason.CAMERA_DARK,
    ViewState.SATURATED: GapReason.CAMERA_COVERED,
    ViewState.BLURRED: GapReason.CAMERA_BLURRED,
    ViewState.COVERED: GapReason.CAMERA_COVERED,
    ViewState.FROZEN: GapReason.CAMERA_FROZEN,
    ViewState.MOVED: GapReason.CAMERA_MOVED,
}


_BLOCKS = (16, 9)
_TEXTURED = 0.02
_SWING_PX = 0.7
"""Of the small copy: a camera that still swings by more has not come to rest."""


@dataclass(frozen=True, slots=True)
class ViewRules:
    """Grey levels, shares of the frame width, and seconds at which a view stops being right."""

    dark_level: float = 14.0
    saturated_level: float = 242.0
    flat_spread: float = 7.0
    sharpness_share: float = 0.22
    covered_share: float = 0.55
    moved_share: float = 0.02
    correct_share: float = 0.10
    correct_s: float = 4.0
    explained: float = 0.5
    alike: float = 0.3
    registered: float = 0.75
    frozen_s: float = 20.0
    confirm_s: float = 3.0
    refresh_s: float = 120.0


@dataclass(frozen=True, slots=True)
class View:
    """How the camera sees: `state` is confirmed, `found` is what this one look shows.

    `shift` is the sway against the reference, in pixels of the frame; `moved` is how much of it is
    taken for lasting, in whole pixels: the lanes are to be laid onto the view by so much.
    """

    state: ViewState
    found: ViewState
    light: Light
    shift: tuple[float, float]
    similarity: float
    moved: tuple[int, int] = (0, 0)

    @property
    def blind(self) -> GapReason | None:
        """Why this look proves nothing. A mere suspicion suffices: doubt favours the owner."""
        return BLIND.get(self.found) or BLIND.get(self.state)

    @property
    def moved_px(self) -> float:
        return float(np.hypot(*self.shift))


@dataclass
class CameraView:
    """Judges each look against a reference view that follows the light, and never a shift."""

    rules: ViewRules = field(default_factory=ViewRules)
    lanes_remain: Callable[[tuple[float, float]], bool] = lambda moved: True
    """Whether enough of the lanes stays in the frame of a view moved so far."""
    moved: tuple[int, int] = (0, 0)
    """By how much the view was moved for good, in pixels of the frame."""
    _settling: tuple[float, float] = (0.0, 0.0)
    _settling_since_s: float | None = None
    _references: dict[bool, Values] = field(default_factory=dict)
    _followed_s: dict[bool, float] = field(default_factory=dict)
    _sharpness: float | None = None
    _last: Grey | None = None
    _repeat_since_s: float | None = None
    _suspect: ViewState | None = None
    _suspect_since_s: float = 0.0
    _state: ViewState = ViewState.OK
    _last_s: float = 0.0

    def look(self, grey: Grey, image: Pixels, t_s: float) -> View:
        """Judge one look: `image` is the frame (BGR), `grey` its small copy, `t_s` its time.

        A new state is confirmed once it has lasted `confirm_s`: a lorry that fills the view for a
        moment is no alert.
        """
        light = light_of(image, grey)
        infrared = light is Light.IR
        shift, similarity = self._register(grey, infrared)
        found = self._judge(grey, shift, similarity, t_s)
        if self._has_settled(found, grey, shift, similarity, t_s):
            self.moved = (round(shift[0]), round(shift[1]))
            self._state = found = ViewState.OK
        self._confirm(found, t_s)
        if found is ViewState.OK and self._state is ViewState.OK:
            self._follow(grey, infrared, t_s)
        self._last, self._last_s = grey, t_s
        return View(self._state, found, light, shift, similarity, self.moved)

    def accept(self) -> None:
        """Take the present view as the right one: an installer has said so."""
        self._references.clear()
        self._followed_s.clear()
        self._sharpness = None
        self.moved = (0, 0)
        self._state, self._suspect = ViewState.OK, None

    @property
    def known(self) -> bool:
        """Whether there is a reference view, and the camera sees well now."""
        return bool(self._references) and self._state is ViewState.OK

    def to_bytes(self) -> bytes:
        """The reference view, to be kept on disk: a restart must not accept a moved camera."""
        kept = {
            f"reference_{int(infrared)}": np.clip(np.round(values * 32), -127, 127).astype(np.int8)
            for infrared, values in self._references.items()
        }
        out = io.BytesIO()
        np.savez_compressed(out, sharpness=np.float32(self._sharpness or 0.0), **kept)
        return out.getvalue()

    def restore(self, kept: bytes) -> None:
        """Take up a reference view again. Raises ValueError for bytes that are none."""
        try:
            with np.load(io.BytesIO(kept), allow_pickle=False) as arrays:
                sharp = float(arrays["sharpness"])
                found = {
                    name == "reference_1": arrays[name].astype(np.float32) / np.float32(32)
                    for name in arrays.files
                    if name in {"reference_0", "reference_1"}
                }
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"kept reference view cannot be read: {error}") from None
        self._references = found
        self._followed_s = dict.fromkeys(found, self.rules.refresh_s)
        self._sharpness = sharp or None

    def _judge(
        self, grey: Grey, shift: tuple[float, float], similarity: float, t_s: float
    ) -> ViewState:
        pixels = grey.pixels
        level, spread = float(pixels.mean()), float(pixels.std())
        if self._frozen(grey, t_s):
            return ViewState.FROZEN
        if level < self.rules.dark_level and spread < 2 * self.rules.flat_spread:
            return ViewState.DARK
        if level > self.rules.saturated_level:
            return ViewState.SATURATED
        # Where most blocks look like the reference, most of it is not covered: no need to ask.
        familiar = similarity >= self.rules.registered
        covered = not familiar and self._flat_share(grey) > self.rules.covered_share
        if spread < self.rules.flat_spread or covered:
            return ViewState.COVERED
        if self._sharpness and grey.sharpness < self.rules.sharpness_share * self._sharpness:
            return ViewState.BLURRED
        limit_px = self.rules.moved_share * pixels.shape[1] / grey.scale[0]
        away = shift[0] - self.moved[0], shift[1] - self.moved[1]
        if similarity < self.rules.alike or float(np.hypot(*away)) > limit_px:
            return ViewState.MOVED
        return ViewState.OK

    def _has_settled(
        self,
        found: ViewState,
        grey: Grey,
        shift: tuple[float, float],
        similarity: float,
        t_s: float,
    ) -> bool:
        """Whether a camera that was bumped has come to rest, and so near that its lanes can be
        laid onto the new view: the shift alone explains it, it has lasted, and it is small."""
        width_px = grey.pixels.shape[1] / grey.scale[0]
        small = float(np.hypot(*shift)) <= self.rules.correct_share * width_px
        plain = found is ViewState.MOVED and similarity >= self.rules.explained
        if not (plain and small and self.lanes_remain(shift)):
            self._settling_since_s = None
            return False
        swing = np.hypot(shift[0] - self._settling[0], shift[1] - self._settling[1])
        if self._settling_since_s is None or float(swing) > _SWING_PX / grey.scale[0]:
            self._settling, self._settling_since_s = shift, t_s
        return t_s - self._settling_since_s >= self.rules.correct_s

    def _frozen(self, grey: Grey, t_s: float) -> bool:
        """The very same picture for `frozen_s`: a sensor always has noise."""
        if self._last is None or not np.array_equal(self._last.pixels, grey.pixels):
            self._repeat_since_s = None
            return False
        if self._repeat_since_s is None:
            self._repeat_since_s = self._last_s
        return t_s - self._repeat_since_s >= self.rules.frozen_s

    def _flat_share(self, grey: Grey) -> float:
        """Share of what had texture in the reference and is flat now: a hand, a bag, paint."""
        reference = next(iter(self._references.values()), None)
        if reference is None:
            return 0.0
        textured = _texture(reference) > 0.35
        if float(textured.mean()) < 0.1:
            return 0.0
        return float((_texture(self._aligned(grey))[textured] < 0.12).mean())

    def _aligned(self, grey: Grey) -> Values:
        """The look laid back onto the reference, by what the view was moved for good."""
        if self.moved == (0, 0):
            return grey.normal
        right, down = self.moved[0] * grey.scale[0], self.moved[1] * grey.scale[1]
        return _shifted(grey.normal, -right, -down)

    def _register(self, grey: Grey, infrared: bool) -> tuple[tuple[float, float], float]:
        """The shift (frame pixels) of this view against the reference, and how alike they are."""
        reference = self._references.get(infrared)
        if reference is None:
            reference = next(iter(self._references.values()), grey.normal)
        if reference.shape != grey.normal.shape:
            return (0.0, 0.0), 0.0
        known = (float(self.moved[0]), float(self.moved[1]))
        still = blockwise(reference, self._aligned(grey))
        if still >= self.rules.registered:
            return known, still
        window = cv2.createHanningWindow((reference.shape[1], reference.shape[0]), cv2.CV_32F)
        # OpenCV 4.11 applies the window to its arguments in place: hand it copies.
        (dx, dy), _ = cv2.phaseCorrelate(reference.copy(), grey.normal.copy(), window)
        moved = blockwise(reference, _shifted(grey.normal, -dx, -dy))
        if moved < still + 0.1:
            # A shift that explains the picture no better than standing still is no shift.
            return known, still
        return (dx / grey.scale[0], dy / grey.scale[1]), moved

    def _confirm(self, found: ViewState, t_s: float) -> None:
        if found is self._state:
            self._suspect = None
        elif found is not self._suspect:
            self._suspect, self._suspect_since_s = found, t_s
        elif t_s - self._suspect_since_s >= self.rules.confirm_s:
            self._state, self._suspect = found, None

    def _follow(self, grey: Grey, infrared: bool, t_s: float) -> None:
        reference = self._references.get(infrared)
        if reference is None or reference.shape != grey.normal.shape:
            self._references[infrared] = self._aligned(grey).copy()
            self._followed_s[infrared] = 0.0
            self._sharpness = grey.sharpness
            return
        elapsed_s = t_s - self._last_s
        self._followed_s[infrared] += elapsed_s
        # A plain mean at first, so that one poor first frame is soon outweighed.
        memory_s = min(self.rules.refresh_s, self._followed_s[infrared])
        rate = 1.0 - float(np.exp(-elapsed_s / memory_s)) if memory_s > 0 else 0.0
        reference += np.float32(rate) * (self._aligned(grey) - reference)
        seen = grey.sharpness
        self._sharpness = seen + (1 - rate) * ((self._sharpness or seen) - seen)


def light_of(image: Pixels, grey: Grey) -> Light:
    """Infrared pictures have no colour; at dusk little light is left."""
    step = max(1, image.shape[1] // 64)
    sparse = image[::step, ::step].reshape(-1, 3).astype(np.int16)
    colour = float((sparse.max(axis=1) - sparse.min(axis=1)).mean())
    if colour < 3.0:
        return Light.IR
    return Light.DUSK if float(grey.pixels.mean()) < 55.0 else Light.DAY


def blockwise(reference: Values, now: Values) -> float:
    """How alike two views are, -1 to 1: the median correlation over the blocks with texture.

    Vehicles cover some blocks; only another view changes most of them.
    """
    blocks = (_BLOCKS[0], _BLOCKS[1])
    product, energy, other = (
        cv2.resize(values, blocks, interpolation=cv2.INTER_AREA)
        for values in (reference * now, reference * reference, now * now)
    )
    textured = energy > _TEXTURED
    if int(textured.sum()) < 4:
        return correlation(reference, now)
    return float(np.median(product[textured] / np.sqrt(energy[textured] * other[textured] + 1e-9)))


def _texture(normal: Values) -> Values:
    energy = cv2.blur(normal * normal, (9, 9))
    return np.asarray(np.sqrt(np.maximum(energy, 0)), np.float32)


def _shifted(values: Values, dx: float, dy: float) -> Values:
    move = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    height, width = values.shape
    return np.asarray(
        cv2.warpAffine(values, move, (width, height), borderMode=cv2.BORDER_REFLECT), np.float32
    )
