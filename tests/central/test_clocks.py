"""What follows by itself when time passes, and what does not."""

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from central import acting, papers, tables
from central.act_tables import pending_act
from central.cases import Action, Role, State
from central.clocks import Clocks
from central.documents.facts import DECISIONS, NOTICE
from central.documents.wording import local
from central.gateways.register import Holder, Query, Vehicle
from central.holidays import load
from central.owner_lookup import OwnerLookup
from central.owner_tables import party, service_consent
from central.papers import ELECTRONIC, PaperError, note_received
from tests.case_files import CaseFile, add_pack
from tests.case_steps import TO_NOTIFIED, act
from tests.device import SimulatedDevice
from tests.office import Office

DAY_MS, HOUR_MS = 86_400_000, 3_600_000


@pytest.fixture
def clocks(office: Office) -> Clocks:
    return Clocks(office.engine, load())


@pytest.fixture
def file(office: Office, device: SimulatedDevice) -> CaseFile:
    """A case past its reminder."""
    add_pack(office)
    return CaseFile.opened(office, device)


def state(file: CaseFile) -> State:
    with file.office.engine.connect() as db:
        return acting.standing(db, file.case_id).main


def strike(file: CaseFile, clocks: Clocks, ms: int) -> State:
    file.office.clock.now_utc_ms += ms
    clocks.run(file.office.clock.utc_ms())
    return state(file)


def receive(file: CaseFile, kind: str, way: str = "直接送达") -> None:
    now = file.office.clock.utc_ms()
    with file.office.engine.begin() as db:
        note_received(db, file.case_id, kind, (way, local(now).date()), "officer-1", now)


def consent(file: CaseFile) -> None:
    with file.office.engine.begin() as db:
        party_id = db.scalar(select(party.c.id).where(party.c.case_id == file.case_id))
        db.execute(
            insert(service_consent).values(
                id=uuid4(),
                case_id=file.case_id,
                party_id=party_id,
                channel="page",
                text_sha256="ab" * 32,
                given_utc_ms=file.office.clock.utc_ms(),
            )
        )


def test_nobody_reviews_in_five_days_and_the_case_is_over(file: CaseFile, clocks: Clocks) -> None:
    assert strike(file, clocks, 4 * DAY_MS) is State.OVERSTAYED
    assert strike(file, clocks, DAY_MS) is State.REJECTED


def test_silence_counts_only_after_the_notice_came_in(file: CaseFile, clocks: Clocks) -> None:
    file.name_party()
    file.walk(TO_NOTIFIED)
    assert strike(file, clocks, 20 * DAY_MS) is State.NOTIFIED

    receive(file, NOTICE)
    assert strike(file, clocks, 2 * DAY_MS) is State.NOTIFIED
    assert strike(file, clocks, 8 * DAY_MS) is State.SILENT
    with file.office.engine.connect() as db:
        last = acting.acts(db, file.case_id)[-1].act
    assert (last.action, last.role, last.person) == (Action.LAPSE, Role.SYSTEM, "system")


def test_the_time_to_state_ends_at_midnight_in_china(file: CaseFile, clocks: Clocks) -> None:
    """Told on Wednesday 18 November 2026: five working days end with the 25th."""
    file.name_party()
    file.walk(TO_NOTIFIED)
    receive(file, NOTICE)
    now = file.office.clock.utc_ms()
    until_midnight = 24 * HOUR_MS - (now + 8 * HOUR_MS) % DAY_MS
    assert local(now).date() == date(2026, 11, 18)

    assert strike(file, clocks, until_midnight + 7 * DAY_MS - 1) is State.NOTIFIED
    assert strike(file, clocks, 1) is State.SILENT


def test_a_receipt_is_noted_once_and_never_of_tomorrow_or_before_the_document(
    file: CaseFile,
) -> None:
    file.name_party()
    file.walk(TO_NOTIFIED)
    now = file.office.clock.utc_ms()
    with file.office.engine.begin() as db:
        for day in (date(2026, 11, 17), date(2026, 11, 19)):
            with pytest.raises(PaperError, match="收到日期应当在 2026-11-18 至 2026-11-18 之间"):
                note_received(db, file.case_id, NOTICE, ("直接送达", day), "x", now)
        with pytest.raises(PaperError, match="没有出具过《催告书》"):
            note_received(db, file.case_id, "催告书", ("x", date(2026, 11, 18)), "x", now)
    receive(file, NOTICE)
    receive(file, NOTICE)

    with file.office.engine.connect() as db:
        event = tables.case_event
        lines = db.scalars(select(event.c.seq).where(event.c.type == papers.RECEIVED)).all()
    assert len(lines) == 1


