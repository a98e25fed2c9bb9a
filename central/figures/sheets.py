"""The figures as a file to go on with: CSV, or a workbook with a sheet for each table."""

import csv
import io
from collections.abc import Callable, Sequence

from xlsxwriter import Workbook

from central.figures.dashboard import Dashboard, Sums

COLUMNS = (
    "cases",
    "warning",
    "reminded",
    "left_in_time",
    "left_pm",
    "overstayed",
    "rejected",
    "decided",
    "revoked",
    "paid",
    "self_paid",
    "self_paid_pm",
    "median_days",
    "manual_found",
    "manual_fined",
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CAMERA_COLUMNS = COLUMNS[:-3]
"""People on foot are of no camera, and a decision rests on more than one."""
Words = Callable[[str], str]
"""From a key of the locales to its text."""
Cell = str | float | int | None


def _cells(sums: Sums, columns: Sequence[str]) -> list[Cell]:
    cells: list[Cell] = []
    for name in columns:
        value = getattr(sums, name)
        if name.endswith("_pm") and value is not None:
            value = value / 10
        cells.append(round(value, 2) if isinstance(value, float) else value)
    return cells


def _tables(shown: Dashboard, t: Words) -> Sequence[tuple[str, list[list[Cell]]]]:
    parts = (
        ("months", [*shown.months, shown.total], COLUMNS),
        ("sites", shown.sites, COLUMNS),
        ("cameras", shown.cameras, CAMERA_COLUMNS),
    )
    return [
        (
            t(f"figures.{name}"),
            [
                [t(f"figures.by.{name}"), *(t(f"figures.column.{one}") for one in columns)],
                *([one.name or t("figures.total"), *_cells(one, columns)] for one in sums),
            ],
        )
        for name, sums, columns in parts
    ]


def as_csv(shown: Dashboard, t: Words) -> bytes:
    """All tables one below the other, with a byte order mark: spreadsheets ask for it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([t("figures.title"), shown.wanted.first, shown.wanted.last])
    for name, rows in _tables(shown, t):
        writer.writerows([[], [name]])
        writer.writerows([[safe(cell) for cell in row] for row in rows])
    return ("\ufeff" + text.getvalue()).encode()


def as_xlsx(shown: Dashboard, t: Words) -> bytes:
    """A workbook. Texts are written as texts: a site named like a formula stays one."""
    raw = io.BytesIO()
    book = Workbook(
        raw, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold, wide = book.add_format({"bold": True, "text_wrap": True, "valign": "top"}), 12
    for name, rows in _tables(shown, t):
        sheet = book.add_worksheet(name[:31])
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 2 * wide)
        sheet.set_column(1, len(COLUMNS), wide)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, column, cell, bold if number == 0 else None)
    book.close()
    return raw.getvalue()


def safe(cell: Cell) -> Cell:
    """Spreadsheets take a text that begins like a formula for one (CWE-1236)."""
    formula = isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{cell}" if formula else cell
