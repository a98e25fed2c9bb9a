"""Central behind a real broker."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest
from sqlalchemy.exc import OperationalError

from central.clock import SystemClock
from central.config import Broker as BrokerConfig
from central.database import connect, migrate
from central.ingest import Incoming
from central.link import Link
from central.receipts import Outgoing
from edge.wire.fields import Message, parse
from edge.wire.replies import Need, Receipt, Reject
from edge.wire.status import Alert, CentralState
from edge.wire.topics import Kind, alert_topic, central_state_topic, device_topic
from tests import mosquitto
from tests.courier import Courier
from tests.device import Packet, SimulatedDevice
from tests.office import Office, wanted

pytestmark = pytest.mark.broker
LIMIT_S = 60.0


def until(condition: Callable[[], object]) -> None:
    limit = monotonic() + LIMIT_S
    while not condition():
        assert monotonic() < limit, "did not come about within a minute"
        sleep(0.02)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[mosquitto.Broker]:
    with mosquitto.running(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    engine = connect(f"sqlite:///{tmp_path}/central.db")
    migrate(engine)
    yield Office.open(engine, tmp_path)
    engine.dispose()


@contextmanager
def linked(office: Office, broker: mosquitto.Broker) -> Iterator[Link]:
    """A running link that is online when it is handed over."""
    link, stop = link_of(office, broker), Event()
    thread = Thread(target=link.run, args=(stop,), daemon=True)
    thread.start()
    try:
        assert link.online.wait(LIMIT_S)
        yield link
    finally:
        stop.set()
        thread.join(LIMIT_S)
        assert not thread.is_alive()


def link_of(office: Office, broker: mosquitto.Broker) -> Link:
    identity = broker.central()
    config = BrokerConfig(
        host=broker.host,
        port=broker.port,
        ca=identity.ca,
        cert=identity.certificate,
        key=identity.key,
    )
    return Link(config, office.ingest, SystemClock(), next_epoch=itertools.count(3).__next__)


def is_reply(topic: str, _payload: bytes) -> bool:
    return topic.endswith("/receipt")


def says(word: str) -> Callable[[str, bytes], bool]:
    return lambda topic, payload: topic == central_state_topic() and word.encode() in payload


def deliver(office: Office, courier: Courier, packet: Packet) -> Message:
    """As a device does: the record, what is needed, and the answer to that."""
    courier.send(packet.topic, packet.envelope)
    reply = office.open_reply(courier.receive(is_reply))
    if not isinstance(reply, Need):
        return reply
    for topic, chunk in wanted(packet, [reply]):
        courier.send(topic, chunk)
    return office.open_reply(courier.receive(is_reply))


def test_a_packet_over_mutual_tls_ends_with_a_signed_receipt(
    office: Office, broker: mosquitto.Broker
) -> None:
    device = office.register(SimulatedDevice())
    packet = device.arrival()

    with linked(office, broker), Courier.connected(broker, broker.device(device.id)) as courier:
        reply = deliver(office, courier, packet)

    assert isinstance(reply, Receipt)
    assert reply.record_sha256 == packet.sha256


def test_a_poisoned_record_is_rejected_and_the_next_one_is_stored(
    office: Office, broker: mosquitto.Broker
) -> None:
    device = office.register(SimulatedDevice())
    bad, good = device.arrival(shots=[]), device.arrival(shots=[])

    with linked(office, broker), Courier.connected(broker, broker.device(device.id)) as courier:
        courier.send(bad.topic, bad.envelope.replace(b"A", b"B"))
        rejected = office.open_reply(courier.receive(is_reply))
        stored = deliver(office, courier, good)

    assert isinstance(rejected, Reject)
    assert isinstance(stored, Receipt)


def test_devices_are_told_when_the_server_comes_and_goes(
    office: Office, broker: mosquitto.Broker
) -> None:
    identity = broker.device("gate-1")

    with Courier.connected(broker, identity) as courier:
        with linked(office, broker):
            courier.receive(says("online"))
        courier.receive(says("draining"))
        last = courier.receive(says("offline"))

    assert last == b'{"v":1,"s":"offline","epoch":3}'


def test_while_the_database_fails_devices_hold_back_and_nothing_is_lost(
    office: Office, broker: mosquitto.Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = office.register(SimulatedDevice())
    packet = device.arrival(shots=[])
    healed, handle = Event(), office.ingest.handle

    def failing(message: Incoming) -> list[Outgoing]:
        if not healed.is_set():
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return handle(message)

    monkeypatch.setattr(office.ingest, "handle", failing)
    with linked(office, broker), Courier.connected(broker, broker.device(device.id)) as courier:
        courier.send(packet.topic, packet.envelope)
        courier.receive(says("draining"))
        healed.set()
        courier.receive(says("online"))
        reply = office.open_reply(courier.receive(is_reply))

    assert isinstance(reply, Receipt)


def test_a_message_that_trips_over_our_own_bug_blocks_no_other(
    office: Office, broker: mosquitto.Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = office.register(SimulatedDevice())
    packet = device.arrival(shots=[])
    handle = office.ingest.handle

    def tripping(message: Incoming) -> list[Outgoing]:
        if message.payload == b"trip":
            raise ZeroDivisionError
        return handle(message)

    monkeypatch.setattr(office.ingest, "handle", tripping)
    with linked(office, broker), Courier.connected(broker, broker.device(device.id)) as courier:
        courier.send(packet.topic, b"trip")
        reply = deliver(office, courier, packet)

    assert isinstance(reply, Receipt)


def test_the_link_comes_back_after_the_broker_was_killed(
    office: Office, broker: mosquitto.Broker
) -> None:
    device = office.register(SimulatedDevice())
    identity = broker.device(device.id)

    with linked(office, broker) as link:
        broker.kill()
        until(lambda: not link.online.is_set())
        broker.start()
        assert link.online.wait(LIMIT_S)
        with Courier.connected(broker, identity) as courier:
            reply = deliver(office, courier, device.arrival(shots=[]))

    assert isinstance(reply, Receipt)


def test_every_connection_of_the_server_has_a_higher_epoch(
    office: Office, broker: mosquitto.Broker
) -> None:
    identity = broker.device("gate-1")

    with linked(office, broker) as link:
        with Courier.connected(broker, identity) as courier:
            first = courier.receive(says("online"))
        broker.kill()
        until(lambda: not link.online.is_set())
        broker.start()
        assert link.online.wait(LIMIT_S)
        with Courier.connected(broker, identity) as courier:
            second = courier.receive(says("online"))

    assert parse(CentralState, first).epoch == 3
    assert parse(CentralState, second).epoch > 3


def test_a_will_that_comes_late_is_overruled_for_devices_that_connect_after_it(
    office: Office, broker: mosquitto.Broker
) -> None:
    late = CentralState(v=1, s="offline", epoch=2).to_bytes()
    gate = broker.device("gate-1")

    with linked(office, broker) as link, Courier.connected(broker, gate) as courier:
        courier.receive(says("online"))
        link.send(Outgoing(central_state_topic(), late, retain=True))
        courier.receive(says("offline"))
        again = courier.receive(says("online"))

    assert parse(CentralState, again).epoch == 3


def test_what_a_device_says_of_itself_is_on_the_fleet_list(
    office: Office, broker: mosquitto.Broker
) -> None:
    device = office.register(SimulatedDevice())
    alert = Alert(v=1, code="disk-full", level="warn", since_utc_ms=1, text="t", hint="h")

    with linked(office, broker), Courier.connected(broker, broker.device(device.id)) as courier:
        courier.send(device_topic(device.id, Kind.BIRTH), device.birth().to_bytes(), retain=True)
        courier.send(device_topic(device.id, Kind.STATE), device.state().to_bytes(), retain=True)
        courier.send(alert_topic(device.id, "disk-full"), alert.to_bytes(), retain=True)
        until(lambda: office.lookup.devices()[0].alerts)

    (row,) = office.lookup.devices()
    assert (row.state, row.birth) == ("online", device.birth())
    assert [raised.code for raised in row.alerts] == ["disk-full"]


def test_a_broker_that_refuses_the_certificate_is_tried_again_and_harms_nothing(
    office: Office, broker: mosquitto.Broker, tmp_path: Path
) -> None:
    stranger = mosquitto.prepared(tmp_path / "stranger").central()
    own = broker.central()
    config = BrokerConfig(
        host=broker.host, port=broker.port, ca=own.ca, cert=stranger.certificate, key=stranger.key
    )
    link, stop = (
        Link(config, office.ingest, SystemClock(), next_epoch=itertools.count(1).__next__),
        Event(),
    )
    thread = Thread(target=link.run, args=(stop,), daemon=True)
    thread.start()

    assert not link.online.wait(3)
    assert thread.is_alive()
    stop.set()
    thread.join(LIMIT_S)
    assert not thread.is_alive()
