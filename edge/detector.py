"""Finds vehicles in a picture or in one region of it; boxes come back in pixels of the picture.

Two kinds of model: those that end in TFLite_Detection_PostProcess (the standard SSD form, with a
label map), and plain one- or many-scale heads described by the JSON beside the model. The region
is cut out and enlarged, and tiled where vehicles would come out too small for the model.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.config import DetectorConfig
from edge.geometry import Box
from edge.inference import Floats, Interpreter, ModelError, Picture, fit, load
from edge.pieces import Pieces, cut_off, tiles

VEHICLES = ("car", "truck", "bus", "motorcycle")
_COCO_VEHICLES = {2: "car", 3: "motorcycle", 5: "bus", 7: "truck"}
_SSD_SCORE = 0.40
_SSD_NMS_IOU = 0.5
_INSIDE = 0.8
_CONFIRM_CROPS = ((4.0, False), (6.0, True), (8.0, False), (5.0, True))
_CONFIRM_IOU = 0.4
CROPS = len(_CONFIRM_CROPS)
_LEAST_SHARE = 1 / 12
"""A vehicle smaller than this share of the model's side is easily missed."""


@dataclass(frozen=True, slots=True)
class Detection:
    """`label` is car, truck, bus, motorcycle or vehicle; `score` 0-1."""

    box: Box
    label: str
    score: float


class _Found(Protocol):
    """What a model says of one crop: boxes [N, 4] in its input's pixels, labels, scores [N]."""

    def __call__(self, outputs: list[Floats]) -> "Boxes": ...


@dataclass(frozen=True, slots=True)
class Boxes:
    xyxy: Floats
    labels: tuple[str, ...]
    scores: Floats


class DenseDecoding(BaseModel):
    """`decoding` of an anchor-free head: distances to the four sides from each cell's centre."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Literal["dense-anchor-free"]
    box: Literal["exp-ltrb"]
    box_clip: tuple[float, float] = (-4.0, 4.0)
    score: Literal["sigmoid"]
    score_channel: int = 0
    type_channels: tuple[int, ...] = ()
    type_min: float = 0.5
    min_score: float = 0.02
    before_nms: Annotated[int, Field(ge=1)] = 600
    nms_iou: Annotated[float, Field(gt=0, le=1)] = 0.6
    most: Annotated[int, Field(ge=1)] = 200
    recommended_score: float = 0.35


@dataclass(frozen=True, slots=True)
class Head:
    """How one model is read."""

    decode: Callable[[list[Floats]], Boxes]
    recommended_score: float
    lowest_score: float
    nms_iou: float


class Detector:
    """One interpreter, shared by all cameras of the box; not for two threads at once."""

    def __init__(self, model: Interpreter, config: DetectorConfig) -> None:
        self.model = model
        self._config = config
        self._head = _head(model, config.labels)
        self.min_score = config.min_score or self._head.recommended_score
        self.lowest_score = self._head.lowest_score

    def detect(
        self,
        image: Picture,
        region: Box | None = None,
        min_score: float | None = None,
        pieces_for: Pieces | None = None,
    ) -> list[Detection]:
        """Vehicles in the region (default: the whole picture), best first.

        `image` is BGR [height, width, 3]. Scores below `min_score` are left out. `pieces_for` says
        which pieces are looked at enlarged; None: all."""
        floor = self.min_score if min_score is None else min_score
        whole, *pieces = self._tiles(image, region) or [(0, 0, 0, 0)]
        if whole[2] <= whole[0]:
            return []
        found = self._look(image, whole, floor)
        for number, piece in enumerate(pieces):
            if pieces_for is not None and not pieces_for.wants(number, len(pieces), Box(*piece)):
                continue
            # The whole region and the neighbouring piece show uncut what a piece's edge cuts.
            found += [
                one for one in self._look(image, piece, floor) if not cut_off(one.box, piece, whole)
            ]
        return suppress(found, self._head.nms_iou)

    def confirm(self, image: Picture, box: Box, crop: int) -> float:
        """How surely a vehicle stands at the box, 0-1, by another crop around it: there are CROPS
        of them, half of them mirrored. A patch of ground that looks like a vehicle in one does
        not in all: their means are 0.2-0.45 for such patches, 0.55 and more for vehicles."""
        scale, mirrored = _CONFIRM_CROPS[crop % CROPS]
        x, y = box.centre
        reach = max(box.width, box.height) * scale / 2
        left, top = max(0, int(x - reach)), max(0, int(y - reach))
        cut = image[top : round(y + reach) + 1, left : round(x + reach) + 1]
        there = Box(box.x1 - left, box.y1 - top, box.x2 - left, box.y2 - top)
        if mirrored:
            cut = np.ascontiguousarray(cut[:, ::-1])
            there = Box(cut.shape[1] - there.x2, there.y1, cut.shape[1] - there.x1, there.y2)
        found = self._look(cut, (0, 0, cut.shape[1], cut.shape[0]), self.lowest_score)
        return max((d.score for d in found if d.box.iou(there) > _CONFIRM_IOU), default=0.0)

    def small(self, box: Box, region: Box) -> bool:
        """Whether a vehicle of this size comes out too small where the region is seen whole."""
        scale = min(
            self.model.width / max(region.width, 1), self.model.height / max(region.height, 1)
        )
        return box.size * scale < self.model.height * _LEAST_SHARE

    def _look(
        self, image: Picture, tile: tuple[int, int, int, int], floor: float
    ) -> list[Detection]:
        left, top, right, bottom = tile
        picture, sx, sy = fit(image[top:bottom, left:right], self.model)
        boxes = self._head.decode(self.model.run(picture))
        found = []
        for (x1, y1, x2, y2), label, score in zip(
            boxes.xyxy.tolist(), boxes.labels, boxes.scores.tolist(), strict=True
        ):
            if score < floor:
                continue
            box = Box(
                min(max(x1 * sx, 0.0), right - left) + left,
                min(max(y1 * sy, 0.0), bottom - top) + top,
                min(max(x2 * sx, 0.0), right - left) + left,
                min(max(y2 * sy, 0.0), bottom - top) + top,
            )
            if box.x2 - box.x1 >= 2 and box.y2 - box.y1 >= 2:
                found.append(Detection(box, label, score))
        return found

    def _tiles(self, image: Picture, region: Box | None) -> list[tuple[int, int, int, int]]:
        height, width = image.shape[:2]
        if region is None:
            whole = (0, 0, width, height)
        else:
            whole = (
                max(0, int(region.x1)),
                max(0, int(region.y1)),
                min(width, round(region.x2)),
                min(height, round(region.y2)),
            )
        # `vehicle_px` is told for a frame 720 high.
        small = self._config.vehicle_px * height / 720
        side = max(self.model.width, self.model.height) * small / (self.model.height * _LEAST_SHARE)
        return tiles(whole, max(side, 64.0), self._config.tiles)


def open_detector(config: DetectorConfig) -> Detector:
    """Load the model and find out how to read it. Raises ModelError."""
    return Detector(load(config.model, config.runtime, config.threads), config)


def suppress(found: Sequence[Detection], iou: float) -> list[Detection]:
    """Greedy non-maximum suppression over all labels together, best first. A box that lies almost
    wholly in a better one goes too: it is a part of the same vehicle cut by a tile's edge."""
    kept: list[Detection] = []
    for one in sorted(found, key=lambda detection: -detection.score):
        if not any(_same(one.box, better.box, iou) for better in kept):
            kept.append(one)
    return kept


