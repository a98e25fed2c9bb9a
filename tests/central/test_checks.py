"""What an officer is told about the integrity of a record."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from central.checks import Context, Previous, check_record, lane_version
from edge.wire.records import Clock, Ending, Gap, GapReason, Proof, Record, Reminded
from tests.device import Packet, SimulatedDevice

RECEIVED = 1_795_010_000_000
NAMES = ["signature", "device", "chain", "clock", "exhibits", "size", "lane", "gaps", "time"]


def context(packet: Packet, device: SimulatedDevice, **changed: Any) -> Context:
    known = Context(
        envelope=packet.envelope,
        keys={device.key_id: device.public_key},
        device_active=True,
        received_utc_ms=RECEIVED,
        previous=None,
        held=dict.fromkeys(packet.exhibits, "held"),
        first=None,
    )
    return replace(known, **changed)


def result(name: str, record: Record, known: Context) -> bool | None:
    (check,) = [check for check in check_record(record, known) if check.name == name]
    assert check.detail
    assert check.detail_zh
    return check.ok


@pytest.fixture
def device() -> SimulatedDevice:
    return SimulatedDevice()


@pytest.fixture
def overstay(device: SimulatedDevice) -> Packet:
    return device.overstay(device.arrival())


def test_a_clean_record_passes_every_check(device: SimulatedDevice) -> None:
    packet = device.arrival()

    checks = check_record(packet.record, context(packet, device))

    assert [(check.name, check.ok) for check in checks] == [(name, True) for name in NAMES]


def test_a_changed_envelope_fails_the_signature(device: SimulatedDevice) -> None:
    packet, other = device.arrival(), SimulatedDevice(seed=2)

    strange = context(packet, device, keys={other.key_id: other.public_key})

    assert result("signature", packet.record, strange) is False


def test_a_device_that_is_switched_off_since_is_to_be_looked_at(device: SimulatedDevice) -> None:
    packet = device.arrival()

    assert result("device", packet.record, context(packet, device, device_active=False)) is None


@pytest.mark.parametrize(
    ("previous", "ok"),
    [
        (None, None),
        (Previous("PREV"), True),
        (Previous("ab" * 32), False),
        (Previous(None, "damaged"), None),
        (Previous("PREV", "pruned-after-receipt"), True),
    ],
)
def test_the_chain_holds_when_the_record_names_the_one_before_it(
    device: SimulatedDevice, overstay: Packet, previous: Previous | None, ok: bool | None
) -> None:
    if previous is not None and previous.sha256 == "PREV":
        previous = replace(previous, sha256=overstay.record.prev)

    assert result("chain", overstay.record, context(overstay, device, previous=previous)) is ok


@pytest.mark.parametrize(
    ("clock", "received", "ok"),
    [
        (Clock(state="synced", offset_ms=1000), RECEIVED, True),
        (Clock(state="synced", offset_ms=-1001), RECEIVED, False),
        (Clock(state="synced", offset_ms=None), RECEIVED, None),
        (Clock(state="saved", offset_ms=0), RECEIVED, None),
        (Clock(state="synced", offset_ms=0), 1_795_000_060_000 - 5000, True),
        (Clock(state="synced", offset_ms=0), 1_795_000_060_000 - 5001, False),
    ],
)
def test_a_clock_dates_evidence_only_when_it_is_synced_and_near(
    device: SimulatedDevice, clock: Clock, received: int, ok: bool | None
) -> None:
    packet = device.arrival(clock=clock)

    assert result("clock", packet.record, context(packet, device, received_utc_ms=received)) is ok


@pytest.mark.parametrize(("state", "ok"), [("held", True), ("missing", None), ("damaged", False)])
def test_every_image_has_to_be_there_and_to_hash_right(
    device: SimulatedDevice, state: str, ok: bool | None
) -> None:
    packet = device.arrival()
    held = {**dict.fromkeys(packet.exhibits, "held"), next(iter(packet.exhibits)): state}

    assert result("exhibits", packet.record, context(packet, device, held=held)) is ok


def test_a_record_without_its_wide_view_is_to_be_looked_at(device: SimulatedDevice) -> None:
    packet = device.arrival(shots=[])

    assert result("exhibits", packet.record, context(packet, device)) is None


def test_a_small_wide_view_is_to_be_looked_at(device: SimulatedDevice) -> None:
    packet = device.arrival()
    small = [
        exhibit.model_copy(update={"width": 1279} if exhibit.view == "wide" else {})
        for exhibit in packet.record.exhibits
    ]
    record = packet.record.model_copy(update={"exhibits": small})

    assert result("size", record, context(packet, device)) is None


def test_a_polygon_that_is_not_its_version_fails(device: SimulatedDevice) -> None:
    packet = device.arrival()
    lane = packet.record.lane.model_copy(update={"polygon": [(0, 0), (9, 0), (9, 9)]})
    record = packet.record.model_copy(update={"lane": lane})

    assert result("lane", record, context(packet, device)) is False


def test_a_lanes_version_is_the_hash_of_its_compact_json() -> None:
    text = b'["lane-1",[1920,1080],[[1,2],[3,4],[5,6]]]'

    version = lane_version("lane-1", (1920, 1080), [[1, 2], [3, 4], [5, 6]])

    assert version == hashlib.sha256(text).hexdigest()


def with_stay(packet: Packet, **changed: Any) -> Record:
    stay = packet.record.stay.model_copy(update=changed)
    return packet.record.model_copy(update={"stay": stay})


def gap(length_ms: int, proof: Proof) -> Gap:
    return Gap(begin_ms=100_000, end_ms=100_000 + length_ms, reason=GapReason.OCCLUDED, proof=proof)


@pytest.mark.parametrize(
    ("gaps", "ok"),
    [
        ([], True),
        ([gap(120_000, Proof.PLATE)], None),
        ([gap(120_001, Proof.PLATE)], False),
        ([gap(1_000, Proof.NONE)], False),
    ],
)
def test_an_overstay_needs_a_proof_across_every_gap(
    device: SimulatedDevice, overstay: Packet, gaps: list[Gap], ok: bool | None
) -> None:
    assert result("gaps", with_stay(overstay, gaps=gaps), context(overstay, device)) is ok


def test_a_broken_record_accuses_nobody_so_its_gap_fails_nothing(device: SimulatedDevice) -> None:
    packet = device.broken(device.arrival())

    assert packet.record.stay.ending is Ending.GAP_TOO_LONG
    assert result("gaps", packet.record, context(packet, device)) is None


def test_an_overstay_before_its_deadline_fails(device: SimulatedDevice, overstay: Packet) -> None:
    early = with_stay(overstay, deadline_ms=overstay.record.stay.standing_ms + 2_001)

    assert result("time", early, context(overstay, device)) is False
    assert result("time", overstay.record, context(overstay, device)) is True


def test_an_arrival_before_it_was_confirmed_fails(device: SimulatedDevice) -> None:
    packet = device.arrival()
    rules = packet.record.rules.model_copy(update={"confirm_ms": 62_001})
    record = packet.record.model_copy(update={"rules": rules})

    assert result("time", record, context(packet, device)) is False


def test_a_deadline_before_reminder_and_grace_fails(
    device: SimulatedDevice, overstay: Packet
) -> None:
    reminded = Reminded(
        notice_id=overstay.record.record_id, reminded_utc_ms=RECEIVED, offset_ms=70_000
    )

    assert (
        result("time", with_stay(overstay, reminded=reminded), context(overstay, device)) is False
    )


def test_a_length_that_the_monotonic_clock_does_not_confirm_fails(
    device: SimulatedDevice, overstay: Packet
) -> None:
    longer = with_stay(overstay, standing_ms=overstay.record.stay.standing_ms + 2_001)

    assert result("time", longer, context(overstay, device)) is False


def test_a_stepped_wall_clock_is_to_be_looked_at(device: SimulatedDevice, overstay: Packet) -> None:
    last = overstay.record.stay.last_seen
    stepped = last.model_copy(update={"utc_ms": last.utc_ms + 60_000})

    assert result("time", with_stay(overstay, last_seen=stepped), context(overstay, device)) is None


def test_records_of_one_stay_must_name_one_beginning(device: SimulatedDevice) -> None:
    arrival = device.arrival()
    overstay = device.overstay(arrival)
    other = device.arrival().record

    assert result("time", overstay.record, context(overstay, device, first=arrival.record)) is True
    assert result("time", overstay.record, context(overstay, device, first=other)) is False
