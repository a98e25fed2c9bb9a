"""What the records of a stay add up to, and what they make of its case."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from central import stays
from central.case_moves import RULES
from central.cases import Act, Action, Case, Guard, Role, State
from central.stays import device_act, summary
from edge.wire.records import Gap, GapReason, PlateReading, Proof, Record
from tests.device import ARRIVAL_SHOTS, SimulatedDevice

REMINDED = (Act(Action.REMIND, Role.SYSTEM, "system"),)
STORIES = {
    "": (State.SUSPECTED, State.REMINDED),
    "early": (State.REMINDER_FAILED, State.REMINDED),
    "overstay": (State.REMINDER_FAILED, State.OVERSTAYED),
    "early overstay": (State.REMINDER_FAILED, State.OVERSTAYED),
    "departure": (State.DEPARTED, State.DEPARTED),
    "broken": (State.INDETERMINATE, State.INDETERMINATE),
    "early departure": (State.DEPARTED, State.DEPARTED),
    "overstay departure": (State.DEPARTED, State.OVERSTAYED),
    "early overstay departure": (State.DEPARTED, State.OVERSTAYED),
    "overstay broken": (State.INDETERMINATE, State.OVERSTAYED),
    "departure broken": (State.INDETERMINATE, State.INDETERMINATE),
}
"""What comes after the arrival, with the state where nobody was reminded and where one was."""


def told(names: str) -> list[Record]:
    """The records of one stay; `early` is an overstay before a notice reached the device."""
    device = SimulatedDevice()
    arrival = device.arrival(shots=[])
    make = {
        "early": device.overstay,
        "overstay": device.overstay_after_notice,
        "departure": device.departure,
        "broken": device.broken,
    }
    return [arrival.record, *(make[name](arrival, shots=[]).record for name in names.split())]


def after(records: Sequence[Record], before: tuple[Act, ...]) -> Case:
    """The case when the records came one by one in this order."""
    case = RULES.replay(before)
    for count in range(1, len(records) + 1):
        action = device_act(case, records[:count])
        if action is not None:
            proven = stays.shown(records[:count])
            if stays.is_reminded(case):
                proven |= {Guard.REMINDED}
            case = RULES.do(case, Act(action, Role.DEVICE, "gate"), proven)
    return case


@pytest.mark.parametrize("reminded", [False, True])
@pytest.mark.parametrize("names", STORIES)
def test_records_in_any_order_lead_to_the_same_state(names: str, reminded: bool) -> None:
    for order in permutations(told(names)):
        assert after(order, REMINDED if reminded else ()).main is STORIES[names][reminded]


@pytest.mark.parametrize("names", STORIES)
def test_a_record_that_comes_again_changes_nothing(names: str) -> None:
    records = told(names)

    assert after([*records, *records], REMINDED) == after(records, REMINDED)


def test_a_device_that_speaks_of_a_reminder_which_nobody_sent_accuses_nobody() -> None:
    assert after(told("overstay"), ()).main is State.REMINDER_FAILED


@pytest.mark.parametrize(
    ("proof", "end_ms", "state"),
    [
        (Proof.PLATE, 420_000, State.OVERSTAYED),
        (Proof.PLATE, 420_001, State.REMINDED),
        (Proof.NONE, 310_000, State.REMINDED),
    ],
)
def test_a_gap_that_nothing_bridges_proves_no_overstay(
    proof: Proof, end_ms: int, state: State
) -> None:
    gap = Gap(begin_ms=300_000, end_ms=end_ms, reason=GapReason.OCCLUDED, proof=proof)
    arrival, overstay = told("overstay")
    stay = overstay.stay.model_copy(update={"gaps": [gap], "unobserved_ms": end_ms - 300_000})

    case = after([arrival, overstay.model_copy(update={"stay": stay})], REMINDED)

    assert case.main is state


@pytest.mark.parametrize(
    ("standing_ms", "state"), [(998_000, State.OVERSTAYED), (997_999, State.REMINDED)]
)
def test_before_the_grace_is_over_nobody_overstays(standing_ms: int, state: State) -> None:
    arrival, overstay = told("overstay")
    stay = overstay.stay.model_copy(update={"standing_ms": standing_ms, "deadline_ms": 990_000})

    case = after([arrival, overstay.model_copy(update={"stay": stay})], REMINDED)

    assert case.main is state


def plate(text: str) -> PlateReading:
    return PlateReading(
        status="read",
        text=text,
        grammar="civil",
        colour="blue",
        confidence_pm=990,
        chars_pm=[990] * len(text),
        frames=9,
    )


def test_the_summary_is_of_the_latest_record_whatever_came_first() -> None:
    device = SimulatedDevice()
    arrival = device.arrival()
    read = arrival.record.vehicle.model_copy(update={"plate": plate("浙B12345")})
    overstay = device.overstay(arrival, vehicle=read)
    departure = device.departure(overstay, shots=ARRIVAL_SHOTS[1:])
    records = [packet.record for packet in (arrival, overstay, departure)]

    for order in permutations(records):
        told = summary(order)
        assert told.latest is departure.record
        assert told.plate.text == "浙B12345"
        assert told.thumb_sha256 == overstay.record.exhibits[0].sha256
