"""Tables that people bring in as files: CSV with a header, UTF-8 or GB18030, as Chinese offices
write them. Pure.

BadFile    the file is not taken, in part or in whole; every fault is told with its line
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

MOST_FAULTS = 20


class BadFile(Exception):
    """The file is not taken."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file must be like."""

    columns: Sequence[str]
    most_bytes: int
    most_lines: int


def read_rows(raw: bytes, shape: Shape) -> list[tuple[int, list[str]]]:
    """The lines behind the header with their numbers, cells trimmed. Raises BadFile."""
    if len(raw) > shape.most_bytes:
        raise BadFile([f"文件不能超过 {_size(shape.most_bytes)}"])
    rows = csv.reader(io.StringIO(_text(raw)))
    try:
        header = [cell.strip() for cell in next(rows, [])]
        if header != list(shape.columns):
            raise BadFile(
                [f"第一行应当是“{','.join(shape.columns)}”，得到的是“{','.join(header)[:80]}”"]
            )
        kept = [(rows.line_num, [cell.strip() for cell in row]) for row in rows if any(row)]
    except csv.Error as error:
        raise BadFile([f"不是 CSV 文件：{error}"]) from None
    if not 1 <= len(kept) <= shape.most_lines:
        raise BadFile([f"应当有 1 至 {shape.most_lines} 行明细，得到 {len(kept)} 行"])
    return kept


def width_fault(cells: Sequence[str], shape: Shape) -> str | None:
    """What is wrong with a line's number of cells."""
    if len(cells) == len(shape.columns):
        return None
    return f"应当有 {len(shape.columns)} 列，得到 {len(cells)} 列"


def at_most(faults: Sequence[str]) -> list[str]:
    """The first faults, and how many more there are."""
    more = [f"另有 {len(faults) - MOST_FAULTS} 处"] if len(faults) > MOST_FAULTS else []
    return [*faults[:MOST_FAULTS], *more]


def _size(count: int) -> str:
    mb = 1024 * 1024
    return f"{count // mb} MB" if count >= mb else f"{count // 1024} KB"


def _text(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadFile(["文件应当是 UTF-8 或 GB18030 编码的文本"])
