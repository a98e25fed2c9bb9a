"""Policy packs: what they may say, which is in force, and that none is ever changed."""

from datetime import date
from pathlib import Path

import pytest

from central.calendar import Length, Unit
from central.policies import BadPack, PackTaken, Policies, read_pack
from central.policy import PAYLOAD_TYPE, Pack, in_force, made_under
from edge.wire.records import Rules
from tests.device import SimulatedDevice
from tests.office import NOW, Office

EXAMPLE = Path(__file__).parents[2] / "configs" / "policy.yaml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def pack(text: str = TEXT) -> Pack:
    return read_pack(text.encode(), Path("p.yaml"))


@pytest.fixture
def policies(office: Office) -> Policies:
    return Policies(office.engine, office.signer)


def test_the_example_is_a_pack() -> None:
    policy = pack().policy

    assert (policy.times.grace_s, policy.penalty.person_fen) == (900, 10_000)
    assert policy.limit("review") == Length(5, Unit.WORKING_DAYS)
    assert policy.limit("pay-fine") == Length(15, Unit.DAYS)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("person_fen: 10000", "person_fen: 50001", "penalty.person_fen: must be less than or"),
        ("unit_fen: 500000", "unit_fen: 10000", "penalty.unit_fen: must be greater than or"),
        ("grace_s: 900", "grace_s: 9", "times.grace_s: must be greater than or equal to 10"),
        ("max_gap_s: 360", "max_gap_s: 901", "max_gap_s must be at most grace_s (900), got 901"),
        ("day: 2026-11-01", "day: 2026-12-02", "published.day must not be after valid_from"),
        ("{link}", "", "must use link, minutes, plate, site and may use"),
        ("{agency}", "{owner}", "uses link, minutes, owner, plate, site, time"),
        ("{agency}", "{agency", "braces must come in pairs"),
        ('"23:00"', '"24:00"', "quiet_hours.begin: string should match"),
        ("profile: full-evidence", "profile: full", "profile: must be 'lead-only'"),
        ("reminders_per_day", "reminder_per_day", "did you mean reminders_per_day?"),
        ("  review: {count: 5", "  revue: {count: 5", "limits.revue"),
        ("ordinary      # or", "simple # or", None),
        ("version: 1", "version: 1\nversion: 2", "p.yaml:8: version: stands there twice"),
    ],
)
def test_a_pack_that_breaks_the_law_or_the_form_is_refused(
    old: str, new: str, fault: str | None
) -> None:
    changed = TEXT.replace(old, new, 1)
    assert changed != TEXT
    if fault is None:
        assert pack(changed).policy.penalty.procedure == "simple"
        return

    with pytest.raises(BadPack) as refused:
        pack(changed)

    assert fault in str(refused.value)


def test_the_simple_procedure_ends_at_two_hundred_yuan() -> None:
    small = TEXT.replace("ordinary ", "simple ").replace("person_fen: 10000", "person_fen: 20000")

    assert pack(small).policy.penalty.person_fen == 20_000
    with pytest.raises(BadPack, match="simple procedure ends at 20000"):
        pack(small.replace("20000", "20001"))


@pytest.mark.parametrize(
    ("clock_time", "allowed"),
    [("22:59", True), ("23:00", False), ("00:00", False), ("06:29", False), ("06:30", True)],
)
def test_quiet_hours_run_over_midnight(clock_time: str, allowed: bool) -> None:
    assert pack().policy.reminder_allowed(clock_time) is allowed


def test_a_lane_warns_until_the_day_its_warning_ends() -> None:
    policy = pack().policy

    assert policy.only_warns("望江花园", "lane-1", date(2026, 12, 31))
    assert not policy.only_warns("望江花园", "lane-1", date(2027, 1, 1))
    assert not policy.only_warns("望江花园", "lane-2", date(2026, 12, 31))


def test_the_latest_pack_that_has_begun_is_in_force() -> None:
    first = pack()
    second = pack(TEXT.replace("version: 1", "version: 2").replace("2026-12-01", "2027-03-01"))
    packs = [second, first]

    assert in_force(packs, date(2026, 11, 30)) is None
    assert in_force(packs, date(2027, 2, 28)) is first
    assert in_force(packs, date(2027, 3, 1)) is second


def test_an_old_case_keeps_the_pack_that_it_was_made_under() -> None:
    first, second = pack(), pack(TEXT.replace("version: 1", "version: 2"))
    packs = {each.sha256: each for each in (first, second)}

    assert made_under(packs, first.sha256) is first
    assert made_under(packs, "0" * 64) is None


def test_a_pack_comes_back_as_the_bytes_that_were_signed(
    office: Office, policies: Policies
) -> None:
    assert policies.add(pack(), "test", NOW)

    assert policies.packs(office.keys) == {pack().sha256: pack()}


def test_the_same_pack_again_changes_nothing_and_a_changed_one_is_refused(
    office: Office, policies: Policies
) -> None:
    policies.add(pack(), "test", NOW)

    assert not policies.add(pack(), "test", NOW)
    with pytest.raises(PackTaken, match="has a version 1 already"):
        policies.add(pack(TEXT.replace("900", "600")), "test", NOW)
    assert list(policies.packs(office.keys)) == [pack().sha256]


def test_a_pack_fits_into_one_envelope() -> None:
    with pytest.raises(BadPack, match="at most 65536 bytes"):
        read_pack(b"#" * 65_537, Path("p.yaml"))
    assert PAYLOAD_TYPE.endswith("policy.v1+yaml")


def test_the_cases_that_a_wrong_pack_or_lane_touched_are_found(
    office: Office, device: SimulatedDevice, policies: Policies
) -> None:
    usual = device.arrival(shots=[])
    rules = Rules.model_validate({**usual.record.rules.model_dump(), "policy_sha256": "ab" * 32})
    lane = usual.record.lane.model_copy(update={"version": "cd" * 32})
    for packet in (
        usual,
        device.arrival(shots=[], rules=rules),
        device.arrival(shots=[], lane=lane),
    ):
        office.deliver(packet)

    assert policies.cases_under(policy_sha256="ab" * 32) == ("2026-000002",)
    assert policies.cases_under(lane_version="cd" * 32) == ("2026-000003",)
    assert policies.cases_under("ab" * 32, "cd" * 32) == ("2026-000002", "2026-000003")
    assert policies.cases_under(policy_sha256="ef" * 32) == ()
