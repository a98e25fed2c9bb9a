"""What the treasury or the bank says came in and went out: reading its file, line by line. Pure.

A statement is a CSV file with a header, UTF-8 or GB18030, as Chinese banks write them:

    流水号,收支,缴款码,金额,入账日期
    GK20261230001,收,33020026120000000017,100.00,2026-12-30

BadStatement    the file is not taken, in part or in whole; every fault is told with its line
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from central.csv_files import BadFile, Shape, at_most, read_rows, width_fault

COLUMNS = ("流水号", "收支", "缴款码", "金额", "入账日期")
_SHAPE = Shape(COLUMNS, most_bytes=4 * 1024 * 1024, most_lines=20_000)
_DIRECTIONS: Mapping[str, Literal["in", "out"]] = {"收": "in", "退": "out"}
_AMOUNT = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,2}))?")
_REFERENCE = re.compile(r"[0-9A-Za-z_-]{1,64}")
_CODE = re.compile(r"[0-9A-Za-z-]{0,64}")


class BadStatement(BadFile):
    """The file is not taken."""


@dataclass(frozen=True, slots=True)
class Line:
    """One movement of money. `line` counts from 1 and includes the header."""

    line: int
    reference: str
    direction: Literal["in", "out"]
    code: str
    amount_fen: int
    day: date


def read_statement(raw: bytes) -> list[Line]:
    """All lines of a file. Raises BadStatement."""
    try:
        kept = read_rows(raw, _SHAPE)
    except BadFile as error:
        raise BadStatement(error.faults) from None
    faults, lines = [], []
    for number, cells in kept:
        told = list(_faults(cells))
        faults += [f"第 {number} 行：{fault}" for fault in told]
        if not told:
            lines.append(_line(number, cells))
    faults += _twice(lines)
    if faults:
        raise BadStatement(at_most(faults))
    return lines


def _faults(cells: Sequence[str]) -> Iterator[str]:
    if (fault := width_fault(cells, _SHAPE)) is not None:
        yield fault
        return
    reference, direction, code, amount, day = cells
    if _REFERENCE.fullmatch(reference) is None:
        yield f"流水号应当是 1 至 64 位字母数字，得到“{reference[:40]}”"
    if direction not in _DIRECTIONS:
        yield f"收支应当是“收”或“退”，得到“{direction[:10]}”"
    if _CODE.fullmatch(code) is None:
        yield f"缴款码应当是字母数字，得到“{code[:40]}”"
    if _AMOUNT.fullmatch(amount) is None or _fen(amount) == 0:
        yield f"金额应当大于 0，最多两位小数，得到“{amount[:20]}”"
    try:
        date.fromisoformat(day)
    except ValueError:
        yield f"入账日期应当写成 2026-12-30，得到“{day[:20]}”"


def _line(number: int, cells: Sequence[str]) -> Line:
    reference, direction, code, amount, day = cells
    return Line(
        number, reference, _DIRECTIONS[direction], code, _fen(amount), date.fromisoformat(day)
    )


def _fen(amount: str) -> int:
    found = _AMOUNT.fullmatch(amount)
    assert found is not None
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _twice(lines: Sequence[Line]) -> list[str]:
    seen: set[str] = set()
    faults = []
    for one in lines:
        if one.reference in seen:
            faults.append(f"第 {one.line} 行：流水号 {one.reference} 出现了两次")
        seen.add(one.reference)
    return faults
