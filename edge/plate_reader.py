"""Finds a plate in a picture, straightens it, and reads it. One look; the vote is in plates.py.

Two models: `plate_corners` gives plates with their four corners in a vehicle's crop, `plate_text`
reads a straightened plate of one or two lines. What a look says is what the models saw: no grammar
is applied here, so that nothing is bent into a plausible plate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.geometry import Box
from edge.inference import Floats, Interpreter, ModelError, Picture, fit, load

# A second, closer look at a found plate: side of the window in plate widths.
_CLOSE = 1.7
# Pictures above this many pixels on their longer side are also searched in pieces.
_PIECES_FROM = 720
# A picture of a plate alone is small and wide.
_CROP_MOST_PX = (480, 240)
_CROP_RATIO = (1.5, 7.0)

Rule = TypeVar("Rule", bound=BaseModel)


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
    def box(self) -> Box:
        xs, ys = zip(*self.corners, strict=True)
        return Box(min(xs), min(ys), max(xs), max(ys))


class CornersDecoding(BaseModel):
    """`decoding` of plate_corners: a score and four corner offsets per cell."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Literal["dense-corners"]
    score: Literal["sigmoid"]
    corners: Literal["offset-strides"]
    corner_scale: Annotated[float, Field(gt=0)]
    min_score: float = 0.3
    nms_iou: Annotated[float, Field(gt=0, le=1)] = 0.4
    most: Annotated[int, Field(ge=1)] = 4


class TextDecoding(BaseModel):
    """`decoding` of plate_text: rows of columns read one after another, CTC."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Literal["ctc-rows"]
    blank: int
    characters: str
    colours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quad:
    """Four corners (4, 2) in pixels, and the finder's score."""

    corners: Floats
    score: float

    @property
    def width(self) -> float:
        return float(np.linalg.norm(self.corners[1] - self.corners[0]))


class PlateFinder:
    """Plates in a picture by the `plate_corners` model. Not for two threads at once."""

    def __init__(self, model: Interpreter) -> None:
        self.model = model
        self.rule = _rule(model, CornersDecoding)
        self._heads = _heads(model)

    def find(self, image: Picture) -> list[Quad]:
        """Plates of a BGR picture, surest first."""
        fed, across, down = fit(image, self.model)
        corners, scores = self._decode(self.model.run(fed))
        quads = []
        for corner, score in zip(corners, scores, strict=True):
            quad = Quad(corner * np.array([across, down], np.float32), float(score))
            if quad.score >= self.rule.min_score and convex(quad.corners):
                quads.append(quad)
        return merge(quads, self.rule.nms_iou, self.rule.most)

    def close(self, image: Picture, quad: Quad) -> Quad:
        """The same plate found again in a window around it, where its corners come out sharper."""
        middle = quad.corners.mean(0)
        reach = max(16.0, quad.width * _CLOSE / 2)
        left, top = (max(0, int(v - reach)) for v in middle)
        right, bottom = (int(v + reach) for v in middle)
        window = image[top:bottom, left:right]
        if min(window.shape[:2]) < 8:
            return quad
        for again in self.find(window):
            moved = Quad(again.corners + np.array([left, top], np.float32), again.score)
            if np.linalg.norm(moved.corners.mean(0) - middle) < quad.width * 0.25:
                return moved
        return quad

    def _decode(self, outputs: list[Floats]) -> tuple[Floats, Floats]:
        corners, scores = [], []
        for stride, at in self._heads.items():
            raw = outputs[at["corners"]][0]
            logits = outputs[at["score"]][0, ..., 0]
            chance = 1 / (1 + np.exp(-logits))
            rows, columns = np.nonzero(chance >= self.rule.min_score)
            centre = np.stack([columns + 0.5, rows + 0.5], 1) * stride
            offset = raw[rows, columns].reshape(-1, 4, 2) * stride * self.rule.corner_scale
            corners.append(centre[:, None] + offset)
            scores.append(chance[rows, columns])
        return (
            np.concatenate(corners).astype(np.float32),
            np.concatenate(scores).astype(np.float32),
        )


