"""Rules that nobody put in force and rules that were found wrong lead to no penalty."""

from uuid import UUID

import pytest

from central import acting, tables
from central.cases import Act, Action, Role, State, Unproven
from central.doubts import Doubts, Kind, KnownWrong, NothingSuch, NotListed, Outcome
from central.views import CaseFilter
from tests.case_files import IN_FORCE, add_pack
from tests.case_steps import ALL, PEOPLE, TO_DECIDED, TO_FILED, act
from tests.device import SimulatedDevice
from tests.office import Office


def opened(office: Office, device: SimulatedDevice) -> UUID:
    packet = device.arrival(shots=[])
    office.deliver(packet)
    return office.case_of(packet)


def do(office: Office, case_id: UUID, *steps: Act) -> None:
    with office.engine.begin() as db:
        for step in steps:
            acting.do(db, case_id, step, ALL, office.clock.utc_ms())


def state(office: Office, case_id: UUID) -> State:
    with office.engine.connect() as db:
        return acting.standing(db, case_id).main


def test_a_case_under_an_unknown_pack_is_not_filed_until_the_pack_is_known(
    office: Office,
) -> None:
    device = office.register(SimulatedDevice())
    case_id = opened(office, device)
    with pytest.raises(Unproven, match="policy pack that its records name was put in force here"):
        do(office, case_id, *TO_FILED)
    flagged = Doubts(office.engine).under_unknown_packs()

    known = office.register(
        SimulatedDevice("gate-2", seed=2, policy_sha256=add_pack(office)), "翠屏山庄"
    )
    control = opened(office, known)
    do(office, control, *TO_FILED)

    assert [one[0] for one in flagged] == [case_id]
    assert state(office, case_id) is State.SUSPECTED
    assert state(office, control) is State.FILED
    assert [one[0] for one in Doubts(office.engine).under_unknown_packs()] == [case_id]


def test_the_list_flags_cases_under_a_pack_that_is_unknown(office: Office) -> None:
    unknown = opened(office, office.register(SimulatedDevice()))
    fine = office.register(SimulatedDevice("gate-2", seed=2, policy_sha256=add_pack(office)), "B")
    control = opened(office, fine)
    later = office.register(
        SimulatedDevice("gate-3", seed=3, policy_sha256=fine.policy_sha256), "C"
    )
    arrival = later.arrival(shots=[])
    office.deliver(arrival)
    later.policy_sha256 = "ab" * 32
    office.deliver(later.overstay(arrival, shots=[]))
    page = office.lookup.cases(CaseFilter())

    assert {row.id for row in page.rows} == {unknown, control, office.case_of(arrival)}
    assert page.unknown_pack == {unknown, office.case_of(arrival)}


def test_a_later_record_that_names_an_unknown_pack_stops_the_decision(office: Office) -> None:
    device = office.register(SimulatedDevice(policy_sha256=add_pack(office)))
    arrival = device.arrival(shots=[])
    office.deliver(arrival)
    case_id = office.case_of(arrival)
    do(office, case_id, *TO_DECIDED[:-1])
    device.policy_sha256 = "ab" * 32
    office.deliver(device.overstay(arrival, shots=[]))

    with pytest.raises(Unproven, match="policy pack"):
        do(office, case_id, TO_DECIDED[-1])


@pytest.mark.parametrize("kind", Kind)
def test_what_rests_on_something_wrong_is_listed_and_waits_for_a_person(
    office: Office, kind: Kind
) -> None:
    device = office.register(SimulatedDevice(policy_sha256=add_pack(office)))
    first = opened(office, device)
    record = device.arrival(shots=[]).record
    value = record.rules.policy_sha256 if kind is Kind.POLICY else record.lane.version
    doubts, now = Doubts(office.engine), office.clock.utc_ms()
    doubts.find(kind, value, "chen", "车道画错了", now)
    later = office.register(
        SimulatedDevice("gate-2", seed=2, policy_sha256=device.policy_sha256), "翠屏山庄"
    )
    second = opened(office, later)
    added = doubts.run(now)

    assert {one.case_id for one in doubts.listed()} == {first, second}
    assert added == 1
    assert doubts.run(now) == 0
    with pytest.raises(Unproven, match="found wrong"):
        do(office, first, *TO_FILED)
    doubts.settle(doubts.all()[0].id, first, "chen", Outcome.STANDS, "已核对，不受影响", now)
    do(office, first, *TO_FILED)
    assert state(office, first) is State.FILED
    assert [(one.waiting, one.settled) for one in doubts.all()] == [(1, 1)]


def test_nothing_is_found_wrong_twice_or_settled_twice(office: Office) -> None:
    device = office.register(SimulatedDevice(policy_sha256=add_pack(office)))
    case_id, doubts, now = opened(office, device), Doubts(office.engine), office.clock.utc_ms()
    with pytest.raises(NothingSuch):
        doubts.find(Kind.POLICY, "ef" * 32, "chen", "nichts", now)
    doubts.find(Kind.POLICY, device.policy_sha256, "chen", "错误", now)
    with pytest.raises(KnownWrong):
        doubts.find(Kind.POLICY, device.policy_sha256, "chen", "again", now)
    wrong = doubts.all()[0].id
    doubts.settle(wrong, case_id, "chen", Outcome.REVOKE, "应予撤销", now)
    with pytest.raises(NotListed):
        doubts.settle(wrong, case_id, "liu", Outcome.STANDS, "again", now)


def test_what_ends_a_case_needs_no_known_pack(office: Office) -> None:
    device = office.register(SimulatedDevice())
    case_id = opened(office, device)
    do(office, case_id, act(Action.REMIND, Role.SYSTEM), act(Action.OVERSTAY, Role.DEVICE))
    do(office, case_id, Act(Action.REJECT, Role.OFFICER, PEOPLE[Role.OFFICER]))

    assert state(office, case_id) is State.REJECTED
    assert office.count(tables.policy) == 0
    assert "valid_from: 2026-11-01" in IN_FORCE
