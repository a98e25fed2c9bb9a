"""Finds a plate in a picture, straightens it, and reads it. One look; the vote is in plates.py.

Two models: `plate_corners` gives plates with their four corners in a vehicle's crop, `plate_text`
reads a straightened plate of one or two lines. What a look says is what the models saw: no grammar
is applied here, so that nothing is bent into a plausible plate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from edge.geometry import Box
from edge.inference import Floats, Interpreter, ModelError, Picture, fit, load
from edge.plate_finder import PlateFinder, Quad, merge, overlaps, read_rule

# A find below this score that is not found again in the close look is none.
_SURE_FIND = 0.6
# With a reading as sure as this, nothing further is tried.
_SURE = 0.9
# What is read as fewer characters than this is hardly a plate: no second reading is spent on it.
_HARDLY = 4
# Plates narrower than this are read twice: there a sure province is often a wrong one.
_SMALL_PX = 80
# How an unsure picture of a plate alone is read again: wider and higher by these factors, and moved
# by these shares of its width and height. What a plate truly says survives a small shift.
_AGAIN = (
    (1.05, 1.05, 0.0, 0.0), (0.96, 0.96, 0.0, 0.0), (1.0, 1.0, 0.02, 0.0), (1.0, 1.0, -0.02, 0.0),
    (1.0, 1.0, 0.0, 0.05), (1.0, 1.0, 0.0, -0.05), (1.05, 0.95, 0.0, 0.0), (0.97, 1.08, 0.0, 0.0),
)  # fmt: skip
# A picture in which no reading of a plate's length is at least this sure is searched in pieces.
_SEEN = 0.2
# No plate can be read in fewer rows or columns.
_LEAST_PX = 8
# A picture of a plate alone is small and wide.
_CROP_MOST_PX = (480, 240)
_CROP_RATIO = (1.5, 7.0)
_FEWEST = 7  # characters of all but a few rare plates
# Width to height of a plate: 3.1 and more for one line, 2 for two; a single line seen at an angle
# comes near, so below this both readings are tried.
_MAYBE_TWO_LINES = 2.7
# Size (width, height) to which a two-line plate is straightened before its lines are laid out.
TWO_LINES = (320, 160)


@dataclass(frozen=True, slots=True)
class PlateLook:
    """What one look at one plate gave.

    `chars` holds one confidence (0-1) per character of `text`; `corners` are (x, y) in pixels of
    the whole picture, from the upper left clockwise as one reads; `sharpness` is the spread of the
    straightened plate's second derivative, to prefer sharp looks; `found` is the finder's score.
    """

    text: str
    chars: tuple[float, ...]
    colour: str
    colour_confidence: float
    corners: tuple[tuple[float, float], ...]
    found: float
    sharpness: float

    @property
    def confidence(self) -> float:
        """Chance that every character is right, if they err independently."""
        return float(np.prod(self.chars)) if self.chars else 0.0

    @property
    def rank(self) -> float:
        """For choosing between looks at one plate: confidence, and little for a short text."""
        return self.confidence if len(self.text) >= _FEWEST else self.confidence * 0.1

    @property
    def box(self) -> Box:
        xs, ys = zip(*self.corners, strict=True)
        return Box(min(xs), min(ys), max(xs), max(ys))


class TextDecoding(BaseModel):
    """`decoding` of plate_text: rows of columns read one after another, CTC."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Literal["ctc-rows"]
    blank: int
    characters: str
    colours: tuple[str, ...]


class PlateText:
    """Reads straightened plates by the `plate_text` model. Not for two threads at once."""

    def __init__(self, model: Interpreter) -> None:
        self.model = model
        self.rule = read_rule(model, TextDecoding)
        assert model.spec is not None, "a text model is described by its JSON"
        shapes = [tensor.shape for tensor in model.outputs]
        at = {output.role: output.shape for output in model.spec.outputs}
        if set(at) != {"text", "colour"} or any(shape not in shapes for shape in at.values()):
            raise ModelError(f"{model.path}: its JSON must tell of its outputs text and colour")
        self._text, self._colour = shapes.index(at["text"]), shapes.index(at["colour"])

    def read(self, plate: Picture) -> tuple[str, tuple[float, ...], str, float]:
        """Text, confidence per character, colour and its confidence of a straightened BGR plate."""
        fed, _, _ = fit(plate, self.model)
        outputs = self.model.run(fed)
        chances = softmax(outputs[self._text][0].reshape(-1, outputs[self._text].shape[-1]))
        text, chars = collapse(chances, self.rule)
        colour = softmax(outputs[self._colour][0])
        best = int(colour.argmax())
        return text, chars, self.rule.colours[best], float(colour[best])


