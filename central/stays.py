"""What the records of one stay add up to. Pure.

Records may arrive in any order; whatever their order, the same set gives the same summary.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge.wire.records import PlateReading, Record, RecordKind


class Standing(StrEnum):
    """What the device's records say of a stay; people and the law take it from there."""

    SUSPECTED = "suspected"
    DEPARTED = "departed"
    BROKEN = "broken"
    OVERSTAYED = "overstayed"


_S, _K = Standing, RecordKind
MOVES: dict[tuple[Standing | None, RecordKind], Standing] = {
    (None, _K.ARRIVAL): _S.SUSPECTED,
    (None, _K.OVERSTAY): _S.OVERSTAYED,
    (None, _K.DEPARTURE): _S.DEPARTED,
    (None, _K.BROKEN): _S.BROKEN,
    (_S.SUSPECTED, _K.ARRIVAL): _S.SUSPECTED,
    (_S.SUSPECTED, _K.OVERSTAY): _S.OVERSTAYED,
    (_S.SUSPECTED, _K.DEPARTURE): _S.DEPARTED,
    (_S.SUSPECTED, _K.BROKEN): _S.BROKEN,
    (_S.DEPARTED, _K.ARRIVAL): _S.DEPARTED,
    (_S.DEPARTED, _K.OVERSTAY): _S.OVERSTAYED,
    (_S.DEPARTED, _K.DEPARTURE): _S.DEPARTED,
    # A device that says both proves neither.
    (_S.DEPARTED, _K.BROKEN): _S.BROKEN,
    (_S.BROKEN, _K.ARRIVAL): _S.BROKEN,
    (_S.BROKEN, _K.OVERSTAY): _S.OVERSTAYED,
    (_S.BROKEN, _K.DEPARTURE): _S.BROKEN,
    (_S.BROKEN, _K.BROKEN): _S.BROKEN,
    # Standing past the deadline was proven at the deadline; how the stay ended later changes
    # nothing about it.
    (_S.OVERSTAYED, _K.ARRIVAL): _S.OVERSTAYED,
    (_S.OVERSTAYED, _K.OVERSTAY): _S.OVERSTAYED,
    (_S.OVERSTAYED, _K.DEPARTURE): _S.OVERSTAYED,
    (_S.OVERSTAYED, _K.BROKEN): _S.OVERSTAYED,
}

_BEST_VIEW = ("departure", "arrival", "notice", "deadline")
"""Occasions, the most telling last."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A stay as lists show it."""

    standing: Standing
    latest: Record
    plate: PlateReading
    thumb_sha256: str | None


def summary(records: Sequence[Record]) -> Summary:
    """Of at least one record of one stay."""
    ordered = sorted(records, key=lambda record: record.seq)
    latest = ordered[-1]
    read = [record.vehicle.plate for record in ordered if record.vehicle.plate.status == "read"]
    return Summary(
        standing=standing(record.kind for record in ordered),
        latest=latest,
        plate=read[-1] if read else latest.vehicle.plate,
        thumb_sha256=_thumb(ordered),
    )


def standing(kinds: Iterable[RecordKind]) -> Standing:
    """The state after records of these kinds, at least one."""
    state: Standing | None = None
    for kind in kinds:
        state = MOVES[state, kind]
    assert state is not None
    return state


def _thumb(ordered: Sequence[Record]) -> str | None:
    wide = [
        (_BEST_VIEW.index(exhibit.occasion), record.seq, exhibit.sha256)
        for record in ordered
        for exhibit in record.exhibits
        if exhibit.view == "wide"
    ]
    return max(wide)[2] if wide else None
