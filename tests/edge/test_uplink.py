"""The uplink against a real broker and a small server of the contract."""

import hashlib
from pathlib import Path
from unittest import mock

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import MQTTErrorCode

from edge.alerts import AlertCode
from edge.link import BrokerAddress
from edge.outbox import SetAside
from edge.wire.records import Record
from edge.wire.replies import (
    Reject,
)
from edge.wire.signing import Signer, open_envelope
from edge.wire.topics import Kind
from tests.mini_central import MiniCentral
from tests.mosquitto import Broker, Identity, prepared
from tests.packets import DEVICE, SIGNER, jpeg
from tests.site import Site, edge, until

pytestmark = pytest.mark.broker


def test_a_packet_arrives_with_identical_images_and_is_let_go_on_its_receipt(site: Site) -> None:
    images = [jpeg(1, 200_000), jpeg(2, 30_000)]

    record = site.edge.put(1, images)

    until(lambda: site.edge.waiting == 0)
    assert site.central.records == {str(record.record_id): record}
    assert set(site.central.images.values()) == set(images)


def test_bytes_on_the_wire_stay_below_a_tenth_above_the_exhibits(site: Site) -> None:
    images = [jpeg(1, 250_000), jpeg(2, 40_000)]

    site.edge.put(1, images)

    until(lambda: site.edge.waiting == 0)
    sent = sum(
        len(payload)
        for kind in (Kind.RECORD, Kind.CHUNK)
        for payload in site.central.payloads(kind)
    )
    assert sent <= 1.10 * sum(map(len, images))


def test_what_was_recorded_while_nothing_ran_is_delivered_later(
    tmp_path: Path, broker: Broker, identity: Identity
) -> None:
    broker.start()
    port = broker.port
    broker.kill()
    device = edge(tmp_path, broker, identity, None)
    for number in range(1, 4):
        device.put(number, [jpeg(number, 80_000)])
    until(lambda: "cannot reach the broker" in device.uplink.trouble)

    broker.start()
    assert broker.port == port
    central = MiniCentral(broker, identity)

    until(lambda: device.waiting == 0)
    assert len(central.records) == 3
    device.stop()
    central.stop()


def test_nothing_is_sent_while_the_server_is_not_online(site: Site) -> None:
    until(lambda: site.edge.uplink.trouble == "")
    site.central.say_online("draining")
    until(lambda: AlertCode.CENTRAL_SILENT in site.edge.delivery.alerts.held())

    site.edge.put(1, [jpeg(1)])
    site.central.wait(lambda: len(site.central.payloads(Kind.HEALTH)) > 3)
    sent_before = len(site.central.payloads(Kind.RECORD))
    site.central.say_online()

    until(lambda: site.edge.waiting == 0)
    assert sent_before == 0


def test_a_server_in_a_new_life_is_told_at_once_what_it_was_told_before(site: Site) -> None:
    """Nobody said that the old life ended: the record it took is lost with it."""
    taken: list[Record] = []
    take = site.central.on_record
    site.central.on_record = lambda record, *_: taken.append(record)  # type: ignore[method-assign]
    site.edge.put(1, [jpeg(1)])
    site.central.wait(lambda: bool(taken))

    site.central.on_record = take  # type: ignore[method-assign]
    site.central.say_online(epoch=2)

    until(lambda: site.edge.waiting == 0, seconds=20)  # its patience alone would take 30


def test_the_will_of_an_earlier_life_of_the_server_means_nothing(site: Site) -> None:
    site.central.say_online(epoch=7)
    until(lambda: site.edge.uplink._central_epoch == 7)
    site.central.say_online("offline", epoch=6)

    site.edge.put(1, [jpeg(1)])

    until(lambda: site.edge.waiting == 0)


def test_a_server_restored_from_a_backup_counts_from_less_and_is_believed(site: Site) -> None:
    site.central.say_online(epoch=9)
    site.central.say_online("offline", epoch=9)
    site.central.say_online(epoch=4)
    site.central.say_online("offline", epoch=4)
    until(lambda: AlertCode.CENTRAL_SILENT in site.edge.delivery.alerts.held())
    site.central.say_online(epoch=5)

    site.edge.put(1, [jpeg(1)])

    until(lambda: site.edge.waiting == 0)


def test_a_broker_killed_in_the_middle_costs_nothing(site: Site) -> None:
    images = {number: jpeg(number, 300_000) for number in range(1, 9)}
    for number, image in images.items():
        site.edge.put(number, [image])
    site.central.wait(lambda: len(site.central.images) >= 2)

    site.broker.kill()
    site.broker.start()

    until(lambda: site.edge.waiting == 0)
    assert set(site.central.images.values()) == set(images.values())
    assert len(site.central.records) == 8


def test_a_network_thread_that_dies_is_noticed_and_replaced(site: Site) -> None:
    """As a reason code that paho does not know kills it: it must not look alive ever after."""
    until(lambda: site.edge.uplink.trouble == "")
    real = mqtt.Client._loop
    deaths: list[int] = []

    def loop(self: mqtt.Client, timeout: float = 1.0) -> MQTTErrorCode:
        if b"gate-1" in self._client_id and not deaths:
            deaths.append(1)
            raise ValueError("unknown reason code")
        return real(self, timeout)

    with mock.patch.object(mqtt.Client, "_loop", loop):
        site.edge.put(1, [jpeg(1, 100_000)])
        until(lambda: site.edge.waiting == 0)

    assert deaths == [1]
    assert site.edge.uplink._links == 2


