"""Visits to places whose camera stood out: who went when, and what was found there."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import Connection, Engine, insert, select

from central import events
from central.office_tables import site_visit

VISITED = "site-visited"


class Finding(StrEnum):
    """What a person found at the place."""

    NOTHING = "nothing"
    MARKING_FADED = "marking-faded"
    BAY_IN_LANE = "bay-in-lane"
    LANE_WRONG = "lane-wrong"
    CAMERA_MOVED = "camera-moved"
    SIGN_MISSING = "sign-missing"
    ROAD_WORKS = "road-works"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Visit:
    """`month` is the one whose figures stood out, `visited_on` a day as YYYY-MM-DD."""

    device: str
    camera: str
    month: str
    visited_on: str
    finding: Finding
    note: str
    by: str


def record(engine: Engine, visit: Visit, utc_ms: int) -> None:
    """Keep a visit, and tell the log of it."""
    with engine.begin() as db:
        values = {
            "device": visit.device,
            "camera": visit.camera,
            "month": visit.month,
            "visited_on": visit.visited_on,
            "finding": visit.finding.value,
        }
        more = {"note": visit.note, "by": visit.by, "utc_ms": utc_ms}
        db.execute(insert(site_visit).values(id=uuid4(), **values, **more))
        events.append(db, events.Event(utc_ms, visit.by, VISITED, None, values))


def visits(db: Connection, first: str, last: str) -> Sequence[Visit]:
    """Of the months, newest first."""
    table = site_visit
    query = select(table).where(table.c.month.between(first, last))
    rows = db.execute(query.order_by(table.c.visited_on.desc(), table.c.utc_ms.desc()))
    return tuple(
        Visit(
            device=row.device,
            camera=row.camera,
            month=row.month,
            visited_on=row.visited_on,
            finding=Finding(row.finding),
            note=row.note,
            by=row.by,
        )
        for row in rows
    )
