"""One case that nothing can be done for keeps no other case waiting."""

import logging

import pytest
from sqlalchemy import select, update

from central import acting, clocks, tables
from central.billing import Billing
from central.billing_tables import bill
from central.cases import Action, Role, State
from central.clocks import Clocks
from central.documents.facts import NOTICE
from central.documents.wording import local
from central.holidays import load
from central.owner_lookup import OwnerLookup
from central.papers import note_received
from central.statements import Line
from central.treasury import Treasury
from tests.case_files import CaseFile, add_pack
from tests.case_steps import TO_NOTIFIED, TO_REVIEW, act
from tests.device import SimulatedDevice
from tests.office import Office

DAY_MS = 86_400_000


@pytest.fixture
def files(office: Office) -> list[CaseFile]:
    """Three cases of three devices, in the order in which their turn comes."""
    add_pack(office)
    made = [
        CaseFile.opened(office, office.register(SimulatedDevice(f"gate-{seed}", seed=seed)))
        for seed in (11, 12, 13)
    ]
    return sorted(made, key=lambda file: file.case_id)


def damage(file: CaseFile) -> None:
    """A bit of every kept record flips."""
    record = tables.record
    mine = record.c.case_id == file.case_id
    with file.office.engine.begin() as db:
        for row in db.execute(select(record.c.record_id, record.c.envelope).where(mine)).all():
            spoilt = row.envelope.replace(b"payload", b"paylobd")
            one = record.c.record_id == row.record_id
            db.execute(update(record).where(one).values(envelope=spoilt))


def state(file: CaseFile) -> State:
    with file.office.engine.connect() as db:
        return acting.standing(db, file.case_id).main


def test_a_damaged_record_keeps_the_clocks_of_other_cases_running(
    files: list[CaseFile], office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    damage(files[0])
    office.clock.now_utc_ms += 6 * DAY_MS

    with caplog.at_level(logging.ERROR, "central.clocks"):
        Clocks(office.engine, load()).run(office.clock.utc_ms())

    assert [state(file) for file in files] == [State.OVERSTAYED, State.REJECTED, State.REJECTED]
    assert f"case {files[0].case_id} is left alone" in caplog.text


def test_a_damaged_record_keeps_nobody_else_from_being_looked_up_or_billed(
    files: list[CaseFile], office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    for file in files[:2]:
        file.walk((*TO_REVIEW, act(Action.REVIEW, Role.OFFICER, "zhao"),
                   act(Action.REVIEW_AGAIN, Role.OFFICER, "qian")))  # fmt: skip
    files[2].to_served()
    damage(files[0])
    OwnerLookup(office.engine).run(office.clock.utc_ms())
    damage(files[2])
    made = Billing(office.engine, load()).open_bills(office.clock.utc_ms())

    assert [state(file) for file in files[:2]] == [State.SECOND_REVIEWED, State.OWNER_RESOLVED]
    assert made == []
    assert office.count(bill) == 0
    assert f"case {files[2].case_id} is not billed" in caplog.text


def test_cases_that_wait_for_a_person_take_nobodys_turn(
    files: list[CaseFile], office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round has time for one case. Two wait for the receipt of their notice, and the 90 days for
    their decision were over before the third party's time to speak."""
    monkeypatch.setattr(clocks, "_AT_ONCE", 1)
    for file in files:
        file.name_party()
        file.walk(TO_NOTIFIED)
    office.clock.now_utc_ms += 95 * DAY_MS
    now = office.clock.utc_ms()
    with office.engine.begin() as db:
        told = ("直接送达", local(now).date())
        note_received(db, files[2].case_id, NOTICE, told, "officer-1", now)
    striking = Clocks(office.engine, load())
    office.clock.now_utc_ms += 15 * DAY_MS
    for _ in range(4):
        striking.run(office.clock.utc_ms())

    assert [state(file) for file in files] == [State.NOTIFIED, State.NOTIFIED, State.SILENT]


def test_a_damaged_case_keeps_no_other_payment_from_being_settled(
    files: list[CaseFile], office: Office
) -> None:
    billing, treasury, now = (
        Billing(office.engine, load()),
        Treasury(office.engine),
        office.clock.utc_ms(),
    )
    for file in files:
        file.to_served()
    for n, bill_id in enumerate(sorted(billing.open_bills(office.clock.utc_ms()))):
        with office.engine.begin() as db:
            billing.confirm(db, bill_id, f"code-{n}", "", office.clock.utc_ms())
    day = local(now).date()
    lines = [Line(2 + n, f"GK{n}", "in", f"code-{n}", 10_000, day) for n in range(3)]
    damage(files[0])
    done = [
        treasury.import_statement("a.csv", b"a", lines, "fin", office.clock.utc_ms())
        for _ in range(2)
    ]
    with office.engine.connect() as db:
        number = db.scalar(select(tables.case.c.number).where(tables.case.c.id == files[0].case_id))

    assert [state(file) for file in files] == [State.PAYABLE, State.PAID, State.PAID]
    assert [one.unsettled for one in done] == [(number,), (number,)]
