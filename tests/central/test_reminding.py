"""What is decided between a packet and a reminded owner."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from central import reminding
from central.gateways.register import Vehicle
from central.policies import read_pack
from central.policy import Policy, QuietHours
from central.reminding import (
    LIVE,
    MOVES,
    Asked,
    Event,
    Reading,
    Stage,
    Weighed,
    day_begin,
    is_stale,
    move,
    owner,
    quiet_until,
    weigh,
)

E, S = Event, Stage
PACK = Path(__file__).parents[2] / "configs" / "policy.yaml"
CHINA = ZoneInfo("Asia/Shanghai")
BLUE = "浙B12345"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return read_pack(PACK.read_bytes(), PACK).policy


def box(plate: str | None = BLUE, colour: str | None = "blue") -> Reading:
    return Reading("box", plate, colour)


def machine(plate: str | None = BLUE, colour: str | None = "blue") -> Reading:
    return Reading("machine", plate, colour)


def person(plate: str | None = BLUE, colour: str | None = "blue") -> Reading:
    return Reading("person", plate, colour)


def test_box_and_second_reader_agree() -> None:
    assert weigh([box(), machine()], 2) == Weighed(E.AGREED, "", BLUE, "blue")


@pytest.mark.parametrize(
    ("readings", "why"),
    [
        ([box(None, None), machine()], "box-unread"),
        ([box("浙B1", None), machine("浙B1", None)], "no-plate"),
        ([box(BLUE, "green"), machine(BLUE, "green")], "no-plate"),
        ([box()], "no-second-reader"),
        ([box(), machine(None, None)], "second-unread"),
        ([box(), machine("浙B12346", "blue")], "readers-differ"),
        ([box(), machine(BLUE, "yellow")], "colours-differ"),
        ([box(None, None), machine(None, None), person()], "box-unread"),
    ],
)
def test_whatever_is_not_agreed_goes_to_a_person(readings: list[Reading], why: str) -> None:
    assert weigh(readings, 2) == Weighed(E.UNCLEAR, why)


@pytest.mark.parametrize(
    "readings",
    [
        [box(), machine("浙B12346"), person()],
        [box("浙B12346"), machine(), person()],
        [box(None, None), person(), person()],
        [box("浙B1Z345"), machine("浙B12346"), person(), person()],
    ],
)
def test_a_person_who_agrees_with_one_other_is_enough(readings: list[Reading]) -> None:
    assert weigh(readings, 2) == Weighed(E.AGREED, "", BLUE, "blue")


def test_two_against_two_is_not_agreed() -> None:
    other = "浙B12346"
    found = weigh([box(), machine(other), person(), person(other)], 2)

    assert found == Weighed(E.UNCLEAR, "readers-differ")


def test_a_colour_that_was_not_seen_goes_with_the_one_that_was() -> None:
    assert weigh([box(BLUE, None), machine()], 2) == Weighed(E.AGREED, "", BLUE, "blue")
    assert weigh([box(BLUE, None), machine(BLUE, None)], 2) == Weighed(E.UNCLEAR, "no-colour")


def test_a_form_with_one_colour_needs_no_colour() -> None:
    found = weigh([box("浙BD12345", None), machine("浙BD12345", None)], 2)

    assert found == Weighed(E.AGREED, "", "浙BD12345", "green")


@pytest.mark.parametrize(
    ("plate", "colour", "why"),
    [
        ("浙X1234应急", "white", "exempt"),
        ("应急浙123X", "white", "exempt"),
        ("浙B1234警", "white", "exempt"),
        ("WJ浙8888X", "white", "refer"),
        ("KA12345", "white", "refer"),
        ("使014578", "black", "refer"),
        ("浙B1234临", "white", "none"),
    ],
)
def test_special_plates_go_to_a_person_and_are_never_reminded(
    plate: str, colour: str, why: str
) -> None:
    found = weigh([box(plate, colour), machine(plate, colour)], 2)

    assert found == Weighed(E.SPECIAL, why, plate, colour)
    assert move(S.READ, found.event) is S.PERSON


def test_what_nobody_can_read_reminds_nobody() -> None:
    unread = [box(None, None), person(None, None)]

    assert weigh(unread, 2) == Weighed(E.UNCLEAR, "box-unread")
    assert weigh([*unread, person(None, None)], 2) == Weighed(E.UNREADABLE, "unreadable")
    three = [box("浙B12340"), person("浙B12341"), person("浙B12342"), person("浙B12343")]
    assert weigh(three, 2) == Weighed(E.UNREADABLE, "readers-differ")


def entry(**fields: str) -> Vehicle:
    values = {
        "plate": BLUE,
        "colour": "blue",
        "vehicle_class": "small-car",
        "contact": "13800000000",
    }
    return Vehicle.model_validate(values | fields)


ASKED = Asked(BLUE, "blue", "car")


@pytest.mark.parametrize(
    ("found", "event", "why"),
    [
        ([entry()], E.FOUND, ""),
        ([], E.DOUBT, "not-registered"),
        ([entry(), entry(contact="13900000000")], E.DOUBT, "two-owners"),
        ([entry(plate="浙B12346")], E.DOUBT, "another-plate"),
        ([entry(colour="yellow")], E.DOUBT, "another-colour"),
        ([entry(usage="ambulance")], E.DOUBT, "on-duty"),
        ([entry(usage="engineering-rescue")], E.DOUBT, "on-duty"),
        ([entry(status="stolen")], E.DOUBT, "not-normal"),
        ([entry(vehicle_class="large-truck")], E.DOUBT, "another-kind"),
        ([entry(vehicle_class="motorcycle")], E.DOUBT, "another-kind"),
        ([entry(contact="")], E.NO_PHONE, "no-phone"),
    ],
)
def test_a_doubtful_answer_of_the_register_goes_to_a_person(
    found: list[Vehicle], event: Event, why: str
) -> None:
    assert owner(found, ASKED, checked=False) == (event, why)


def test_a_person_settles_the_kind_of_vehicle_and_nothing_else() -> None:
    assert owner([entry(vehicle_class="large-truck")], ASKED, checked=True) == (E.FOUND, "")
    assert owner([entry(), entry()], ASKED, checked=True) == (E.DOUBT, "two-owners")
    assert owner([entry(colour="yellow")], ASKED, checked=True) == (E.DOUBT, "another-colour")


def test_a_kind_that_flips_is_no_doubt() -> None:
    """Cameras take vans for cars and cars for trucks."""
    for kind in ("car", "van", "truck", "vehicle"):
        assert owner([entry()], Asked(BLUE, "blue", kind), checked=False) == (E.FOUND, "")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-12-31 22:59:59.999", None),
        ("2026-12-31 23:00:00", "2027-01-01 06:30"),
        ("2026-12-31 23:59:59.999", "2027-01-01 06:30"),
        ("2027-01-01 00:00:00", "2027-01-01 06:30"),
        ("2027-01-01 06:29:59.999", "2027-01-01 06:30"),
        ("2027-01-01 06:30:00", None),
    ],
)
def test_quiet_hours_run_over_midnight_and_the_years_end(
    policy: Policy, now: str, until: str | None
) -> None:
    assert quiet_until(policy, at(now), CHINA) == (None if until is None else at(until))


def test_quiet_hours_within_a_day_end_the_same_day(policy: Policy) -> None:
    noon = policy.model_copy(update={"quiet_hours": QuietHours(begin="12:00", end="14:00")})

    assert quiet_until(noon, at("2026-12-01 13:59"), CHINA) == at("2026-12-01 14:00")
    assert quiet_until(noon, at("2026-12-01 14:00"), CHINA) is None
    none = policy.model_copy(update={"quiet_hours": None})
    assert quiet_until(none, at("2026-12-01 13:59"), CHINA) is None


def test_a_day_begins_at_midnight_in_china() -> None:
    assert day_begin(at("2026-12-01 00:00"), CHINA) == at("2026-12-01 00:00")
    assert day_begin(at("2026-12-01 23:59:59"), CHINA) == at("2026-12-01 00:00")
    utc = datetime.fromtimestamp(day_begin(at("2026-12-01 07:00"), CHINA) / 1000, UTC)
    assert f"{utc:%d %H:%M}" == "30 16:00"


def test_what_is_told_late_is_stale_unless_the_clock_proves_nothing(policy: Policy) -> None:
    assert is_stale(policy, 0, True, 1_800_001)
    assert not is_stale(policy, 0, True, 1_800_000)
    assert not is_stale(policy, 0, False, 9_000_000)


def test_nobody_is_looked_up_but_from_an_agreed_plate() -> None:
    into = {(stage, event) for (stage, event), to in MOVES.items() if to is S.LOOK_UP}

    assert into == {(S.READ, E.AGREED), (S.TYPE, E.AGREED), (S.PERSON, E.CHECKED)}


def test_nothing_is_sent_but_after_a_look_up_that_found_one_owner() -> None:
    into = {(stage, event) for (stage, event), to in MOVES.items() if to is S.SEND}

    assert into == {(S.LOOK_UP, E.FOUND), (S.HOLD, E.AWAKE)}


def test_nobody_counts_as_reminded_without_a_delivery_report() -> None:
    into = {(stage, event) for (stage, event), to in MOVES.items() if to is S.DONE}

    assert into == {(S.SENT, E.DELIVERED), (S.FAILED, E.DELIVERED), (S.ASLEEP, E.AWAKE)}
    asleep = {(stage, event) for (stage, event), to in MOVES.items() if to is S.ASLEEP}
    assert asleep == {(S.SENT, E.QUIET)}


def test_every_way_ends_when_the_vehicle_leaves() -> None:
    assert all(move(stage, E.OVER) is S.STOPPED for stage in (*LIVE, S.FAILED))
    assert all(move(S.STOPPED, event) is None for event in Event)
    assert all(move(S.DONE, event) is None for event in Event)


def test_every_stage_is_reached_and_left() -> None:
    reached = set(MOVES.values()) | {S.READ}
    left = {stage for stage, _ in MOVES}

    assert reached == set(Stage)
    assert left == set(Stage) - {S.DONE, S.STOPPED}


def test_the_readme_shows_the_way_as_it_is() -> None:
    readme = (Path(__file__).parents[2] / "central" / "REMINDERS.md").read_text(encoding="utf-8")

    assert reminding.page() in readme
