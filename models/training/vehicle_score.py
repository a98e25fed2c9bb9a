"""Judge a vehicle detector on held-out pictures: letterbox, decode, suppress, average precision.

The final figures come from scripts/evaluate and the shared evaluator; these here follow the same
rules (one class, IoU 0.5, labels lower than 32 px neutral) and exist to choose between checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from models.training.sources import Picture

Detections = tuple[np.ndarray, np.ndarray, np.ndarray]  # boxes (n, 4), scores (n,), types (n,)


def letterbox(image: np.ndarray, side: int) -> tuple[np.ndarray, float]:
    """The picture at the upper left of a grey square, and its scale."""
    scale = side / max(image.shape[:2])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.full((side, side, 3), 114, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(image, size, interpolation=method)
    return square, scale


def suppress(boxes: np.ndarray, scores: np.ndarray, limit: float) -> list[int]:
    """Greedy non-maximum suppression: the indices kept, best first."""
    order, kept = np.argsort(-scores), []
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    while len(order):
        best, order = order[0], order[1:]
        kept.append(int(best))
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        both = (high - low).clip(0).prod(1)
        order = order[both / (area[best] + area[order] - both + 1e-9) < limit]
    return kept


def detections(boxes: np.ndarray, logits: np.ndarray, scale: float) -> Detections:
    """Of one picture's raw boxes (A, 4) and logits (A, 5), in the picture's own pixels."""
    scores = 1 / (1 + np.exp(-logits[:, 0]))
    top = np.argsort(-scores)[:600]
    top = top[scores[top] > 0.02]
    boxes, scores, kinds = boxes[top] / scale, scores[top], logits[top, 1:].argmax(1)
    kept = suppress(boxes, scores, 0.6)[:200]
    return boxes[kept], scores[kept], kinds[kept]


def match(
    found: Detections, shown: Picture, limit: float, lowest: float
) -> tuple[list[tuple[float, bool]], int]:
    """(score, hit) of every detection that counts, and how many labels count."""
    boxes, scores, _ = found
    neutral = shown.boxes[:, 3] - shown.boxes[:, 1] < lowest
    free = ~neutral
    hits = []
    for box, score in zip(boxes, scores, strict=True):
        iou = overlaps(box, shown.boxes)
        best = int(np.argmax(np.where(free, iou, -1))) if len(iou) else -1
        if best >= 0 and free[best] and iou[best] >= limit:
            free[best] = False
            hits.append((float(score), True))
        elif box[3] - box[1] >= lowest and not (len(iou) and (iou[neutral] >= limit).any()):
            hits.append((float(score), False))
    return hits, int((~neutral).sum())


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    both = (high - low).clip(0).prod(1)
    area = (others[:, 2:] - others[:, :2]).prod(1)
    return both / ((box[2:] - box[:2]).prod() + area - both + 1e-9)


def average_precision(hits: list[tuple[float, bool]], total: int) -> tuple[float, float]:
    """(AP with the all-point envelope, recall at precision 0.9)."""
    if not hits or not total:
        return 0.0, 0.0
    right = np.array([hit for _, hit in sorted(hits, key=lambda h: -h[0])])
    recall = np.cumsum(right) / total
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    area = float((np.diff(np.r_[0, recall]) * envelope).sum())
    good = recall[precision >= 0.9]
    return area, float(good.max()) if len(good) else 0.0


def judge(
    detect: Callable[[list[np.ndarray]], list[Detections]], held: list[Picture]
) -> dict[str, tuple[float, float]]:
    """(AP50, recall at precision 0.9) per source and "all"; labels of 32 px and up.

    acpds_lots is matched at IoU 0.3, because half its boxes are a bay's, not a car's.
    """
    pools: dict[str, list[tuple[float, bool]]] = {"all": []}
    totals: dict[str, int] = {"all": 0}
    for start in range(0, len(held), 16):
        part = held[start : start + 16]
        for shown, found in zip(part, detect([p.image for p in part]), strict=True):
            name = shown.source.name
            hits, total = match(found, shown, 0.3 if shown.source.loose else 0.5, 32.0)
            for pool in (name, "all") if not shown.source.loose else (name,):
                pools.setdefault(pool, []).extend(hits)
                totals[pool] = totals.get(pool, 0) + total
    return {name: average_precision(hits, totals[name]) for name, hits in pools.items()}
