"""Receipts of notices and demands, as the staff pages record them: the certificate of service
(送达回证) and the line of the log, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, Engine

from central import acting, documents, interests, papers
from central.act_forms import Field
from central.act_tables import act_form
from central.cases import Guard, Unproven
from central.database import add_if_new, reading
from central.documents import facts
from central.papers import PaperError
from central.performing import AlreadyTaken
from central.proofs import ELECTRONIC, LEFT, WAYS

CERTIFICATE = "送达回证"
NOTED = "note-receipt"
SLUGS: Mapping[str, str] = {"notice": facts.NOTICE, "demand": facts.DEMAND}
"""The papers whose receipt is no act of the table, by their names in addresses."""
FIELDS: Sequence[Field] = (
    Field("way", "choice", choices=tuple(way for way in WAYS if way != ELECTRONIC)),
    Field("received_day", "day"),
    Field("service_place"),
    Field("service_result", "long"),
    Field("witness", required=False),
    Field("no_conflict", "tick"),
)


class Delivering:
    """Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def papers(self, case_id: UUID) -> list[papers.Paper]:
        with reading(self._engine) as db:
            return papers.listed(db, case_id)

    def note(
        self,
        case_id: UUID,
        slug: str,
        person: str,
        values: Mapping[str, str],
        form: str,
        utc_ms: int,
    ) -> None:
        """Once. Raises PaperError, Incomplete, Unproven, AlreadyTaken."""
        kind, day = SLUGS[slug], date.fromisoformat(values["received_day"])
        if values["way"] == LEFT and not values.get("witness"):
            raise PaperError("留置送达应当写明见证人")
        with self._engine.begin() as db:
            taken = {
                "form": form,
                "case_id": case_id,
                "user_id": person,
                "action": NOTED,
                "utc_ms": utc_ms,
            }
            if not add_if_new(db, act_form, taken):
                raise AlreadyTaken("this form was taken before")
            acting.lock(db, case_id)
            _require_no_interest(db, case_id, person)
            newest = [one for one in papers.listed(db, case_id) if one.kind == kind and one.awaited]
            if not newest:
                raise PaperError(f"没有等待送达的《{kind}》")
            extra = {**values, "person": person}
            documents.issue(db, case_id, CERTIFICATE, utc_ms, extra)
            papers.note_received(db, case_id, kind, (values["way"], day), person, utc_ms)


def _require_no_interest(db: Connection, case_id: UUID, person: str) -> None:
    if interests.interest(db, case_id, person) is not None:
        raise Unproven("own interest in the case", (Guard.NO_CONFLICT,))
