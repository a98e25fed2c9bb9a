"""Links to the owner's page: what is kept of them, and the check behind them."""

from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from central import owner_links
from central.auth import token_sha256
from central.owner import parties
from central.owner.parties import Person
from central.owner_tables import owner_check, owner_link
from tests.device import SimulatedDevice
from tests.office import NOW, Office

VIN = "LSVAA4182E2184847"


@pytest.fixture
def case_id(office: Office, device: SimulatedDevice) -> UUID:
    office.deliver(device.arrival())
    found = office.lookup.case_id("2026-000001")
    assert found is not None
    return found


def test_the_database_holds_neither_the_token_nor_what_is_asked(
    engine: Engine, case_id: UUID
) -> None:
    with engine.begin() as db:
        token = owner_links.mint(db, case_id, NOW)
        owner_links.remember_check(db, case_id, "vin", VIN)
        kept = [*db.execute(select(owner_link)).one(), *db.execute(select(owner_check)).one()]

    assert not any(token in str(value) or "184847" in str(value) for value in kept)


def test_every_link_is_another_one_and_each_leads_to_its_case(
    engine: Engine, case_id: UUID
) -> None:
    with engine.begin() as db:
        tokens = {owner_links.mint(db, case_id, NOW) for _ in range(20)}
        found = [owner_links.find(db, token) for token in tokens]

    assert len(tokens) == 20
    assert {link.case_id for link in found if link} == {case_id}
    assert min(len(token) for token in tokens) >= 22


@pytest.mark.parametrize("typed", ["184847", " 1848-47 ", "１８４８４７", VIN, VIN.lower()])
def test_the_tail_is_taken_however_it_is_written(engine: Engine, case_id: UUID, typed: str) -> None:
    with engine.begin() as db:
        link = owner_links.find(db, owner_links.mint(db, case_id, NOW))
        owner_links.remember_check(db, case_id, "vin", VIN)
        assert link is not None
        assert owner_links.is_answered(db, link, typed)


@pytest.mark.parametrize("typed", ["", "84847", "184848", "LSVAA4", "%", "一二三四五六"])
def test_anything_else_is_wrong(engine: Engine, case_id: UUID, typed: str) -> None:
    with engine.begin() as db:
        link = owner_links.find(db, owner_links.mint(db, case_id, NOW))
        owner_links.remember_check(db, case_id, "vin", VIN)
        assert link is not None
        assert not owner_links.is_answered(db, link, typed)


def test_a_link_behind_which_nothing_can_be_asked_stays_shut(engine: Engine, case_id: UUID) -> None:
    with engine.begin() as db:
        link = owner_links.find(db, owner_links.mint(db, case_id, NOW))
        assert link is not None
        assert owner_links.kinds(db, link) == ()
        assert not owner_links.is_answered(db, link, "184847")


def test_what_opens_the_holders_link_does_not_open_the_drivers(
    engine: Engine, case_id: UUID
) -> None:
    with engine.begin() as db:
        owner_links.remember_check(db, case_id, "vin", VIN)
        driver = Person("李明", "330203199001011234", relation="driver")
        party_id = parties.add(db, case_id, driver, "nominated", NOW)
        link = owner_links.find(db, owner_links.mint(db, case_id, NOW, party_id))
        assert link is not None

        assert owner_links.kinds(db, link) == ("id",)
        assert not owner_links.is_answered(db, link, "184847")
        assert owner_links.is_answered(db, link, "011234")


def test_only_links_that_nobody_uses_are_replaced(engine: Engine, case_id: UUID) -> None:
    with engine.begin() as db:
        old, used = owner_links.mint(db, case_id, NOW), owner_links.mint(db, case_id, NOW)
        browser = owner_link.update().where(owner_link.c.token_sha256 == _hash(used))
        db.execute(browser.values(browser_sha256="ab" * 32))
        link = owner_links.find(db, old)
        assert link is not None
        owner_links.end_unused(db, link, NOW)
        ends = [one.ended_utc_ms for token in (old, used) if (one := owner_links.find(db, token))]

    assert ends == [NOW, None]


def _hash(token: str) -> str:
    return token_sha256(token)


@pytest.mark.parametrize(
    ("kind", "value"), [("phone", "13900000000"), ("vin", "12-34"), ("id", "")]
)
def test_what_cannot_be_asked_for_is_refused(
    engine: Engine, case_id: UUID, kind: str, value: str
) -> None:
    with engine.begin() as db, pytest.raises(ValueError, match="must"):
        owner_links.remember_check(db, case_id, kind, value)


def test_one_person_at_most_is_the_party(engine: Engine, case_id: UUID) -> None:
    with engine.begin() as db:
        first = parties.add(db, case_id, Person("王建国"), "party", NOW, "gateway")
        second = parties.add(db, case_id, Person("李明", relation="driver"), "nominated", NOW)
        parties.confirm(db, first, NOW)
        parties.confirm(db, second, NOW + 1)
        found = parties.of_case(db, case_id)

    assert found is not None
    assert (found.id, found.person.name) == (second, "李明")


def test_a_consent_serves_only_while_it_is_live_and_its_giver_is_the_party(
    engine: Engine, case_id: UUID
) -> None:
    with engine.begin() as db:
        mine = parties.add(db, case_id, Person("王建国"), "party", NOW, "gateway")
        other = parties.add(db, case_id, Person("李明", relation="driver"), "nominated", NOW)
        giver = parties.get(db, mine)
        assert giver is not None
        before = parties.consent(db, case_id)
        parties.agree(db, giver, "我同意", NOW)
        not_party = parties.consent(db, case_id)
        parties.confirm(db, mine, NOW)
        live = parties.consent(db, case_id)
        parties.confirm(db, other, NOW)
        changed = parties.consent(db, case_id)
        parties.confirm(db, mine, NOW)
        parties.withdraw(db, giver, NOW + 5)
        withdrawn = parties.consent(db, case_id)

    assert (before, not_party, changed, withdrawn) == (None, None, None, None)
    assert live is not None
    assert (live.party_id, live.given_utc_ms) == (mine, NOW)