def _same(box: Box, better: Box, iou: float) -> bool:
    overlap = max(0.0, min(box.x2, better.x2) - max(box.x1, better.x1)) * max(
        0.0, min(box.y2, better.y2) - max(box.y1, better.y1)
    )
    area = (box.x2 - box.x1) * (box.y2 - box.y1)
    other = (better.x2 - better.x1) * (better.y2 - better.y1)
    if overlap <= 0:
        return False
    # A small vehicle in front of a large one also lies in its box, so only parts of some size go.
    part = overlap / area > _INSIDE and area / other > 0.25
    return overlap / (area + other - overlap) > iou or part


def _head(model: Interpreter, labels: Path | None) -> Head:
    if model.spec is not None and model.spec.decoding.get("kind") == "dense-anchor-free":
        return _dense_head(model)
    if model.spec is not None:
        raise ModelError(
            f"{model.path}: its JSON tells of decoding {model.spec.decoding.get('kind')!r}; "
            "a vehicle model is dense-anchor-free, or has the SSD form and no JSON"
        )
    return _ssd_head(model, labels)


Index: TypeAlias = NDArray[np.intp]


def _dense_head(model: Interpreter) -> Head:
    assert model.spec is not None, "a dense head is described by its JSON"
    spec = model.spec
    try:
        rule = DenseDecoding.model_validate(spec.decoding)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise ModelError(
            f"{model.path.with_suffix('.json')}: decoding.{fault['loc'][0]}: {fault['msg']}"
        ) from None
    shapes = [tensor.shape for tensor in model.outputs]
    scales: dict[int, dict[str, int]] = {}
    for output in spec.outputs:
        if output.shape not in shapes:
            raise ModelError(
                f"{model.path}: has no output of shape {list(output.shape)} ({output.role}); "
                f"it has {[list(shape) for shape in shapes]}"
            )
        scales.setdefault(output.stride, {})[output.role] = shapes.index(output.shape)
    if any(set(parts) != {"box", "cls"} for parts in scales.values()):
        raise ModelError(f"{model.path}: its JSON must tell of one box and one cls a stride")

    def decode(outputs: list[Floats]) -> Boxes:
        parts = [
            _dense_scale(outputs[at["box"]][0], outputs[at["cls"]][0], stride, rule)
            for stride, at in scales.items()
        ]
        xyxy, scores, kinds, sure = (np.concatenate([part[i] for part in parts]) for i in range(4))
        best = np.argsort(-scores)[: rule.before_nms]
        keep = best[_nms(xyxy[best], rule.nms_iou)][: rule.most]
        labels = tuple(
            spec.classes[int(kinds[i])] if sure[i] >= rule.type_min else "vehicle" for i in keep
        )
        return Boxes(xyxy[keep], labels, scores[keep])

    return Head(decode, rule.recommended_score, rule.min_score, rule.nms_iou)


