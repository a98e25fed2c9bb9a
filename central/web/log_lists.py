"""What the lists of who looked and who took have in common: the days that are asked for, and the
file that they are taken as."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from starlette.responses import Response

from central.documents.wording import CHINA
from central.figures.sheets import Cell, safe

_USUAL_DAYS = 30


@dataclass(frozen=True, slots=True)
class Days:
    """From the first day to the last, both included."""

    first: date
    last: date

    @classmethod
    def read(cls, first: str, last: str, today: date) -> "Days":
        """As fields of the address have them; what is not readable falls back to the last thirty
        days."""
        end = _day(last) or today
        return cls(_day(first) or end - timedelta(days=_USUAL_DAYS), end)

    @property
    def from_utc_ms(self) -> int:
        return _midnight(self.first)

    @property
    def until_utc_ms(self) -> int:
        """Exclusive."""
        return _midnight(self.last + timedelta(days=1))

    @property
    def typed(self) -> dict[str, str]:
        """The fields that ask for these days."""
        return {"from": self.first.isoformat(), "until": self.last.isoformat()}


def csv_file(name: str, heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """A file that a spreadsheet opens; no cell of it is run as a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heading)
    for row in rows:
        writer.writerow([safe(cell) for cell in row])
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    data = ("\ufeff" + text.getvalue()).encode()
    return Response(data, media_type="text/csv; charset=utf-8", headers=headers)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2199 else None


def _midnight(day: date) -> int:
    """When a day begins here."""
    return int(datetime.combine(day, time(), CHINA).timestamp() * 1000)