class PlateText:
    """Reads straightened plates by the `plate_text` model. Not for two threads at once."""

    def __init__(self, model: Interpreter) -> None:
        self.model = model
        self.rule = _rule(model, TextDecoding)
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
        if min(window.shape[:2]) < 16:
            return None
        looks = self._looks(window, self.finder.find(window)[:2])
        if not looks:
            return None
        best = max(looks, key=lambda look: (look.found * look.confidence, look.found))
        shift = tuple((x + left, y + top) for x, y in best.corners)
        return replace(best, corners=shift)

    def read_all(self, image: Picture) -> list[PlateLook]:
        """Every plate of a BGR picture that may show several vehicles, or one plate alone."""
        if self.finder is None or self.text is None:
            return []
        if _is_crop(image):
            return [self._crop(image)]
        quads = self.finder.find(image)
        if max(image.shape[:2]) >= _PIECES_FROM or not quads:
            quads = merge(quads + self._pieces(image), self.finder.rule.nms_iou, 8)
        return self._looks(image, quads)

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

    def _looks(self, image: Picture, quads: list[Quad]) -> list[PlateLook]:
        assert self.finder is not None
        looks = []
        for quad in quads:
            sharp = self.finder.close(image, quad)
            look = self._look(image, sharp)
            if look.confidence < 0.7 and sharp is not quad:
                look = max(look, self._look(image, quad), key=lambda one: one.confidence)
            looks.append(look)
        return looks

    def _crop(self, image: Picture) -> PlateLook:
        """A picture of little but one plate: as it is, or straightened if so it reads better."""
        assert self.finder is not None
        high, wide = image.shape[:2]
        corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
        whole = self._look(image, Quad(corners, 1.0))
        if whole.confidence >= 0.9:
            return whole
        margin = wide // 3
        around = cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
        looks = [whole]
        for quad in self.finder.find(np.asarray(around, np.uint8))[:1]:
            looks.append(self._look(image, Quad(quad.corners - margin, quad.score)))
        return max(looks, key=lambda look: look.confidence)

    def _look(self, image: Picture, quad: Quad) -> PlateLook:
        assert self.text is not None
        plate = straighten(image, quad.corners, (self.text.model.width, self.text.model.height))
        text, chars, colour, sure = self.text.read(plate)
        sharpness = float(cv2.Laplacian(cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY), cv2.CV_32F).std())
        corners = tuple((float(x), float(y)) for x, y in quad.corners)
        return PlateLook(text, chars, colour, sure, corners, quad.score, sharpness)


def open_plate_reader(
    corners: Path | None, text: Path | None, runtime: str = "auto", threads: int = 1
) -> PlateReader:
    """Load both models; a path of None leaves that part out. Raises ModelError."""
    finder = PlateFinder(load(corners, runtime, threads)) if corners else None
    reader = PlateText(load(text, runtime, threads)) if text else None
    return PlateReader(finder, reader)


def straighten(image: Picture, corners: Floats, size: tuple[int, int]) -> Picture:
    """The plate within the corners as a rectangle of `size` (width, height), with a little rim."""
    middle = corners.mean(0)
    wider = middle + (corners - middle) * np.array([1.03, 1.08], np.float32)
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


def softmax(logits: NDArray[np.float32]) -> Floats:
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Floats = (shares / shares.sum(axis=-1, keepdims=True)).astype(np.float32)
    return result


def convex(corners: Floats) -> bool:
    """Whether four corners go round clockwise on the screen without folding."""
    side = np.roll(corners, -1, 0) - corners
    follow = np.roll(side, -1, 0)
    return bool(((side[:, 0] * follow[:, 1] - side[:, 1] * follow[:, 0]) > 0).all())


def merge(quads: list[Quad], iou: float, most: int) -> list[Quad]:
    """One quad per plate: the mean of those that overlap the surest, weighted by score."""
    left = sorted(quads, key=lambda quad: -quad.score)
    merged: list[Quad] = []
    while left and len(merged) < most:
        best = left[0]
        same = [quad for quad in left if _overlap(best.corners, quad.corners) > iou]
        left = [quad for quad in left[1:] if _overlap(best.corners, quad.corners) <= iou]
        near = [quad for quad in same if quad.score > best.score * 0.7] or [best]
        weights = np.array([quad.score for quad in near], np.float32)
        corners = np.average([quad.corners for quad in near], 0, weights).astype(np.float32)
        merged.append(Quad(corners, best.score))
    return merged


def _overlap(a: Floats, b: Floats) -> float:
    low = np.maximum(a.min(0), b.min(0))
    high = np.minimum(a.max(0), b.max(0))
    both = float(np.prod((high - low).clip(0)))
    whole = float(np.prod(np.ptp(a, 0)) + np.prod(np.ptp(b, 0))) - both
    return both / whole if whole > 0 else 0.0


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


def _rule(model: Interpreter, kind: type[Rule]) -> Rule:
    if model.spec is None:
        raise ModelError(f"{model.path}: a plate model needs the JSON beside it")
    try:
        return kind.model_validate(model.spec.decoding)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = fault["loc"][0] if fault["loc"] else "kind"
        raise ModelError(
            f"{model.path.with_suffix('.json')}: decoding.{where}: {fault['msg']}"
        ) from None


def _heads(model: Interpreter) -> dict[int, dict[str, int]]:
    assert model.spec is not None, "a corner model is described by its JSON"
    shapes = [tensor.shape for tensor in model.outputs]
    heads: dict[int, dict[str, int]] = {}
    for output in model.spec.outputs:
        if output.shape not in shapes:
            raise ModelError(
                f"{model.path}: has no output of shape {list(output.shape)} ({output.role}); "
                f"it has {[list(shape) for shape in shapes]}"
            )
        heads.setdefault(output.stride, {})[output.role] = shapes.index(output.shape)
    if not heads or any(set(parts) != {"corners", "score"} for parts in heads.values()):
        raise ModelError(f"{model.path}: its JSON must tell of one corners and one score a stride")
    return heads
