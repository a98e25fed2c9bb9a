"""Charts as numbers for an SVG that the template draws; a table beside them says the same. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 8, 12, 26
_GROUP_SHARE = 0.74
_MOST_LABELS = 13


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of the chart. `key` names its words and its colour; None is a gap."""

    key: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    series: str
    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars in groups, one group a label."""

    labels: Sequence[str]
    series: Sequence[Series]
    bars: Sequence[Bar]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    floor: int = HEIGHT - _BOTTOM

    @property
    def empty(self) -> bool:
        return not any(value for one in self.series for value in one.values)


def bars(labels: Sequence[str], series: Sequence[Series]) -> Chart:
    """A bar for every value, in groups by label, on an axis that ends on a round number."""
    most = max((value or 0 for one in series for value in one.values), default=0)
    top, step = _axis(most)
    room = WIDTH - _LEFT - _RIGHT
    group = room / max(1, len(labels))
    width = group * _GROUP_SHARE / max(1, len(series))
    high = HEIGHT - _TOP - _BOTTOM
    found = [
        Bar(
            x=round(_LEFT + group * (at + (1 - _GROUP_SHARE) / 2) + width * number, 2),
            y=round(HEIGHT - _BOTTOM - high * value / top, 2),
            width=round(max(1.0, width * 0.9), 2),
            height=round(high * value / top, 2),
            series=one.key,
            label=labels[at],
            value=value,
        )
        for number, one in enumerate(series)
        for at, value in enumerate(one.values)
        if value
    ]
    every = -(-len(labels) // _MOST_LABELS)
    return Chart(
        labels=labels,
        series=series,
        bars=found,
        x_ticks=[
            Tick(round(_LEFT + group * (at + 0.5), 2), label)
            for at, label in enumerate(labels)
            if at % every == 0
        ],
        y_ticks=[
            Tick(round(HEIGHT - _BOTTOM - high * number * step / top, 2), f"{number * step:g}")
            for number in range(round(top / step) + 1)
        ],
    )


def _axis(most: float) -> tuple[float, float]:
    """The end of the axis and the distance of its lines: 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return 4.0, 1.0
    step = 1.0
    while most / step > 5:
        step *= 2.5 if f"{step:e}".startswith("2") else 2
    return step * -(-most // step), step
