"""A measurement as a row of a Markdown table: median, spread, and the limit it is held against."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`values` as measured; `limit` is what may not be passed, in the same unit."""

    what: str
    unit: str
    values: Sequence[float]
    limit: float

    def __str__(self) -> str:
        if not self.values:
            return f"| {self.what} | nothing measured | | | {self.limit:g} {self.unit} | |"
        median = statistics.median(self.values)
        return (
            f"| {self.what} | {median:.2f} {self.unit} | {min(self.values):.2f}-"
            f"{max(self.values):.2f} | {len(self.values)} | {self.limit:g} {self.unit} "
            f"| {median / self.limit:.2f} |"
        )


def table(rows: Sequence[Row]) -> str:
    head = "| figure | median | range | n | limit | ratio |\n| --- | --- | --- | --- | --- | --- |"
    return "\n".join([head, *map(str, rows)])
