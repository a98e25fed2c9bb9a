"""Finds plates and their four corners in a picture, by the `plate_corners` model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.inference import Floats, Interpreter, ModelError, Picture, fit, load

# A second, closer look at a found plate: side of the window in plate widths. Plates were shown this
# large to the network in training, and measured corners come out best (models/README.md).
_CLOSE = 1.4

Rule = TypeVar("Rule", bound=BaseModel)


class CornersDecoding(BaseModel):
    """`decoding` of plate_corners: a score and four corner offsets per cell. `close` names a file
    beside it: the same network for a smaller window, for the second look."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Literal["dense-corners"]
    score: Literal["sigmoid"]
    corners: Literal["offset-strides"]
    corner_scale: Annotated[float, Field(gt=0)]
    min_score: float = 0.3
    nms_iou: Annotated[float, Field(gt=0, le=1)] = 0.4
    most: Annotated[int, Field(ge=1)] = 4
    close: str | None = None


@dataclass(frozen=True, slots=True)
class Quad:
    """Four corners (4, 2) in pixels, and the finder's score."""

    corners: Floats
    score: float

    @property
    def width(self) -> float:
        return float(np.linalg.norm(self.corners[1] - self.corners[0]))

    def wider(self, factor: float) -> Quad:
        """Grown about its middle, in height half as much."""
        middle = self.corners.mean(0)
        grown = middle + (self.corners - middle) * np.array([factor, (1 + factor) / 2], np.float32)
        return Quad(grown.astype(np.float32), self.score)

    @property
    def ratio(self) -> float:
        """Mean width to mean height."""
        side = np.linalg.norm(np.roll(self.corners, -1, 0) - self.corners, axis=1)
        return float((side[0] + side[2]) / max(side[1] + side[3], 1e-6))


class PlateFinder:
    """Plates in a picture by the `plate_corners` model. `near` finds one plate again in a window
    that it fills; without it the model itself does. Not for two threads at once."""

    def __init__(self, model: Interpreter, near: PlateFinder | None = None) -> None:
        self.model, self.near = model, near
        self.rule = read_rule(model, CornersDecoding)
        self._heads = _heads(model)

    @classmethod
    def open(cls, path: Path, runtime: str = "auto", threads: int = 1) -> Self:
        """Load a model and the one that its JSON names for close looks. Raises ModelError."""
        model = load(path, runtime, threads)
        close = read_rule(model, CornersDecoding).close
        beside = path.with_name(close) if close else None
        return cls(model, cls(load(beside, runtime, threads)) if beside else None)

    def find(self, image: Picture) -> list[Quad]:
        """Plates of a BGR picture, surest first."""
        fed, across, down = fit(image, self.model)
        corners, scores = self._decode(self.model.run(fed))
        corners = corners * np.array([across, down], np.float32)
        kept = np.nonzero(convex(corners))[0]
        quads = [Quad(corners[k], float(scores[k])) for k in kept]
        return merge(quads, self.rule.nms_iou, self.rule.most)

    def close(self, image: Picture, quad: Quad) -> Quad | None:
        """The same plate found again in a window around it, where its corners come out sharper;
        None where it is not."""
        middle = quad.corners.mean(0)
        reach = max(16.0, quad.width * _CLOSE / 2)
        left, top = (max(0, int(v - reach)) for v in middle)
        right, bottom = (int(v + reach) for v in middle)
        window = image[top:bottom, left:right]
        if min(window.shape[:2]) < 8:
            return None
        for again in (self.near or self).find(window):
            moved = Quad(again.corners + np.array([left, top], np.float32), again.score)
            if np.linalg.norm(moved.corners.mean(0) - middle) < quad.width * 0.25:
                return moved
        return None

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


def convex(corners: Floats) -> NDArray[np.bool_]:
    """Of quads (n, 4, 2), which go round clockwise on the screen without folding."""
    side = corners[:, [1, 2, 3, 0]] - corners
    follow = side[:, [1, 2, 3, 0]]
    turn = side[..., 0] * follow[..., 1] - side[..., 1] * follow[..., 0]
    return np.asarray((turn > 0).all(1))


def merge(quads: list[Quad], iou: float, most: int) -> list[Quad]:
    """One quad per plate: the mean of those that overlap the surest, weighted by score."""
    if not quads:
        return []
    quads = sorted(quads, key=lambda quad: -quad.score)
    corners = np.stack([quad.corners for quad in quads])
    scores = np.array([quad.score for quad in quads], np.float32)
    left = np.arange(len(quads))
    merged: list[Quad] = []
    while len(left) and len(merged) < most:
        best = left[0]
        same = overlaps(corners[best], corners[left]) > iou
        near = left[same & (scores[left] > scores[best] * 0.7)]
        near = near if len(near) else left[:1]
        middle = np.average(corners[near], 0, scores[near]).astype(np.float32)
        merged.append(Quad(middle, quads[best].score))
        same[0] = True
        left = left[~same]
    return merged


def overlaps(quad: Floats, others: Floats) -> Floats:
    """Shared area over joint area: the upright box around a quad, and each of others (n, 4, 2)."""
    low, high = others.min(1), others.max(1)
    near, far = quad.min(0), quad.max(0)
    both = (np.minimum(high, far) - np.maximum(low, near)).clip(0).prod(1)
    whole = (high - low).prod(1) + (far - near).prod() - both
    return np.asarray(both / np.maximum(whole, 1e-6), np.float32)


def read_rule(model: Interpreter, kind: type[Rule]) -> Rule:
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
