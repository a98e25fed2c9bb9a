"""Which of a device's records are missing, and what is to be done about it. Pure.

A device numbers its records without a gap. What is missing for longer than a transfer takes was
lost or withheld: the server asks for it, and where neither the record nor a signed tombstone comes,
people are told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

PATIENCE_MS = 15 * 60_000
"""How long a gap may be a transfer that is still going on, and how long an answer may take."""
ASK_AGAIN_MS = 60 * 60_000
ASK_AT_MOST = 1000
"""Records of one request, as the contract limits them."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Records `first` to `last` are missing."""

    first: int
    last: int
    noticed_utc_ms: int
    asked_utc_ms: int | None = None
    times_asked: int = 0

    def asked(self, utc_ms: int) -> "Gap":
        """The gap after it was asked for once more."""
        return replace(self, asked_utc_ms=utc_ms, times_asked=self.times_asked + 1)


@dataclass(frozen=True, slots=True)
class Chain:
    """A device's chain as it is known: everything up to `contiguous`, and the gaps behind."""

    contiguous: int
    gaps: tuple[Gap, ...]


def survey(
    known: Iterable[int], contiguous: int, expected: int, before: Sequence[Gap], utc_ms: int
) -> Chain:
    """Look at the chain again. `known` are the numbers above `contiguous`; the device has said
    that it sent everything up to `expected`. A gap that shrank keeps its age."""
    found: list[tuple[int, int]] = []
    next_ = contiguous + 1
    for seq in sorted(set(known)):
        if seq > next_:
            found.append((next_, seq - 1))
        next_ = max(next_, seq + 1)
    if expected >= next_:
        found.append((next_, expected))
    head = found[0][0] - 1 if found else next_ - 1
    return Chain(head, tuple(_aged(first, last, before, utc_ms) for first, last in found))


def to_ask(gap: Gap, utc_ms: int) -> tuple[int, int] | None:
    """The records to ask for now, or None while it is too early."""
    waited_ms = utc_ms - gap.noticed_utc_ms
    again = gap.asked_utc_ms is None or utc_ms - gap.asked_utc_ms >= ASK_AGAIN_MS
    if waited_ms < PATIENCE_MS or not again:
        return None
    return gap.first, min(gap.last, gap.first + ASK_AT_MOST - 1)


def is_alarming(gap: Gap, utc_ms: int) -> bool:
    """Whether the device was asked and had the time to answer."""
    return gap.asked_utc_ms is not None and (
        gap.times_asked > 1 or utc_ms - gap.asked_utc_ms >= PATIENCE_MS
    )


def _aged(first: int, last: int, before: Sequence[Gap], utc_ms: int) -> Gap:
    """The oldest of the earlier gaps that this one is a rest of, or a new one."""
    same = [gap for gap in before if gap.first <= last and first <= gap.last]
    if not same:
        return Gap(first, last, utc_ms)
    oldest = min(same, key=lambda gap: gap.noticed_utc_ms)
    return Gap(first, last, oldest.noticed_utc_ms, oldest.asked_utc_ms, oldest.times_asked)
