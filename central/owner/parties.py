"""Who a case concerns: the people named in it, the one confirmed as its party, and their consent to
electronic service. All functions run within the caller's transaction."""

import hashlib
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, insert, select, update

from central.owner_tables import party, service_consent

Kind = Literal["person", "unit"]
Relation = Literal["holder", "driver", "agent"]
Source = Literal["party", "nominated", "officer", "register"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as they were named, by themselves or by others."""

    name: str
    id_number: str = ""
    phone: str = ""
    address: str = ""
    kind: Kind = "person"
    relation: Relation = "holder"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody in a case. `checked_utc_ms` is when the name and number were found to be real."""

    id: UUID
    case_id: UUID
    person: Person
    checked_utc_ms: int | None
    confirmed_utc_ms: int | None
    source: Source


def add(
    db: Connection,
    case_id: UUID,
    person: Person,
    source: Source,
    utc_ms: int,
    checked_by: str = "",
) -> UUID:
    """Keep somebody. `checked_by` is who found name and number to be real: `gateway`, or the id of
    the officer who saw the document; empty where nobody did."""
    party_id = uuid4()
    db.execute(
        insert(party).values(
            id=party_id,
            case_id=case_id,
            kind=person.kind,
            relation=person.relation,
            name=person.name,
            id_number=person.id_number,
            phone=person.phone,
            address=person.address,
            source=source,
            made_utc_ms=utc_ms,
            checked_utc_ms=utc_ms if checked_by else None,
            checked_by=checked_by,
        )
    )
    return party_id


def confirm(db: Connection, party_id: UUID, utc_ms: int) -> None:
    """From now on this is the case's party; goes with the act `identify-party`."""
    case_id = db.scalar(select(party.c.case_id).where(party.c.id == party_id))
    assert case_id is not None, "a party that is not in the table cannot be confirmed"
    db.execute(update(party).where(party.c.case_id == case_id).values(confirmed_utc_ms=None))
    db.execute(update(party).where(party.c.id == party_id).values(confirmed_utc_ms=utc_ms))


def get(db: Connection, party_id: UUID) -> Party | None:
    return _party(db.execute(select(party).where(party.c.id == party_id)).one_or_none())


def of_case(db: Connection, case_id: UUID) -> Party | None:
    """The confirmed party, or None while nobody is."""
    wanted = (party.c.case_id == case_id) & party.c.confirmed_utc_ms.is_not(None)
    return _party(db.execute(select(party).where(wanted)).one_or_none())


def named(db: Connection, case_id: UUID) -> tuple[Party, ...]:
    """Everybody who was named, in order."""
    query = select(party).where(party.c.case_id == case_id).order_by(party.c.made_utc_ms)
    return tuple(one for row in db.execute(query) if (one := _party(row)))


def _party(row: Row[tuple[object, ...]] | None) -> Party | None:
    if row is None:
        return None
    person = Person(
        row.name, row.id_number, row.phone, row.address, kind=row.kind, relation=row.relation
    )
    return Party(row.id, row.case_id, person, row.checked_utc_ms, row.confirmed_utc_ms, row.source)


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that is in force, or was: `withdrawn_utc_ms` says since when no more."""

    id: UUID
    party_id: UUID
    channel: str
    given_utc_ms: int
    withdrawn_utc_ms: int | None


def consent(db: Connection, case_id: UUID) -> Consent | None:
    """The live consent of the case's party: without it nothing is served electronically
    (行政处罚法 art. 61). A consent of somebody who is not the party serves nothing."""
    table = service_consent
    mine = (table.c.case_id == case_id) & (table.c.party_id == party.c.id)
    row = db.execute(
        select(table)
        .join(party, mine)
        .where(party.c.confirmed_utc_ms.is_not(None), table.c.withdrawn_utc_ms.is_(None))
        .order_by(table.c.given_utc_ms.desc())
    ).first()
    if row is None:
        return None
    return Consent(row.id, row.party_id, row.channel, row.given_utc_ms, row.withdrawn_utc_ms)


def given(db: Connection, by: Party) -> Consent | None:
    """This person's live consent; it serves nothing before they are the case's party."""
    table = service_consent
    live = (table.c.party_id == by.id) & table.c.withdrawn_utc_ms.is_(None)
    row = db.execute(select(table).where(live).order_by(table.c.given_utc_ms.desc())).first()
    if row is None:
        return None
    return Consent(row.id, row.party_id, row.channel, row.given_utc_ms, row.withdrawn_utc_ms)


def agree(db: Connection, given_by: Party, words: str, utc_ms: int) -> UUID:
    """Keep a consent to exactly these words. Again while one is live changes nothing."""
    live = given(db, given_by)
    if live is not None:
        return live.id
    consent_id = uuid4()
    db.execute(
        insert(service_consent).values(
            id=consent_id,
            case_id=given_by.case_id,
            party_id=given_by.id,
            channel="page",
            text_sha256=hashlib.sha256(words.encode()).hexdigest(),
            given_utc_ms=utc_ms,
        )
    )
    return consent_id


def withdraw(db: Connection, given_by: Party, utc_ms: int) -> None:
    """From now on documents come on paper again."""
    table = service_consent
    db.execute(
        update(table)
        .where(table.c.party_id == given_by.id, table.c.withdrawn_utc_ms.is_(None))
        .values(withdrawn_utc_ms=utc_ms)
    )