class PlateReader:
    """Looks at plates. With a model missing it sees none, and every reading is `unread`."""

    def __init__(self, finder: PlateFinder | None, text: PlateText | None) -> None:
        self.finder, self.text = finder, text

    def read(self, image: Picture, vehicle: Box | None = None) -> PlateLook | None:
        """The surest plate on a vehicle of a BGR picture, None where none is seen."""
        if self.finder is None or self.text is None:
            return None
        left, top, right, bottom = _window(image, vehicle)
        window = image[top:bottom, left:right]
        if min(window.shape[:2]) < 2 * _LEAST_PX:
            return None
        looks = []
        for quad in self.finder.find(window)[:2]:
            looks += self._closely(window, quad)
            if looks and looks[-1].rank >= _SURE:
                break
        if not looks:
            return None
        best = max(looks, key=lambda look: (look.found * look.rank, look.found))
        shift = tuple((x + left, y + top) for x, y in best.corners)
        return replace(best, corners=shift)

    def read_all(self, image: Picture, thorough: bool = False) -> list[PlateLook]:
        """Every plate of a BGR picture that may show several vehicles, or one plate alone. Pieces
        of it are searched where the whole shows no plate, or always if `thorough`: far vehicles
        beside near ones."""
        if self.finder is None or self.text is None or min(image.shape[:2]) < _LEAST_PX:
            return []
        if _is_crop(image):
            return [self._crop(image)]
        quads = self.finder.find(image)
        looks = [look for quad in quads for look in self._closely(image, quad)]
        if not thorough and any(look.rank >= _SEEN for look in looks):
            return looks
        known = np.array([look.corners for look in looks], np.float32).reshape(-1, 4, 2)
        limit = self.finder.rule.nms_iou
        for quad in merge(self._pieces(image), limit, 2 * self.finder.rule.most):
            if (overlaps(quad.corners, known) <= limit).all():
                looks += self._closely(image, quad)
        return looks

    def _pieces(self, image: Picture) -> list[Quad]:
        """Plates in overlapping pieces of a picture, where they are larger for the model."""
        assert self.finder is not None
        high, wide = image.shape[:2]
        quads = []
        for top in (0, high * 2 // 5):
            for left in (0, wide * 2 // 5):
                piece = image[top : top + high * 3 // 5, left : left + wide * 3 // 5]
                for quad in self.finder.find(piece):
                    corners = quad.corners + np.array([left, top], np.float32)
                    quads.append(Quad(corners, quad.score))
        return quads

    def _closely(self, image: Picture, quad: Quad) -> list[PlateLook]:
        """The best of a few looks at one plate: a finder's small error cuts off the first or last
        character, so an unsure or short reading is tried again with more around it. None where
        the plate is not to be seen from close."""
        assert self.finder is not None
        sharp = self.finder.close(image, quad)
        if sharp is None and quad.score < _SURE_FIND:
            return []
        sharp = sharp or quad
        best = self._look(image, sharp)
        for tried in (sharp.wider(1.08), quad.wider(1.04), sharp.wider(1.16)):
            if best.rank >= _SURE or len(best.text) < _HARDLY:
                break
            best = max(best, self._look(image, tried), key=lambda look: look.rank)
        if sharp.width < _SMALL_PX and best.chars:
            best = doubted(best, self._look(image, sharp.wider(1.06)))
        return [best]

    def _crop(self, image: Picture) -> PlateLook:
        """A picture of little but one plate: as it is; if that is unsure, also straightened, and a
        little moved, and the readings vote."""
        assert self.finder is not None
        high, wide = image.shape[:2]
        corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
        whole = self._look(image, Quad(corners, 1.0))
        if whole.rank >= _SURE:
            return whole
        margin = wide // 3
        around = cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
        found = self.finder.find(np.asarray(around, np.uint8))[:1]
        quads = [Quad(quad.corners - margin, quad.score) for quad in found]
        quads += [Quad(moved(corners, *by), 1.0) for by in _AGAIN]
        return voted([whole, *(self._look(image, quad) for quad in quads)])

    def _look(self, image: Picture, quad: Quad) -> PlateLook:
        assert self.text is not None
        size = (self.text.model.width, self.text.model.height)
        plate = straighten(image, quad.corners, size)
        text, chars, colour, sure = self.text.read(plate)
        if quad.ratio < _MAYBE_TWO_LINES:
            lines = side_by_side(straighten(image, quad.corners, TWO_LINES), size)
            other = self.text.read(lines)
            if np.prod(other[1] or (0.0,)) > np.prod(chars or (0.0,)):
                text, chars, colour, sure = other
        sharpness = float(cv2.Laplacian(cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY), cv2.CV_32F).std())
        corners = tuple((float(x), float(y)) for x, y in quad.corners)
        return PlateLook(text, chars, colour, sure, corners, quad.score, sharpness)


def open_plate_reader(
    corners: Path | None, text: Path | None, runtime: str = "auto", threads: int = 1
) -> PlateReader:
    """Load both models; a path of None leaves that part out. Raises ModelError."""
    finder = PlateFinder.open(corners, runtime, threads) if corners else None
    reader = PlateText(load(text, runtime, threads)) if text else None
    return PlateReader(finder, reader)


def straighten(
    image: Picture,
    corners: Floats,
    size: tuple[int, int],
    rim: tuple[float, float] = (1.03, 1.08),
) -> Picture:
    """The plate within the corners as a rectangle of `size` (width, height), with a little rim."""
    middle = corners.mean(0)
    wider = middle + (corners - middle) * np.array(rim, np.float32)
    wide, high = size
    across = float(np.linalg.norm(wider[1] - wider[0]))
    if across > 3 * wide:  # shrink first, so that warping does not alias
        scale = 2 * wide / across
        image = np.asarray(
            cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        wider = wider * scale
    target = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    matrix = cv2.getPerspectiveTransform(wider.astype(np.float32), target)
    plate = cv2.warpPerspective(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(plate, np.uint8)


def side_by_side(plate: Picture, size: tuple[int, int]) -> Picture:
    """A straightened two-line plate as one line of `size`: the upper line's two characters, which
    stand in its middle, then the lower line's five."""
    high, wide = plate.shape[:2]
    upper = plate[round(0.04 * high) : round(0.38 * high), round(0.17 * wide) : round(0.83 * wide)]
    lower = plate[round(0.37 * high) :, :]
    first = round(size[0] * 0.3)
    parts = cv2.resize(upper, (first, size[1])), cv2.resize(lower, (size[0] - first, size[1]))
    return np.asarray(np.hstack(parts), np.uint8)


def collapse(chances: Floats, rule: TextDecoding) -> tuple[str, tuple[float, ...]]:
    """Greedy CTC: the text, and per character the highest chance in its run of columns."""
    best = chances.argmax(1)
    text: list[str] = []
    chars: list[float] = []
    before = rule.blank
    for column, symbol in enumerate(best.tolist()):
        chance = float(chances[column, symbol])
        if symbol != rule.blank and symbol != before:
            text.append(rule.characters[symbol - 1])
            chars.append(chance)
        elif symbol != rule.blank:
            chars[-1] = max(chars[-1], chance)
        before = symbol
    return "".join(text), tuple(chars)


def moved(corners: Floats, wider: float, higher: float, right: float, down: float) -> Floats:
    """The corners of an upright rectangle, stretched about its middle and shifted, in shares of
    its own size."""
    middle, size = corners.mean(0), np.ptp(corners, axis=0)
    stretched = (corners - middle) * np.array([wider, higher], np.float32)
    return np.asarray(middle + stretched + size * np.array([right, down], np.float32), np.float32)


def voted(looks: list[PlateLook]) -> PlateLook:
    """The surest look at the text that most readings of one picture speak for, by their ranks. No
    character is surer than the chance that two readings agree on it (the square of the share of
    the votes): the best of many tries alone would be bolder than each of them."""
    votes: dict[str, float] = {}
    for look in looks:
        votes[look.text] = votes.get(look.text, 0.0) + look.rank
    text = max(votes, key=lambda text: votes[text])
    best = max((look for look in looks if look.text == text), key=lambda look: look.rank)
    share = votes[text] / sum(votes.values()) if votes[text] else 0.0
    return replace(best, chars=tuple(min(sure, share**2) for sure in best.chars))


def doubted(look: PlateLook, again: PlateLook) -> PlateLook:
    """A look after the same plate was read again, a little shifted: a character is as sure as in
    the less sure reading, and half as sure where the readings differ."""
    if len(look.text) != len(again.text):
        return replace(look, chars=tuple(sure / 2 for sure in look.chars))
    pairs = zip(look.text, look.chars, again.text, again.chars, strict=True)
    return replace(look, chars=tuple(min(a, b) if c == d else a / 2 for c, a, d, b in pairs))


def softmax(logits: NDArray[np.float32]) -> Floats:
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True), np.float32)


def _window(image: Picture, vehicle: Box | None) -> tuple[int, int, int, int]:
    high, wide = image.shape[:2]
    if vehicle is None:
        return 0, 0, wide, high
    rim = 0.06 * max(vehicle.x2 - vehicle.x1, vehicle.y2 - vehicle.y1)
    left, top = max(0, int(vehicle.x1 - rim)), max(0, int(vehicle.y1 - rim))
    return left, top, min(wide, int(vehicle.x2 + rim)), min(high, int(vehicle.y2 + rim))


def _is_crop(image: Picture) -> bool:
    high, wide = image.shape[:2]
    small = wide <= _CROP_MOST_PX[0] and high <= _CROP_MOST_PX[1]
    return small and _CROP_RATIO[0] <= wide / high <= _CROP_RATIO[1]