def _dense_scale(
    box: Floats, cls: Floats, stride: int, rule: DenseDecoding
) -> tuple[Floats, Floats, Floats, Floats]:
    """Boxes, scores, kinds and the kinds' certainty of the cells that score enough.

    `box` [H, W, 4] holds logarithms of left, top, right, bottom in strides; `cls` [H, W, C]."""
    score = 1 / (1 + np.exp(-cls[..., rule.score_channel]))
    rows, columns = np.nonzero(score >= rule.min_score)
    sides = np.exp(np.clip(box[rows, columns], *rule.box_clip)) * stride
    cx, cy = (columns + 0.5) * stride, (rows + 0.5) * stride
    xyxy = np.stack(
        [cx - sides[:, 0], cy - sides[:, 1], cx + sides[:, 2], cy + sides[:, 3]], axis=1
    )
    kinds = np.zeros(len(rows), np.float32)
    sure = np.zeros(len(rows), np.float32)
    if rule.type_channels and len(rows):
        logits = cls[rows, columns][:, list(rule.type_channels)]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        kinds = shares.argmax(axis=1).astype(np.float32)
        sure = shares.max(axis=1)
    return xyxy.astype(np.float32), score[rows, columns], kinds, sure


def _nms(xyxy: Floats, iou: float) -> Index:
    """Indices that stay, of boxes that come best first."""
    area = (xyxy[:, 2] - xyxy[:, 0]) * (xyxy[:, 3] - xyxy[:, 1])
    left = np.arange(len(xyxy))
    kept = []
    while len(left):
        best, rest = left[0], left[1:]
        kept.append(best)
        size = np.minimum(xyxy[best, 2:], xyxy[rest, 2:]) - np.maximum(
            xyxy[best, :2], xyxy[rest, :2]
        )
        overlap = np.prod(np.clip(size, 0, None), axis=1)
        left = rest[overlap <= iou * (area[best] + area[rest] - overlap)]
    return np.array(kept, dtype=np.intp)


def _ssd_head(model: Interpreter, labels: Path | None) -> Head:
    """TFLite_Detection_PostProcess gives boxes [1, N, 4] as y1, x1, y2, x2 in shares, classes
    [1, N], scores [1, N] and their count [1], in this order."""
    shapes = [tensor.shape for tensor in model.outputs]
    n = shapes[0][1] if shapes and len(shapes[0]) == 3 else 0
    if shapes != [(1, n, 4), (1, n), (1, n), (1,)]:
        raise ModelError(
            f"{model.path}: wrong output shapes {[list(shape) for shape in shapes]}; allowed: the "
            "SSD form [1,N,4], [1,N], [1,N], [1], or any with a JSON beside the model"
        )
    names = _label_map(model, labels)

    def decode(outputs: list[Floats]) -> Boxes:
        count = int(outputs[3][0])
        kinds = outputs[1][0][:count].astype(int)
        chosen = [i for i, kind in enumerate(kinds) if _name(names, int(kind), model) in VEHICLES]
        yxyx = outputs[0][0][chosen]
        size = np.array([model.width, model.height] * 2, np.float32)
        xyxy = yxyx[:, [1, 0, 3, 2]] * size
        return Boxes(
            xyxy.astype(np.float32),
            tuple(_name(names, int(kinds[i]), model) for i in chosen),
            outputs[2][0][chosen],
        )

    return Head(decode, _SSD_SCORE, 0.02, _SSD_NMS_IOU)


def _name(names: Sequence[str] | None, kind: int, model: Interpreter) -> str:
    if names is None:
        return _COCO_VEHICLES.get(kind, "")
    if kind >= len(names):
        raise ModelError(
            f"{model.path}: saw class {kind}, but its label map has only {len(names)} labels"
        )
    return names[kind]


def _label_map(model: Interpreter, labels: Path | None) -> tuple[str, ...] | None:
    """One label a line. A first line of `???` is the background, which the outputs do not count.
    Without a label map the classes are taken as those of COCO."""
    if labels is None:
        beside = model.path.with_name("labelmap.txt")
        if not beside.is_file():
            return None
        labels = beside
    try:
        names = tuple(line.strip() for line in labels.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{labels}: the label map cannot be read: {error}") from None
    names = names[1:] if names[:1] == ("???",) else names
    classes = model.classes_counted()
    if classes is not None and len(names) < classes:
        raise ModelError(
            f"{labels}: the label map is too short: {len(names)} labels, "
            f"the model has {classes} classes"
        )
    if not set(names) & set(VEHICLES):
        raise ModelError(
            f"{labels}: no vehicle among its {len(names)} labels; one of {', '.join(VEHICLES)} "
            "must be there"
        )
    return names
