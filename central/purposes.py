"""Why somebody looks at cases: asked once in a session, chosen from a list or typed, written into
the access log with every look from then on, and asked again after some hours.
"""

from enum import StrEnum

from sqlalchemy import Engine, delete, insert, select

from central.database import reading
from central.office_tables import look_purpose

PURPOSE_MS = 4 * 3_600_000
TYPED_CHARS = (4, 200)


class Purpose(StrEnum):
    """What one usually looks for."""

    REVIEW = "review"
    HANDLING = "handling"
    DEFENCE = "defence"
    SERVICE = "service"
    PAYMENT = "payment"
    REMEDY = "remedy"
    COMPLAINT = "complaint"
    SUPERVISION = "supervision"


class BadPurpose(Exception):
    """Neither from the list nor long enough to say something."""


class Purposes:
    """Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, token_sha256: str, utc_ms: int) -> str | None:
        """What was chosen in the session; None where it was not, or too long ago."""
        table = look_purpose
        fresh = table.c.chosen_utc_ms > utc_ms - PURPOSE_MS
        with reading(self._engine) as db:
            mine = select(table.c.purpose).where(table.c.token_sha256 == token_sha256, fresh)
            return db.execute(mine).scalar_one_or_none()

    def choose(self, token_sha256: str, chosen: str, typed: str, utc_ms: int) -> None:
        """Raises BadPurpose."""
        purpose = typed.strip() if chosen == "other" else chosen
        known = purpose in list(Purpose)
        if not known and (chosen != "other" or not _says_something(purpose)):
            raise BadPurpose("choose one of the list, or say it in 4 to 200 characters")
        table = look_purpose
        with self._engine.begin() as db:
            db.execute(delete(table).where(table.c.token_sha256 == token_sha256))
            db.execute(delete(table).where(table.c.chosen_utc_ms < utc_ms - 6 * PURPOSE_MS))
            values = {"token_sha256": token_sha256, "purpose": purpose, "chosen_utc_ms": utc_ms}
            db.execute(insert(table).values(values))


def _says_something(text: str) -> bool:
    fewest, most = TYPED_CHARS
    return fewest <= len(text) <= most and text.isprintable()
