"""Cameras that report far more than their peers. Pure.

A high count makes the place suspect, not the drivers: a faded marking, a bay painted into the lane,
a camera that was moved. A person visits it; nothing is decided by the figure itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

TIMES = 3
FEWEST_PEERS = 3
FEWEST_CASES = 10
"""Below these a median says nothing."""
Camera = tuple[str, str, str]
"""Site, device, camera."""


@dataclass(frozen=True, slots=True)
class Conspicuous:
    """A camera's month with more than TIMES the median of all other cameras."""

    month: str
    site: str
    device: str
    camera: str
    cases: int
    median: float


def conspicuous(months: Mapping[str, Mapping[Camera, int]]) -> list[Conspicuous]:
    """Newest month first, the highest count first in each."""
    found = [
        Conspicuous(month, *camera, cases=cases, median=middle)
        for month, cameras in months.items()
        for camera, cases in cameras.items()
        if (middle := _peers(cameras, camera)) is not None
        and cases >= FEWEST_CASES
        and cases > TIMES * middle
    ]
    return sorted(found, key=lambda one: (one.month, one.cases, one.device), reverse=True)


def _peers(cameras: Mapping[Camera, int], camera: Camera) -> float | None:
    others: Sequence[int] = [cases for name, cases in cameras.items() if name != camera]
    return float(median(others)) if len(others) >= FEWEST_PEERS else None
