"""Devices as the server watches them."""

from uuid import uuid4

import pytest

from central.chain import ASK_AGAIN_MS, PATIENCE_MS
from central.registry import DeviceTaken, KeyTaken, NewDevice
from edge.wire.errors import Code
from edge.wire.fields import Message, parse
from edge.wire.replies import ConfigDesired, Operation, Request, Response, SeqRange, Tombstone
from edge.wire.signing import open_envelope
from edge.wire.status import (
    Alert,
    ClockHealth,
    DetectorHealth,
    Health,
    HostHealth,
    LinkHealth,
    OutboxHealth,
)
from edge.wire.topics import Kind, alert_topic, device_topic
from tests.device import SimulatedDevice, signer
from tests.office import NOW, Office


def health(device: SimulatedDevice, epoch: int = 1, depth: int = 0) -> Health:
    return Health(
        v=1,
        device=device.id,
        utc_ms=NOW,
        epoch=epoch,
        level="ok",
        reasons=[],
        host=HostHealth(
            uptime_s=1,
            service_uptime_s=1,
            load1=None,
            rss_mb=None,
            mem_available_mb=None,
            cpu_c=None,
            throttled=None,
            disk_free_pm=500,
            disk_read_only=False,
        ),
        clock=ClockHealth(state="synced", offset_ms=1, last_sync_age_s=1),
        cameras=[],
        detector=DetectorHealth(
            runtime="litert",
            model_sha256="0" * 64,
            ms_p50=None,
            ms_p95=None,
            selftest_ok=True,
            last_look_age_s=None,
        ),
        outbox=OutboxHealth(
            depth=depth,
            oldest_s=0,
            bytes=0,
            set_aside=0,
            receipted_24h=0,
            last_receipt_age_s=None,
            seq=device.seq,
            chain_head=device.head,
            paused=False,
        ),
        link=LinkHealth(
            reconnects_24h=0, downtime_24h_s=0, bytes_up=0, bytes_down=0, cert_days_left=None
        ),
    )


def say(office: Office, device: SimulatedDevice, kind: Kind, message: Message) -> None:
    assert office.send(device_topic(device.id, kind), message.to_bytes()) == []


def online(office: Office, device: SimulatedDevice, epoch: int = 1) -> None:
    say(office, device, Kind.BIRTH, device.birth(epoch))
    say(office, device, Kind.STATE, device.state(epoch))


def watch(office: Office, later_ms: int = 0) -> list[Request]:
    """The requests that are sent `later_ms` after now."""
    return [
        parse(Request, open_envelope(sent.payload, office.keys, Request.PAYLOAD_TYPE).payload)
        for sent in office.fleet.watch(NOW + later_ms)
    ]


def alerts(office: Office) -> list[str]:
    return [alert.code for row in office.lookup.devices() for alert in row.alerts]


def test_a_late_will_does_not_override_a_newer_birth(
    office: Office, device: SimulatedDevice
) -> None:
    online(office, device, epoch=2)

    say(office, device, Kind.STATE, device.state(1).model_copy(update={"s": "lost"}))

    assert office.lookup.devices()[0].state == "online"


def test_a_will_of_the_current_epoch_counts(office: Office, device: SimulatedDevice) -> None:
    online(office, device, epoch=2)

    say(office, device, Kind.STATE, device.state(2).model_copy(update={"s": "lost"}))

    assert office.lookup.devices()[0].state == "lost"


@pytest.mark.parametrize("kind", [Kind.BIRTH, Kind.HEALTH])
def test_a_newer_birth_or_health_than_a_will_shows_that_the_box_is_back(
    office: Office, device: SimulatedDevice, kind: Kind
) -> None:
    """The server was away: what the broker kept of the box's state is the late will of an old
    connection, which has taken the place of the newer `online`."""
    online(office, device, epoch=1)
    say(office, device, Kind.STATE, device.state(2).model_copy(update={"s": "lost"}))

    said = device.birth(3) if kind is Kind.BIRTH else health(device, epoch=3)
    say(office, device, kind, said)

    row = office.lookup.devices()[0]
    assert (row.state, row.epoch) == ("online", 3)


