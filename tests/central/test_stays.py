"""What the records of a stay add up to."""

from itertools import permutations, product

import pytest

from central.stays import MOVES, Standing, standing, summary
from edge.wire.records import PlateReading, RecordKind
from tests.device import ARRIVAL_SHOTS, SimulatedDevice

KINDS = {
    "arrival": Standing.SUSPECTED,
    "arrival overstay": Standing.OVERSTAYED,
    "arrival departure": Standing.DEPARTED,
    "arrival broken": Standing.BROKEN,
    "arrival overstay departure": Standing.OVERSTAYED,
    "arrival overstay broken": Standing.OVERSTAYED,
    "arrival overstay overstay departure": Standing.OVERSTAYED,
    "arrival departure broken": Standing.BROKEN,
}


def test_the_table_answers_every_state_and_kind() -> None:
    assert set(MOVES) == set(product([None, *Standing], RecordKind))


@pytest.mark.parametrize(("kinds", "state"), KINDS.items())
def test_records_in_any_order_give_the_same_state(kinds: str, state: Standing) -> None:
    for order in permutations(RecordKind(kind) for kind in kinds.split()):
        assert standing(order) is state


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
