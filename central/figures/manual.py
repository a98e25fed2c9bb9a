"""Enforcement without cameras, brought in by an officer as a file, to compare with.

    月份,小区,发现,处罚
    2026-11,望江花园,12,3

A month and site that comes again replaces what was there; the log tells who brought what.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, insert, select

from central import events
from central.csv_files import BadFile, Shape, at_most, read_rows, width_fault
from central.office_tables import manual_count

COLUMNS = ("月份", "小区", "发现", "处罚")
SHAPE = Shape(COLUMNS, most_bytes=256 * 1024, most_lines=5000)
IMPORTED = "manual-figures"
_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
_COUNT = re.compile(r"[0-9]{1,6}")
_SITE_CHARS = 64


@dataclass(frozen=True, slots=True)
class Manual:
    """What people on foot found in a month at a site, and how much of it was fined."""

    month: str
    site: str
    found: int
    fined: int


def read_manual(raw: bytes) -> list[Manual]:
    """All lines of a file. Raises BadFile."""
    faults: list[str] = []
    lines: dict[tuple[str, str], Manual] = {}
    for number, cells in read_rows(raw, SHAPE):
        told = list(_faults(cells))
        if not told:
            one = Manual(cells[0], cells[1], int(cells[2]), int(cells[3]))
            if (one.month, one.site) in lines:
                told = [f"{one.month} {one.site} 出现了两次"]
            lines[one.month, one.site] = one
        faults += [f"第 {number} 行：{fault}" for fault in told]
    if faults:
        raise BadFile(at_most(faults))
    return list(lines.values())


def _faults(cells: Sequence[str]) -> Iterator[str]:
    if (fault := width_fault(cells, SHAPE)) is not None:
        yield fault
        return
    month, site, found, fined = cells
    if _MONTH.fullmatch(month) is None:
        yield f"月份应当写成 2026-11，得到“{month[:20]}”"
    if not 1 <= len(site) <= _SITE_CHARS or not site.isprintable():
        yield f"小区应当有 1 至 {_SITE_CHARS} 个字，得到“{site[:20]}”"
    if _COUNT.fullmatch(found) is None or _COUNT.fullmatch(fined) is None:
        yield f"发现和处罚应当是 0 至 999999 的整数，得到“{found[:10]}”和“{fined[:10]}”"
    elif int(fined) > int(found):
        yield f"处罚（{fined}）不能多于发现（{found}）"


def bring_in(engine: Engine, raw: bytes, by: str, utc_ms: int) -> int:
    """Keep a file's lines; how many. Raises BadFile, and then nothing of it is kept."""
    lines = read_manual(raw)
    table = manual_count
    with engine.begin() as db:
        for one in lines:
            db.execute(delete(table).where(table.c.month == one.month, table.c.site == one.site))
            values = {"found": one.found, "fined": one.fined, "imported_utc_ms": utc_ms}
            row = {"month": one.month, "site": one.site, "imported_by": by, **values}
            db.execute(insert(table).values(row))
        payload = {"sha256": hashlib.sha256(raw).hexdigest(), "lines": str(len(lines))}
        events.append(db, events.Event(utc_ms, by, IMPORTED, None, payload))
    return len(lines)


def counts(db: Connection, first: str, last: str, site: str | None) -> list[Manual]:
    table = manual_count
    query = select(table).where(table.c.month.between(first, last))
    if site is not None:
        query = query.where(table.c.site == site)
    return [Manual(row.month, row.site, row.found, row.fined) for row in db.execute(query)]
