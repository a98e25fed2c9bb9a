"""The figures: what each case adds, sums that follow the log, and the same made from nothing."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from central import acting
from central.cases import Act, Action, Role
from central.figures import rollup
from central.figures.dashboard import Dashboard, Figures, Sums, Wanted
from central.following import follow
from central.office_tables import case_fact, month_count
from tests.case_files import IN_FORCE, add_pack
from tests.case_steps import ALL, TO_DECIDED, TO_PAYABLE, act
from tests.device import Packet, SimulatedDevice
from tests.office import Office

NOVEMBER = Wanted("2026-11", "2026-11")


def arrive(office: Office, device: SimulatedDevice) -> Packet:
    packet = device.arrival(shots=[])
    office.deliver(packet)
    return packet


@pytest.fixture
def device(office: Office) -> SimulatedDevice:
    """A device whose pack is in force, and whose lane is past its warning phase."""
    named = add_pack(office, IN_FORCE.replace("until: 2027-01-01", "until: 2026-11-01"))
    return office.register(SimulatedDevice(policy_sha256=named))


def do(office: Office, case_id: UUID, steps: Sequence[Act]) -> None:
    with office.engine.begin() as db:
        for step in steps:
            acting.do(db, case_id, step, ALL, office.clock.utc_ms())


def shown(office: Office, wanted: Wanted = NOVEMBER) -> Dashboard:
    rollup.catch_up(office.engine)
    return Figures(office.engine).dashboard(wanted)


def rows(engine: Engine) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    with engine.connect() as db:
        facts = db.execute(select(case_fact).order_by(case_fact.c.case_id)).all()
        sums = db.execute(select(month_count).order_by(*month_count.primary_key.columns)).all()
    return [tuple(row) for row in facts], [tuple(row) for row in sums]


def test_every_case_counts_once_for_each_thing_that_happened(
    office: Office, device: SimulatedDevice
) -> None:
    arrive(office, device)
    left = arrive(office, device)
    office.remind(left)
    office.deliver(device.departure(left, shots=[]))
    gone_unreminded = arrive(office, device)
    office.deliver(device.departure(gone_unreminded, shots=[]))
    fined = arrive(office, device)
    office.clock.now_utc_ms += 2 * 86_400_000
    do(office, office.case_of(fined), TO_PAYABLE)
    do(office, office.case_of(fined), [act(Action.PAY, Role.FINANCE)])

    assert shown(office).total == Sums(
        name="",
        cases=4,
        reminded=2,
        left_in_time=1,
        overstayed=1,
        decided=1,
        paid=1,
        self_paid=1,
        median_days=2.0,
    )
    assert (shown(office).total.left_pm, shown(office).total.self_paid_pm) == (500, 1000)


def test_who_pays_only_after_a_demand_did_not_pay_unasked(
    office: Office, device: SimulatedDevice
) -> None:
    case_id = office.case_of(arrive(office, device))
    late = (act(Action.FALL_OVERDUE, Role.SYSTEM), act(Action.DEMAND, Role.HEAD))
    do(office, case_id, (*TO_PAYABLE, *late, act(Action.PAY, Role.FINANCE)))

    total = shown(office).total
    assert (total.paid, total.self_paid) == (1, 0)


def test_the_median_lies_between_the_two_middle_decisions(
    office: Office, device: SimulatedDevice
) -> None:
    cases = [office.case_of(arrive(office, device)) for _ in range(4)]
    for case_id, days in zip(cases, (1, 1, 4, 10), strict=True):
        office.clock.now_utc_ms += days * 86_400_000
        do(office, case_id, TO_DECIDED)

    assert shown(office).total.median_days == pytest.approx((2 + 6) / 2)


def test_a_lane_that_only_warned_is_counted_apart_as_soon_as_its_pack_is_known(
    office: Office,
) -> None:
    named = hashlib.sha256(IN_FORCE.encode()).hexdigest()
    device = office.register(SimulatedDevice(policy_sha256=named))
    arrive(office, device)
    before = shown(office).total
    add_pack(office)  # names this site and lane-1 until 2027
    after = shown(office).total
    kept = rows(office.engine)
    rollup.rebuild(office.engine)

    assert (before.cases, before.warning) == (1, 0)
    assert (after.cases, after.warning) == (0, 1)
    assert rows(office.engine) == kept


def test_sums_follow_each_act_and_a_rebuild_gives_the_same_rows(
    office: Office, device: SimulatedDevice
) -> None:
    other = office.register(
        SimulatedDevice("gate-2", seed=2, policy_sha256=device.policy_sha256), "翠屏山庄"
    )
    for step in range(3):
        office.clock.now_utc_ms += step * 20 * 86_400_000
        packets = [arrive(office, one) for one in (device, other)]
        rollup.catch_up(office.engine)
        do(office, office.case_of(packets[0]), TO_DECIDED[: 3 * step + 1])
        rollup.catch_up(office.engine)
    kept = rows(office.engine)

    rollup.rebuild(office.engine)

    assert rows(office.engine) == kept
    assert len(kept[0]) == 6
    assert [row[0] for row in kept[1]] == ["2026-11"] * 2 + ["2026-12"] * 2 + ["2027-01"] * 2


def test_nothing_new_in_the_log_changes_nothing(office: Office, device: SimulatedDevice) -> None:
    arrive(office, device)
    rollup.catch_up(office.engine)

    assert follow(office.engine, rollup.NAME, rollup.refresh) == 0


def test_every_month_of_the_stretch_is_shown_and_others_are_not(
    office: Office, device: SimulatedDevice
) -> None:
    arrive(office, device)

    months = shown(office, Wanted("2026-10", "2027-01")).months

    assert [(one.name, one.cases) for one in months] == [
        ("2026-10", 0),
        ("2026-11", 1),
        ("2026-12", 0),
        ("2027-01", 0),
    ]
    assert shown(office, Wanted("2027-01", "2027-02")).total.cases == 0
