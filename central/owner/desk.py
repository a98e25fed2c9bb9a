"""What the owner's page works with, over the office's database and evidence folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, select

from central.blobs import Blobs
from central.calendar import LegalCalendar
from central.database import reading
from central.documents.press import Press
from central.gateways.identity import IdentityGateway
from central.holidays import load
from central.owner import situation
from central.owner.entry import Entry
from central.owner.identifying import Identifying
from central.owner.inviting import Inviting
from central.owner.papers import Papers
from central.owner.parties import Party, named
from central.owner.recusals import Recusals
from central.owner.situation import Situation
from central.owner.speaking import Speaking
from central.owner_links import Link
from central.owner_tables import owner_upload, statement
from central.policy import Policy


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a statement, as it is kept."""

    id: UUID
    case_id: UUID
    sha256: str
    size: int
    media_type: str
    name: str


@dataclass(frozen=True, slots=True)
class Told:
    """A statement as staff see it: `party` is who said it, where that is known."""

    id: UUID
    kind: str
    grounds: str
    text: str
    made_utc_ms: int
    party: Party | None
    recorded_by: str | None
    files: Sequence[Upload]


@dataclass(frozen=True, slots=True)
class OwnerDesk:
    """The parts of the owner's page. Every call blocks."""

    engine: Engine
    calendar: LegalCalendar
    entry: Entry
    speaking: Speaking
    papers: Papers
    press: Press
    inviting: Inviting
    identifying: Identifying
    recusals: Recusals

    @classmethod
    def over(
        cls,
        engine: Engine,
        blobs: Blobs,
        identity: IdentityGateway | None = None,
        calendar: LegalCalendar | None = None,
    ) -> "OwnerDesk":
        """Without `identity` officers alone see who somebody is."""
        calendar = calendar or load()
        return cls(
            engine, calendar, Entry(engine), Speaking(engine, blobs), Papers(engine),
            Press(engine, blobs), Inviting(engine), Identifying(engine, identity),
            Recusals(engine, calendar),
        )  # fmt: skip

    def situation(self, link: Link, utc_ms: int) -> Situation:
        """Raises WireError where a kept record is damaged."""
        with reading(self.engine) as db:
            found = situation.read(db, link, self.calendar, utc_ms)
            return replace(found, gateway=self.identifying.is_there)

    def letterhead(self, utc_ms: int) -> Policy | None:
        """The pack in force today: whom to call."""
        with reading(self.engine) as db:
            return situation.letterhead(db, utc_ms)

    def told(self, case_id: UUID) -> Sequence[Told]:
        """Everything that was said in a case, newest first: for staff."""
        with reading(self.engine) as db:
            people = {one.id: one for one in named(db, case_id)}
            files: dict[UUID, list[Upload]] = {}
            mine = owner_upload.c.case_id == case_id
            for row in db.execute(select(owner_upload).where(mine).order_by(owner_upload.c.id)):
                if row.statement_id is not None and not row.dropped:
                    files.setdefault(row.statement_id, []).append(_upload(row))
            rows = db.execute(
                select(statement)
                .where(statement.c.case_id == case_id)
                .order_by(statement.c.made_utc_ms.desc())
            ).all()
        return [
            Told(
                row.id, row.kind, row.grounds, row.text, row.made_utc_ms, people.get(row.party_id),
                row.recorded_by, files.get(row.id, ()),
            )
            for row in rows
        ]  # fmt: skip

    def people(self, case_id: UUID) -> Sequence[Party]:
        """Everybody who was named in a case."""
        with reading(self.engine) as db:
            return named(db, case_id)

    def upload(self, case_id: UUID, upload_id: UUID) -> Upload | None:
        """A file of this case and no other."""
        wanted = (owner_upload.c.id == upload_id) & (owner_upload.c.case_id == case_id)
        with reading(self.engine) as db:
            row = db.execute(select(owner_upload).where(wanted)).one_or_none()
        return None if row is None or row.dropped else _upload(row)


def _upload(row: Row[tuple[Any, ...]]) -> Upload:
    return Upload(row.id, row.case_id, row.sha256, row.size, row.media_type, row.name)
