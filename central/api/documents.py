"""What the sharing API takes and gives, as JSON. Times are milliseconds since 1970 UTC."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_LATEST = 4_102_444_800_000  # 2100-01-01
_YEAR_MS = 366 * 86_400_000


def _whole(value: object) -> object:
    """JSON knows one kind of number: 5.0 is the integer 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Utc = Annotated[int, Field(ge=0, le=_LATEST)]
_Lasting = Annotated[int, Field(ge=0, le=_YEAR_MS)]
UtcMs = Annotated[_Utc, BeforeValidator(_whole, json_schema_input_type=_Utc)]
LastingMs = Annotated[_Lasting, BeforeValidator(_whole, json_schema_input_type=_Lasting)]
Plate = Annotated[str, Field(pattern=r"^[\u4e00-\u9fffA-Z0-9]{5,10}$", examples=["浙B12345"])]
"""As it is painted, without blanks and separators."""
Colour = Annotated[str, Field(pattern=r"^[a-z_-]{3,16}$", examples=["blue"])]
Line = Annotated[str, Field(min_length=1, max_length=200)]
Number = Annotated[str, Path(pattern=r"^[0-9]{4}-[0-9]{6,9}$", description="A case's number")]
Reference = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="The department's own number")
]
Purpose = Annotated[
    str, Query(min_length=4, max_length=200, description="What for; it is kept and can be audited")
]


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Case(Document):
    """A case in short. Plate and colour are null without the scope `plates`."""

    number: str
    state: str
    remedy: str
    money: str
    site: str
    camera: str
    lane: str
    opened_utc_ms: int
    begin_utc_ms: int
    standing_ms: int
    changed_seq: int
    plate: str | None
    plate_colour: str | None


class Cases(Document):
    """A stretch of cases in the order of their last change. `next` is null at the end: ask again
    later with the last `changed_seq`."""

    cases: list[Case]
    next: int | None


class ActDone(Document):
    """One line of what was done. Who did it stays here."""

    seq: int
    utc_ms: int
    action: str
    role: str


class CaseWithActs(Document):
    case: Case
    acts: list[ActDone]


class Standing(Document):
    """A vehicle at a place and time."""

    plate: Plate
    colour: Colour
    begin_utc_ms: UtcMs
    lasting_ms: LastingMs


class FineToReport(Standing):
    """A fine that the department made."""

    place: Line


class FineFound(Document):
    """A fine that stands. `by` is `firelane` for ours, else a department's id."""

    by: str
    reference: str
    begin_utc_ms: int
    end_utc_ms: int
    place: str


class Fines(Document):
    """Whether the act was fined before, and by whom."""

    fined: bool
    fines: list[FineFound]


class Counted(Document):
    """How many cases of a site stand where."""

    site: str
    cases: int
    states: Mapping[str, int]


class Statistics(Document):
    opened_from_utc_ms: int
    opened_until_utc_ms: int
    sites: list[Counted]


class Problem(Document):
    """Why a request is not answered (RFC 9457)."""

    title: str
    status: int
    detail: str
