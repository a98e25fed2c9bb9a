"""Who agreed to be served on the page is told by SMS when a document lies there."""

import pytest
from sqlalchemy import Row, select

from central import owner_links
from central.cases import Action, Role
from central.owner import parties
from central.reminder_tables import message
from tests.case_files import CaseFile, add_pack
from tests.case_steps import TO_DECIDED, TO_NOTIFIED, TO_PARTY, act
from tests.device import SimulatedDevice
from tests.office import Office

DAY_MS, HOUR_MS = 86_400_000, 3_600_000


@pytest.fixture
def file(office: Office, device: SimulatedDevice) -> CaseFile:
    """A case whose party is known."""
    add_pack(office)
    file = CaseFile.opened(office, device)
    file.name_party()
    file.walk(TO_PARTY)
    return file


def agree(file: CaseFile) -> None:
    with file.office.engine.begin() as db:
        party = parties.of_case(db, file.case_id)
        assert party is not None
        parties.agree(db, party, "words", file.office.clock.utc_ms())
    file.office.clock.now_utc_ms += 1000


def sent(file: CaseFile) -> list[Row[tuple[object, ...]]]:
    """What was queued for the party, after a round."""
    file.office.reminders.heralding.run(file.office.clock.utc_ms())
    with file.office.engine.connect() as db:
        mine = select(message).where(message.c.purpose == "paper")
        return list(db.execute(mine.order_by(message.c.made_utc_ms)).all())


def test_each_document_is_told_once_with_a_link_of_the_partys_own(file: CaseFile) -> None:
    agree(file)
    assert sent(file) == []
    file.walk(TO_NOTIFIED)
    for _ in range(3):
        [told] = sent(file)
    file.do(act(Action.WAIVE, Role.PARTY))
    assert len(sent(file)) == 1  # their own words
    file.office.clock.now_utc_ms += DAY_MS
    file.decide()
    _, decided = sent(file)

    assert told.contact == decided.contact == "13800000000"
    assert told.text.startswith("【示例区消防救援大队】您有一份文书可以在网上查看：https://")
    token = decided.text.partition("/o/")[2].partition(" ")[0]
    with file.office.engine.connect() as db:
        link, party = owner_links.find(db, token), parties.of_case(db, file.case_id)
    assert link is not None
    assert party is not None
    assert link.party_id == party.id
    assert "浙B12345" not in told.text


def test_without_a_consent_in_force_documents_come_on_paper(file: CaseFile) -> None:
    file.walk(TO_NOTIFIED)
    assert sent(file) == []
    agree(file)
    with file.office.engine.begin() as db:
        party = parties.of_case(db, file.case_id)
        assert party is not None
        parties.withdraw(db, party, file.office.clock.utc_ms())
    file.walk(TO_DECIDED)

    assert sent(file) == []


def test_what_was_issued_before_the_consent_is_not_told_again(file: CaseFile) -> None:
    """Who agrees has the page open."""
    file.walk(TO_NOTIFIED)
    file.office.clock.now_utc_ms += 1000
    agree(file)
    file.do(act(Action.WAIVE, Role.PARTY))

    assert sent(file) == []


def test_nobody_is_woken_by_a_document(file: CaseFile) -> None:
    now = file.office.clock.utc_ms()
    midnight = now - (now + 8 * HOUR_MS) % DAY_MS + DAY_MS
    file.office.clock.now_utc_ms = midnight + HOUR_MS
    agree(file)
    file.walk(TO_NOTIFIED)
    [told] = sent(file)

    assert told.next_utc_ms == midnight + 6 * HOUR_MS + HOUR_MS // 2