def test_a_device_restarted_in_the_middle_resumes_where_it_was(site: Site) -> None:
    for number in range(1, 6):
        site.edge.put(number, [jpeg(number, 400_000)])
    site.central.wait(lambda: len(site.central.images) >= 1)

    site.edge.stop()
    site.edge = edge(site.folder, site.broker, site.identity, None)

    until(lambda: site.edge.waiting == 0)
    assert len(site.central.images) == 5


def test_a_receipt_with_a_wrong_signature_lets_nothing_go(site: Site) -> None:
    forger = Signer(SIGNER.key)
    good, signer = site.central.receipt, site.central.signer

    def forged(record: Record) -> bytes:
        payload = open_envelope(good(record), {signer.key_id: signer.key.public_key()}).payload
        return forger.seal("application/vnd.firelane.receipt.v1+json", payload)

    site.central.receipt = forged  # type: ignore[method-assign]
    record = site.edge.put(1, [jpeg(1)])

    until(lambda: AlertCode.REPLY_REFUSED in site.edge.delivery.alerts.held())
    assert site.edge.waiting == 1
    site.central.send(Kind.RECEIPT, good(record))
    until(lambda: site.edge.waiting == 0)


def test_a_receipt_for_other_bytes_lets_nothing_go(site: Site) -> None:
    good = site.central.receipt

    def other(record: Record) -> bytes:
        name = str(record.record_id)
        real, site.central.sha256s[name] = site.central.sha256s[name], "0" * 64
        made = good(record)
        site.central.sha256s[name] = real
        return made

    site.central.receipt = other  # type: ignore[method-assign]
    record = site.edge.put(1, [jpeg(1)])
    site.central.wait(lambda: bool(site.central.receipts))
    site.central.wait(lambda: len(site.central.payloads(Kind.HEALTH)) > 3)

    assert site.edge.waiting == 1
    site.central.send(Kind.RECEIPT, good(record))
    until(lambda: site.edge.waiting == 0)


def test_a_refused_packet_is_set_aside_and_the_next_one_goes(site: Site) -> None:
    real = site.central.on_record

    def on_record(record: Record, sha256: str, envelope: bytes) -> None:
        if record.seq != 1:
            real(record, sha256, envelope)
            return
        reject = Reject(
            v=1,
            device=DEVICE,
            envelope_sha256=hashlib.sha256(envelope).hexdigest(),
            record_id=record.record_id,
            code="message-invalid",
            text="no such lane",
        )
        sealed = site.central.signer.seal(Reject.PAYLOAD_TYPE, reject.to_bytes())
        site.central.send(Kind.RECEIPT, sealed)

    site.central.on_record = on_record  # type: ignore[method-assign]
    poison = site.edge.put(1, [jpeg(1)])
    site.edge.put(2, [jpeg(2)])

    until(lambda: site.edge.waiting == 0)
    assert site.edge.delivery.outbox.all_set_aside() == [
        SetAside(1, poison.record_id, "message-invalid", "no such lane")
    ]
    until(lambda: AlertCode.PACKET_SET_ASIDE in site.edge.delivery.alerts.held())


def test_an_image_damaged_on_the_disk_spoils_only_its_packet(site: Site) -> None:
    site.central.say_online("draining")
    site.central.wait(lambda: bool(site.central.payloads(Kind.HEALTH)))
    site.edge.put(1, [jpeg(1)])
    site.edge.put(2, [jpeg(2)])
    name = hashlib.sha256(jpeg(1)).hexdigest()
    next((site.folder / "evidence").rglob(f"{name}.jpg")).write_bytes(b"rot")

    site.central.say_online()

    until(lambda: site.edge.waiting == 0)
    assert [item.code for item in site.edge.delivery.outbox.all_set_aside()] == ["exhibit-damaged"]
    assert list(site.central.images.values()) == [jpeg(2)]


def test_a_device_that_the_acl_does_not_know_says_so(
    tmp_path: Path, broker: Broker, identity: Identity
) -> None:
    """The certificate is of another id: the broker lets it in and denies every topic."""
    broker.start()
    central = MiniCentral(broker, identity)
    stranger = broker.device("stranger")
    address = BrokerAddress(
        broker.host, broker.port, stranger.ca, stranger.certificate, stranger.key
    )
    device = edge(tmp_path, broker, identity, address)

    until(lambda: AlertCode.BROKER_DENIED in device.delivery.alerts.held())
    device.put(1, [])
    assert device.uplink.running
    assert device.waiting == 1
    device.stop()
    central.stop()


def test_a_broker_that_does_not_trust_us_is_tried_again_and_named(
    tmp_path: Path, broker: Broker, identity: Identity
) -> None:
    broker.start()
    other = prepared(tmp_path / "other").device(DEVICE)
    refused = BrokerAddress(broker.host, broker.port, identity.ca, other.certificate, other.key)

    device = edge(tmp_path, broker, identity, refused)

    until(lambda: device.uplink._links >= 3)
    assert device.uplink.running
    assert device.uplink.trouble not in ("", "not connected yet")
    device.stop()


# paho leaves the socket of a failed handshake to the garbage collector, which warns
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_that_we_do_not_trust_gets_nothing(
    tmp_path: Path, broker: Broker, identity: Identity
) -> None:
    broker.start()
    other = prepared(tmp_path / "other").device(DEVICE)
    address = BrokerAddress(broker.host, broker.port, other.ca, identity.certificate, identity.key)

    device = edge(tmp_path, broker, identity, address)

    until(lambda: "certificate is not good" in device.uplink.trouble)
    device.stop()