@pytest.mark.parametrize("word", ["lost", "stopped"])
def test_a_connection_that_is_over_is_over_whichever_of_its_words_comes_first(
    office: Office, device: SimulatedDevice, word: str
) -> None:
    last = device.state(2).model_copy(update={"s": word})

    say(office, device, Kind.BIRTH, device.birth(2))
    say(office, device, Kind.STATE, last)
    before = office.lookup.devices()[0].state
    say(office, device, Kind.BIRTH, device.birth(2))

    assert (before, office.lookup.devices()[0].state) == (word, word)


def test_health_and_birth_are_shown_as_they_were_said(
    office: Office, device: SimulatedDevice
) -> None:
    online(office, device)
    say(office, device, Kind.HEALTH, health(device))

    (row,) = office.lookup.devices()

    assert (row.health, row.birth) == (health(device), device.birth(1))
    assert (row.state, row.epoch, row.last_seen_utc_ms) == ("online", 1, NOW)


def test_an_alert_stands_until_it_is_cleared(office: Office, device: SimulatedDevice) -> None:
    alert = Alert(v=1, code="disk-full", level="crit", since_utc_ms=NOW, text="t", hint="h")
    topic = alert_topic(device.id, "disk-full")

    office.send(topic, alert.to_bytes())
    raised = alerts(office)
    office.send(topic, b"")

    assert (raised, alerts(office)) == (["disk-full"], [])


@pytest.mark.parametrize("kind", [Kind.BIRTH, Kind.HEALTH])
def test_a_device_cannot_speak_for_another(
    office: Office, device: SimulatedDevice, kind: Kind
) -> None:
    other = office.register(SimulatedDevice(id="gate-west-01", seed=2))
    message = device.birth() if kind is Kind.BIRTH else health(device)

    office.send(device_topic(other.id, kind), message.to_bytes())

    assert [row.birth or row.health for row in office.lookup.devices()] == [None, None]


def test_every_change_is_marked_for_those_who_watch(
    office: Office, device: SimulatedDevice
) -> None:
    before = office.lookup.mark()
    say(office, device, Kind.HEALTH, health(device))
    heard = office.lookup.mark()
    office.deliver(device.arrival(shots=[]))
    stored = office.lookup.mark()

    assert heard.fleet > before.fleet
    assert heard.cases == before.cases
    assert stored.cases > heard.cases


def test_a_missing_record_is_asked_for_and_then_alarms(
    office: Office, device: SimulatedDevice
) -> None:
    online(office, device)
    device.arrival(shots=[])
    office.deliver(device.arrival(shots=[]))

    assert watch(office) == []
    (request,) = watch(office, PATIENCE_MS)
    quiet = alerts(office)
    watch(office, 2 * PATIENCE_MS)

    assert (request.operation, request.records) == (Operation.RESEND, SeqRange(first=1, last=1))
    assert (quiet, alerts(office)) == ([], ["records-missing"])


def test_the_alarm_is_over_when_the_record_comes(office: Office, device: SimulatedDevice) -> None:
    online(office, device)
    missing = device.arrival(shots=[])
    office.deliver(device.arrival(shots=[]))
    for later_ms in (0, PATIENCE_MS, 2 * PATIENCE_MS):
        watch(office, later_ms)

    office.deliver(missing)
    watch(office, 2 * PATIENCE_MS + ASK_AGAIN_MS)

    assert alerts(office) == []


