"""What pages and exports see of the database."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from central.views import CaseFilter, CasePage
from edge.wire.records import PlateReading, Vehicle
from tests.device import SimulatedDevice
from tests.office import NOW, Office


def vehicle(text: str) -> Vehicle:
    plate = PlateReading(
        status="read",
        text=text,
        grammar="civil",
        colour="blue",
        confidence_pm=990,
        chars_pm=[],
        frames=5,
    )
    return Vehicle(kind="car", plate=plate)


@pytest.fixture
def three(office: Office) -> Office:
    """Three cases, a minute apart, at two sites."""
    east = office.register(SimulatedDevice(), site="望江花园")
    west = office.register(SimulatedDevice(id="gate-west-01", seed=2), site="100%_府")
    office.deliver(east.arrival(shots=[], vehicle=vehicle("浙B12345")))
    office.clock.now_utc_ms += 60_000
    first = west.arrival(shots=[], vehicle=vehicle("沪A99999"))
    office.deliver(first)
    office.remind(first)
    office.deliver(west.overstay_after_notice(first, shots=[], vehicle=vehicle("沪A99999")))
    office.clock.now_utc_ms += 60_000
    office.deliver(east.arrival(shots=[]))
    return office


def numbers(page: CasePage) -> list[str]:
    return [row.number for row in page.rows]


def test_cases_are_listed_newest_first_with_numbers_of_the_year(three: Office) -> None:
    page = three.lookup.cases(CaseFilter())

    assert numbers(page) == ["2026-000003", "2026-000002", "2026-000001"]
    assert page.total == 3


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (CaseFilter(state="overstayed"), ["2026-000002"]),
        (CaseFilter(site="望江花园"), ["2026-000003", "2026-000001"]),
        (CaseFilter(device="gate-west-01"), ["2026-000002"]),
        (CaseFilter(plate="B123"), ["2026-000001"]),
        (CaseFilter(plate="%"), []),
        (CaseFilter(plate="_"), []),
        (CaseFilter(text="100%_"), ["2026-000002"]),
        (CaseFilter(text="000003"), ["2026-000003"]),
        (CaseFilter(text="' OR 1=1 --"), []),
        (CaseFilter(opened_from_utc_ms=NOW + 60_000), ["2026-000003", "2026-000002"]),
        (CaseFilter(opened_until_utc_ms=NOW + 60_000), ["2026-000001"]),
        (CaseFilter(state="suspected", site="望江花园", plate="浙"), ["2026-000001"]),
    ],
)
def test_a_filter_takes_what_fits_all_of_it(
    three: Office, wanted: CaseFilter, found: list[str]
) -> None:
    page = three.lookup.cases(wanted)

    assert (numbers(page), page.total) == (found, len(found))


def test_a_page_knows_how_many_there_are_in_all(three: Office) -> None:
    page = three.lookup.cases(CaseFilter(limit=1, offset=1))

    assert (numbers(page), page.total) == (["2026-000002"], 3)


def test_a_case_shows_its_records_in_the_order_of_the_chain(three: Office) -> None:
    (row,) = three.lookup.cases(CaseFilter(state="overstayed")).rows

    case = three.lookup.case(row.id)

    assert case is not None
    assert [view.record.kind for view in case.records] == ["arrival", "overstay"]
    assert [event.type for event in case.events] == [
        "opened",
        "record-stored",
        "act",
        "record-stored",
        "act",
    ]
    assert (row.plate, row.standing_ms) == ("沪A99999", 1_000_000)


def test_a_pending_record_of_the_stay_is_shown_as_pending(
    office: Office, device: SimulatedDevice
) -> None:
    arrival = device.arrival(shots=[])
    office.deliver(arrival)
    overstay = device.overstay(arrival)
    office.send(overstay.topic, overstay.envelope)

    case = office.lookup.case(office.lookup.cases(CaseFilter()).rows[0].id)

    assert case is not None
    assert [view.status for view in case.records] == ["stored", "pending"]
    assert case.records[1].held == frozenset()
    assert case.row.state == "suspected"


def test_an_image_that_was_damaged_since_fails_its_check(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival()
    office.deliver(packet)
    office.blobs.path(next(iter(packet.exhibits))).write_bytes(b"changed")

    case = office.lookup.case(office.lookup.cases(CaseFilter()).rows[0].id)

    assert case is not None
    assert [check.name for check in case.records[0].checks if check.ok is False] == ["exhibits"]


def test_a_case_is_found_by_number_and_by_id(three: Office) -> None:
    row = three.lookup.cases(CaseFilter()).rows[0]

    assert three.lookup.case_id(row.number) == three.lookup.case_id(str(row.id)) == row.id


Look = Callable[[Office], object]


@pytest.mark.parametrize(
    "look",
    [
        lambda office: office.lookup.case(uuid4()),
        lambda office: office.lookup.case_id("2026-999999"),
        lambda office: office.lookup.envelope(uuid4()),
        lambda office: office.lookup.receipt(uuid4()),
        lambda office: office.lookup.exhibit("0" * 64),
    ],
)
def test_what_is_not_there_is_none(office: Office, look: Look) -> None:
    assert look(office) is None


def test_sites_are_those_of_devices_and_of_cases(three: Office) -> None:
    assert set(three.lookup.sites()) == {"望江花园", "100%_府"}
