"""What the treasury or the bank says came in and went out: reading its file, line by line. Pure.

A statement is a CSV file with a header, UTF-8 or GB18030, as Chinese banks write them:

    流水号,收支,缴款码,金额,入账日期
    GK20261230001,收,33020026120000000017,100.00,2026-12-30

BadStatement    the file is not taken, in part or in whole; every fault is told with its line
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

COLUMNS = ("流水号", "收支", "缴款码", "金额", "入账日期")
MOST_BYTES = 4 * 1024 * 1024
MOST_LINES = 20_000
_MOST_FAULTS = 20
_DIRECTIONS: Mapping[str, Literal["in", "out"]] = {"收": "in", "退": "out"}
_AMOUNT = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,2}))?")
_REFERENCE = re.compile(r"[0-9A-Za-z_-]{1,64}")
_CODE = re.compile(r"[0-9A-Za-z-]{0,64}")


class BadStatement(Exception):
    """The file is not taken."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


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
    if len(raw) > MOST_BYTES:
        raise BadStatement([f"文件不能超过 {MOST_BYTES // 1024 // 1024} MB"])
    rows = csv.reader(io.StringIO(_text(raw)))
    try:
        header = [cell.strip() for cell in next(rows, [])]
        if tuple(header) != COLUMNS:
            raise BadStatement(
                [f"第一行应当是“{','.join(COLUMNS)}”，得到的是“{','.join(header)[:80]}”"]
            )
        kept = [(rows.line_num, [cell.strip() for cell in row]) for row in rows if any(row)]
    except csv.Error as error:
        raise BadStatement([f"不是 CSV 文件：{error}"]) from None
    if not 1 <= len(kept) <= MOST_LINES:
        raise BadStatement([f"应当有 1 至 {MOST_LINES} 行明细，得到 {len(kept)} 行"])
    faults, lines = [], []
    for number, cells in kept:
        told = list(_faults(cells))
        faults += [f"第 {number} 行：{fault}" for fault in told]
        if not told:
            lines.append(_line(number, cells))
    faults += _twice(lines)
    if faults:
        more = [f"另有 {len(faults) - _MOST_FAULTS} 处"] if len(faults) > _MOST_FAULTS else []
        raise BadStatement([*faults[:_MOST_FAULTS], *more])
    return lines


def _text(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadStatement(["文件应当是 UTF-8 或 GB18030 编码的文本"])


def _faults(cells: Sequence[str]) -> Iterator[str]:
    if len(cells) != len(COLUMNS):
        yield f"应当有 {len(COLUMNS)} 列，得到 {len(cells)} 列"
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