def test_a_signed_tombstone_closes_the_gap(office: Office, device: SimulatedDevice) -> None:
    online(office, device)
    missing = device.arrival(shots=[])
    office.deliver(device.arrival(shots=[]))
    for later_ms in (0, PATIENCE_MS, 2 * PATIENCE_MS):
        watch(office, later_ms)
    tombstone = Tombstone(seq=1, record_sha256=missing.sha256, reason="damaged")
    response = Response(
        v=1,
        device=device.id,
        request_id=uuid4(),
        ok=True,
        text="",
        tombstones=[tombstone],
        facts={},
    )

    topic = device_topic(device.id, Kind.RESPONSE)
    office.send(topic, signer(99).seal(Response.PAYLOAD_TYPE, response.to_bytes()))
    watch(office, 3 * PATIENCE_MS)
    forged = alerts(office)
    office.send(topic, device.signer.seal(Response.PAYLOAD_TYPE, response.to_bytes()))
    watch(office, 3 * PATIENCE_MS)

    assert (forged, alerts(office)) == (["records-missing"], [])


def test_records_that_a_device_says_were_all_receipted_are_missed(
    office: Office, device: SimulatedDevice
) -> None:
    """The server was restored from yesterday's backup: nothing behind the gap shows it."""
    online(office, device)
    device.arrival(shots=[])
    say(office, device, Kind.HEALTH, health(device))

    watch(office)
    (request,) = watch(office, PATIENCE_MS)

    assert request.records == SeqRange(first=1, last=1)


def test_records_that_still_wait_on_the_device_are_not_missed(
    office: Office, device: SimulatedDevice
) -> None:
    online(office, device)
    device.arrival(shots=[])
    say(office, device, Kind.HEALTH, health(device, depth=1))

    watch(office)

    assert watch(office, PATIENCE_MS) == []


def test_nothing_is_asked_of_a_device_that_is_away(office: Office, device: SimulatedDevice) -> None:
    device.arrival(shots=[])
    office.deliver(device.arrival(shots=[]))

    watch(office)

    assert watch(office, PATIENCE_MS) == []


def test_a_record_that_does_not_follow_the_one_before_it_alarms(
    office: Office, device: SimulatedDevice
) -> None:
    office.deliver(device.arrival(shots=[]))
    office.deliver(device.arrival(shots=[], prev="ab" * 32))

    watch(office)

    assert alerts(office) == ["chain-broken"]


def test_a_device_that_counts_fewer_records_than_are_here_alarms(
    office: Office, device: SimulatedDevice
) -> None:
    office.deliver(device.arrival(shots=[]))
    device.seq = 0
    office.clock.now_utc_ms += 3_600_000
    say(office, device, Kind.HEALTH, health(device))

    watch(office)

    assert alerts(office) == ["chain-went-back"]


def test_a_configuration_is_signed_retained_and_numbered(
    office: Office, device: SimulatedDevice
) -> None:
    office.fleet.set_config(device.id, "one: 1\n", NOW)
    sent = office.fleet.set_config(device.id, "two: 2\n", NOW)

    opened = open_envelope(sent.payload, office.keys, ConfigDesired.PAYLOAD_TYPE)
    desired = parse(ConfigDesired, opened.payload)
    assert (desired.version, desired.document) == (2, "two: 2\n")
    assert sent.retain
    assert office.fleet.desired() == [sent]


def test_an_id_and_a_key_are_registered_once(office: Office, device: SimulatedDevice) -> None:
    other = SimulatedDevice(id="gate-west-01", seed=2)

    with pytest.raises(DeviceTaken):
        office.registry.add(NewDevice(device.id, "s"), other.public_key, NOW)
    with pytest.raises(KeyTaken):
        office.registry.add(NewDevice(other.id, "s"), device.public_key, NOW)

    assert [row.id for row in office.lookup.devices()] == [device.id]


def test_a_second_key_signs_too(office: Office, device: SimulatedDevice) -> None:
    new = signer(77)
    office.registry.add_key(device.id, new.key.public_key(), NOW)
    packet = device.arrival(shots=[])

    (receipt,) = office.send(packet.topic, new.seal(packet.record.PAYLOAD_TYPE, packet.payload))

    assert getattr(receipt, "record_sha256", Code.KEY_UNKNOWN) == packet.sha256
