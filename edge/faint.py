"""Which of the detector's boxes are believed: the sure ones, and faint ones where one is known.

A vehicle half hidden by the next, or in rain, scores now above, now below the threshold. What was
found surely once is the same vehicle when a weaker box lies on its place; anywhere else a weak box
is ground that looks a little like a car.
"""

from collections.abc import Sequence

from edge.detector import Detection
from edge.geometry import Box

FAINT_SHARE = 0.6
"""Of the detector's threshold: so weak a box is still believed where a vehicle is known."""
_SAME_IOU = 0.5
_EXPLAINED_IOU = 0.4
"""A known vehicle that a sure box shows so well needs no faint one."""


def believed(found: Sequence[Detection], known: Sequence[Box], min_score: float) -> list[Detection]:
    """The detections to go on with; `known` is where vehicles are awaited."""
    sure = [one for one in found if one.score >= min_score]
    missed = [box for box in known if not any(one.box.iou(box) >= _EXPLAINED_IOU for one in sure)]
    faint = [
        one
        for one in found
        if one.score < min_score and any(one.box.iou(box) >= _SAME_IOU for box in missed)
    ]
    return [*sure, *faint]