def test_a_decision_is_served_electronically_only_with_consent_and_once_it_was_opened(
    file: CaseFile, clocks: Clocks
) -> None:
    file.to_decided()
    assert strike(file, clocks, HOUR_MS) is State.DECIDED
    consent(file)
    assert strike(file, clocks, HOUR_MS) is State.SERVING
    assert strike(file, clocks, DAY_MS) is State.SERVING

    receive(file, DECISIONS[0], ELECTRONIC)
    assert strike(file, clocks, HOUR_MS) is State.SERVED
    assert "电子送达" in file.content("送达回证").to_json()


def test_what_waits_for_a_signature_in_a_case_that_went_on_is_dropped_with_what_was_typed(
    file: CaseFile, clocks: Clocks
) -> None:
    with file.office.engine.begin() as db:
        seen = acting.acts(db, file.case_id)[-1].seq
        user = dict.fromkeys(("name", "display", "password", "role", "language"), "x")
        db.execute(
            insert(tables.user).values(
                id="u", active=True, created_utc_ms=0, changed_utc_ms=0, **user
            )
        )
        waits = {"case_id": file.case_id, "action": "identify-party", "person": "u", "seen": seen}
        told = {"fields": '{"party_id_number":"3302"}', "asked_utc_ms": 0, "state": "waiting"}
        db.execute(insert(pending_act).values(id=uuid4(), **waits, **told))
    clocks.run(file.office.clock.utc_ms())
    with file.office.engine.connect() as db:
        before = db.execute(select(pending_act.c.state, pending_act.c.fields)).one()
    file.do(act(Action.REVIEW, Role.OFFICER, "zhao"))
    clocks.run(file.office.clock.utc_ms())
    with file.office.engine.connect() as db:
        after = db.execute(select(pending_act.c.state, pending_act.c.fields)).one()

    assert tuple(before) == ("waiting", '{"party_id_number":"3302"}')
    assert tuple(after) == ("withdrawn", "{}")


def test_two_workers_at_once_do_each_act_once(file: CaseFile, office: Office) -> None:
    office.clock.now_utc_ms += 6 * DAY_MS
    for _ in range(2):
        Clocks(office.engine, load()).run(office.clock.utc_ms())

    with office.engine.connect() as db:
        done = [one.act.action for one in acting.acts(db, file.case_id)]
    assert done.count(Action.EXPIRE) == 1


def test_what_is_due_stands_in_order_with_its_limits(file: CaseFile, clocks: Clocks) -> None:
    clocks.run(file.office.clock.utc_ms())

    (due,) = clocks.due(10)

    assert (due.id, [one.limit for one in due.dues]) == (file.case_id, ["review"])


def test_an_act_sets_the_limit_anew(file: CaseFile, clocks: Clocks) -> None:
    clocks.run(file.office.clock.utc_ms())
    file.do(act(Action.REVIEW, Role.OFFICER, "zhao"))
    case = tables.case
    with file.office.engine.connect() as db:
        assert db.scalar(select(case.c.due_utc_ms)) is None
    clocks.work_out()
    with file.office.engine.connect() as db:
        assert db.scalar(select(case.c.due_utc_ms)) is not None


HOLDER = Holder(kind="person", name="张小明", id_number="330200199001011234", address="x")
CAR = Vehicle(plate="浙B12345", colour="blue", vehicle_class="small", holder=HOLDER)


class Register:
    """Answers what a test says."""

    def __init__(self, *found: Vehicle) -> None:
        self.found = found
        self.asked: list[Query] = []

    def find(self, query: Query) -> tuple[Vehicle, ...]:
        self.asked.append(query)
        return self.found

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("found", "result", "named"),
    [
        ([CAR], "one", ["张小明"]),
        ([], "none", []),
        ([CAR, CAR], "several", []),
        ([CAR.model_copy(update={"status": "stolen"})], "unclear", []),
        ([CAR.model_copy(update={"holder": None})], "unclear", []),
    ],
)
def test_the_keeper_is_looked_up_after_the_second_review_and_only_a_single_one_is_named(
    file: CaseFile, found: list[Vehicle], result: str, named: list[str]
) -> None:
    register = Register(*found)
    lookup = OwnerLookup(file.office.engine, register)
    now = file.office.clock.utc_ms()
    file.do(act(Action.REVIEW, Role.OFFICER, "zhao"))
    lookup.run(now)
    assert register.asked == []

    file.do(act(Action.REVIEW_AGAIN, Role.OFFICER, "qian"))
    lookup.run(now)
    lookup.run(now)

    with file.office.engine.connect() as db:
        people = db.execute(select(party.c.name, party.c.confirmed_utc_ms)).all()
        last = acting.acts(db, file.case_id)[-1]
        number = db.scalar(select(tables.case.c.number))
    assert register.asked == [Query("浙B12345", "blue", "case", str(number))]
    assert (last.act.action, last.detail["result"]) == (Action.RESOLVE_OWNER, result)
    assert [tuple(one) for one in people] == [(name, None) for name in named]
    assert file.content("查询记录").kind == "查询记录"
