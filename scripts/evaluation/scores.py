"""Average precision with bootstrapped confidence intervals, by the shared evaluator's rules.

A picture is the unit that is drawn again: its labels and detections stay together. Matching is done
once per picture, since no rule reaches across pictures.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Boxes: TypeAlias = NDArray[np.float64]
ROUNDS = 400


@dataclass(frozen=True, slots=True)
class Judged:
    """One picture: (score, hit) of every detection that counts, and how many labels count."""

    hits: tuple[tuple[float, bool], ...]
    labels: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with the 2.5 and 97.5 per cent points of its bootstrap."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def judge_picture(
    boxes: Boxes, scores: Sequence[float], labels: Boxes, iou: float, lowest_px: float
) -> Judged:
    """Match detections, best first, to labels; labels lower than `lowest_px` are neutral."""
    neutral = labels[:, 3] - labels[:, 1] < lowest_px
    free = ~neutral
    hits: list[tuple[float, bool]] = []
    for at in np.argsort(-np.asarray(scores), kind="stable"):
        box = boxes[at]
        overlap = overlaps(box, labels)
        fit = np.where(free & (overlap >= iou), overlap, -1.0)
        best = int(fit.argmax()) if len(fit) else -1
        if best >= 0 and fit[best] >= iou:
            free[best] = False
            hits.append((float(scores[at]), True))
        elif box[3] - box[1] >= lowest_px and not (overlap[neutral] >= iou).any():
            hits.append((float(scores[at]), False))
    return Judged(tuple(hits), int((~neutral).sum()))


def overlaps(box: NDArray[np.float64], others: Boxes) -> NDArray[np.float64]:
    """IoU of one box with each of the others."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    both = np.prod((high - low).clip(0), axis=1)
    area = np.prod(others[:, 2:] - others[:, :2], axis=1)
    result: NDArray[np.float64] = both / (np.prod(box[2:] - box[:2]) + area - both + 1e-9)
    return result


def average_precision(judged: Sequence[Judged]) -> float:
    """Area under the precision envelope over recall, at every distinct score."""
    recall, precision, _ = curve(judged)
    if not len(recall):
        return 0.0
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.r_[0.0, recall]) * envelope).sum())


def recall_at_precision(judged: Sequence[Judged], least: float = 0.9) -> float:
    recall, precision, _ = curve(judged)
    good = recall[precision >= least]
    return float(good.max()) if len(good) else 0.0


def recall_at_score(judged: Sequence[Judged], score: float) -> float:
    total = sum(one.labels for one in judged)
    return sum(hit and s >= score for one in judged for s, hit in one.hits) / max(total, 1)


def curve(
    judged: Sequence[Judged],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Recall, precision and score at each distinct score, falling."""
    pairs = sorted((pair for one in judged for pair in one.hits), key=lambda pair: -pair[0])
    total = sum(one.labels for one in judged)
    if not pairs or not total:
        none = np.zeros(0)
        return none, none, none
    scores = np.array([score for score, _ in pairs])
    right = np.cumsum([hit for _, hit in pairs])
    last = np.r_[scores[1:] != scores[:-1], True]
    count = np.arange(1, len(pairs) + 1)
    return right[last] / total, (right / count)[last], scores[last]


def bootstrap(
    judged: Sequence[Judged], figure: Callable[[Sequence[Judged]], float], seed: int = 1
) -> Figure:
    """The figure of all pictures, and its spread when pictures are drawn again with replacement."""
    rng = np.random.default_rng(seed)
    drawn = [
        figure([judged[i] for i in rng.integers(len(judged), size=len(judged))])
        for _ in range(ROUNDS)
    ]
    return Figure(
        figure(judged), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))
    )


def share(right: Sequence[bool], seed: int = 1) -> Figure:
    """A share of right answers, with its bootstrap."""
    flags = np.asarray(right, float)
    rng = np.random.default_rng(seed)
    drawn = flags[rng.integers(len(flags), size=(1000, len(flags)))].mean(1)
    return Figure(
        float(flags.mean()), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))
    )


def upper_bound(count: int, of: int, doubt: float = 0.05) -> float:
    """The share above which so few cases would be seen with a chance of `doubt` only: what "none
    of so many" proves. One-sided, exact (binomial)."""
    if count >= of:
        return 1.0
    low, high = count / of, 1.0
    for _ in range(60):
        share_ = (low + high) / 2
        chance = sum(
            math.comb(of, k) * share_**k * (1 - share_) ** (of - k) for k in range(count + 1)
        )
        low, high = (share_, high) if chance > doubt else (low, share_)
    return high
