"""Acts in the log: what was done to a case, by whom, and two at once."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from central import acting, events, tables
from central.cases import (
    Act,
    Action,
    Case,
    CaseError,
    Guard,
    IllegalMove,
    Money,
    Role,
    State,
    Unproven,
)
from central.events import check_log, lines
from central.views import CaseFilter, CaseRow
from tests.case_files import add_pack
from tests.case_steps import ALL, TO_PAYABLE
from tests.device import Packet, SimulatedDevice
from tests.office import NOW, Office


@pytest.fixture
def arrival(office: Office, device: SimulatedDevice) -> Packet:
    packet = device.arrival(shots=[])
    office.deliver(packet)
    return packet


def act(office: Office, packet: Packet, done: Act, **detail: str) -> acting.Logged:
    case_id = office.case_of(packet)
    with office.engine.begin() as db:
        return acting.do(db, case_id, done, ALL, office.clock.utc_ms(), detail)


def row(office: Office) -> CaseRow:
    return office.lookup.cases(CaseFilter()).rows[0]


def test_a_new_case_is_suspected_and_no_act_is_in_its_log(office: Office, arrival: Packet) -> None:
    assert office.standing(arrival) == Case()
    assert (row(office).state, row(office).remedy, row(office).money) == (
        "suspected",
        "none",
        "unbilled",
    )
    assert row(office).policy_sha256 == arrival.record.rules.policy_sha256


def test_records_act_in_the_name_of_their_device(office: Office, device: SimulatedDevice) -> None:
    packet = device.arrival(shots=[])
    office.deliver(packet)
    office.remind(packet)
    office.clock.now_utc_ms += 1000
    office.deliver(device.overstay_after_notice(packet, shots=[]))
    office.deliver(device.departure(packet, shots=[]))

    case_id = office.case_of(packet)
    with office.engine.connect() as db:
        done = acting.acts(db, case_id)
        check_log(lines(db))

    assert [logged.act for logged in done] == [
        Act(Action.REMIND, Role.SYSTEM, "system"),
        Act(Action.OVERSTAY, Role.DEVICE, device.id),
    ]
    assert [logged.utc_ms for logged in done] == [NOW, NOW + 1000]
    assert row(office).state == "overstayed"


def test_an_act_is_one_line_that_holds_who_did_it_and_what_was_added(
    office: Office, arrival: Packet
) -> None:
    logged = act(office, arrival, Act(Action.REMIND, Role.SYSTEM, "system"), text="ab" * 32)

    case_id = office.case_of(arrival)
    with office.engine.connect() as db:
        (again,) = acting.acts(db, case_id)
    assert again == logged
    assert dict(again.detail) == {"text": "ab" * 32}
    assert row(office).changed_seq == logged.seq


def test_the_columns_follow_all_three_regions(office: Office, device: SimulatedDevice) -> None:
    device.policy_sha256 = add_pack(office)
    arrival = device.arrival(shots=[])
    office.deliver(arrival)
    for step in (*TO_PAYABLE, Act(Action.FILE_RECONSIDERATION, Role.PARTY, "party-1")):
        act(office, arrival, step)

    assert (row(office).state, row(office).remedy, row(office).money) == (
        "payable",
        "reconsideration-pending",
        "billed",
    )
    assert office.standing(arrival).acts[-2].action is Action.BILL


def test_what_is_refused_leaves_no_line(office: Office, arrival: Packet) -> None:
    case_id = office.case_of(arrival)
    with office.engine.begin() as db:
        with pytest.raises(Unproven, match="delivered"):
            acting.do(
                db, case_id, Act(Action.REMIND, Role.SYSTEM, "s"), ALL - {Guard.DELIVERED}, NOW
            )
        with pytest.raises(IllegalMove):
            acting.do(db, case_id, Act(Action.DECIDE, Role.HEAD, "h"), ALL, NOW)

    with office.engine.connect() as db:
        assert acting.acts(db, case_id) == []
    assert row(office).state == "suspected"


def test_what_is_rolled_back_was_not_done(office: Office, arrival: Packet) -> None:
    case_id = office.case_of(arrival)
    with office.engine.connect() as db:
        acting.do(db, case_id, Act(Action.REMIND, Role.SYSTEM, "system"), ALL, NOW)
        db.rollback()

    assert office.standing(arrival).main is State.SUSPECTED


def test_of_two_at_once_the_second_finds_the_case_as_the_first_left_it(
    office: Office, arrival: Packet
) -> None:
    together, refused = Barrier(2), []

    def remind() -> None:
        together.wait()
        try:
            act(office, arrival, Act(Action.REMIND, Role.SYSTEM, "system"))
        except CaseError as error:
            refused.append(error)

    threads = [Thread(target=remind) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [type(error) for error in refused] == [IllegalMove]
    assert len(office.standing(arrival).acts) == 1


def test_acts_from_before_the_log_held_all_are_read_from_the_line_that_carries_them(
    office: Office, arrival: Packet
) -> None:
    told = (
        '[{"action":"remind","role":"system","person":"system"},'
        '{"action":"overstay","role":"device","person":"gate"}]'
    )
    case_id = office.case_of(arrival)
    with office.engine.begin() as db:
        event = events.Event(NOW, "migration", acting.CARRIED_OVER, case_id, {"acts": told})
        events.append(db, event)

    act(office, arrival, Act(Action.REVIEW, Role.OFFICER, "wang"))

    assert office.standing(arrival).main is State.FIRST_REVIEWED
    assert office.standing(arrival).money is Money.UNBILLED
    with office.engine.connect() as db:
        assert db.scalar(select(tables.case.c.state)) == "first-reviewed"
