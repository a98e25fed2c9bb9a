"""The broker lets a device touch its own topics only. Real mosquitto, mutual TLS, MQTT 5."""

import queue
import ssl
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge.wire.topics import DOWN, UP, Kind, alert_topic, chunk_topic, device_topic, subscription
from scripts import certificates
from tests.mosquitto import Broker, Identity, running

pytestmark = pytest.mark.broker
WAIT_S = 30.0
NOT_AUTHORIZED = 0x87


class Peer:
    """A client that waits for the broker's verdict on each thing it does."""

    def __init__(self, broker: Broker, identity: Identity, client_id: str = "") -> None:
        self.verdicts: queue.Queue[int] = queue.Queue()
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5
        )
        self.client.tls_set(str(identity.ca), str(identity.certificate), str(identity.key))
        self.client.on_connect = lambda _c, _u, _f, code, _p: self.verdicts.put(code.value)
        self.client.on_publish = lambda _c, _u, _m, code, _p: self.verdicts.put(code.value)
        self.client.on_subscribe = lambda _c, _u, _m, codes, _p: self.verdicts.put(codes[0].value)
        self.client.on_message = lambda _c, _u, m: self.messages.put((m.topic, bytes(m.payload)))
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        assert self.verdicts.get(timeout=WAIT_S) == 0

    def publish(self, topic: str, payload: bytes = b"x") -> int:
        self.client.publish(topic, payload, qos=1)
        return self.verdicts.get(timeout=WAIT_S)

    def subscribe(self, topic: str) -> int:
        self.client.subscribe(topic, qos=1)
        return self.verdicts.get(timeout=WAIT_S)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with running(tmp_path_factory.mktemp("broker")) as started:
        yield started


def topics_up(device: str) -> list[str]:
    plain = [kind for kind in UP if kind not in (Kind.ALERT, Kind.CHUNK)]
    return [
        *(device_topic(device, kind) for kind in plain),
        alert_topic(device, "disk-full"),
        chunk_topic(device, "0" * 64, 3),
    ]


def topics_down(device: str) -> list[str]:
    return [device_topic(device, kind) for kind in DOWN]


def test_a_device_writes_its_own_topics_and_nothing_else(broker: Broker) -> None:
    broker.device("gate-2")
    peer = Peer(broker, broker.device("gate-1"))

    own = {topic: peer.publish(topic) for topic in topics_up("gate-1")}
    foreign = {topic: peer.publish(topic) for topic in topics_up("gate-2") + topics_down("gate-2")}
    down = {topic: peer.publish(topic) for topic in topics_down("gate-1")}
    other = {t: peer.publish(t) for t in ["firelane/1/central/state", "x", "firelane/1/gate-1/x"]}
    peer.close()

    assert set(own.values()) <= {0, 16}  # 16: taken, though nobody subscribes
    assert set(foreign.values()) == {NOT_AUTHORIZED}
    assert set(down.values()) == {NOT_AUTHORIZED}
    assert set(other.values()) == {NOT_AUTHORIZED}


def test_a_device_hears_only_what_is_sent_to_it(broker: Broker) -> None:
    gate_1, gate_2 = Peer(broker, broker.device("gate-1")), Peer(broker, broker.device("gate-2"))
    central = Peer(broker, broker.central())
    gate_2.subscribe("#")
    gate_2.subscribe("firelane/1/+/receipt")
    gate_1.subscribe(subscription(Kind.RECEIPT, "gate-1"))

    central.publish(device_topic("gate-1", Kind.RECEIPT), b"for gate-1")
    central.publish(device_topic("gate-2", Kind.RECEIPT), b"for gate-2")

    assert gate_1.messages.get(timeout=WAIT_S)[1] == b"for gate-1"
    assert gate_2.messages.get(timeout=WAIT_S)[1] == b"for gate-2"
    for peer in (gate_1, gate_2, central):
        peer.close()


def test_central_hears_every_device_and_writes_down_only(broker: Broker) -> None:
    central, gate = Peer(broker, broker.central()), Peer(broker, broker.device("gate-1"))
    for kind in UP:
        central.subscribe(subscription(kind))

    sent = topics_up("gate-1")
    for topic in sent:
        gate.publish(topic)
    heard = {central.messages.get(timeout=WAIT_S)[0] for _ in sent}
    down = {central.publish(topic) for topic in topics_down("gate-1")}
    up = {central.publish(topic) for topic in sent}
    central.close()
    gate.close()

    assert heard == set(sent)
    assert down <= {0, 16}
    assert up == {NOT_AUTHORIZED}


def test_without_a_client_certificate_nobody_gets_in(broker: Broker) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set(str(broker.pki / "ca.pem"))
    connected: list[ReasonCode] = []
    client.on_connect = lambda _c, _u, _f, code, _p: connected.append(code)
    failed: queue.Queue[bool] = queue.Queue()
    client.on_disconnect = lambda *_: failed.put(True)

    try:
        client.connect(broker.host, broker.port)
        client.loop_start()
        assert failed.get(timeout=WAIT_S)
    except (ssl.SSLError, ConnectionError):
        pass  # TLS 1.2 tells in the handshake, TLS 1.3 with the first bytes read
    client.loop_stop()

    assert connected == []


def test_a_certificate_of_another_authority_is_refused(broker: Broker, tmp_path: Path) -> None:
    certificates.init(tmp_path)
    certificates.device(tmp_path, "gate-1", 825)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    own = tmp_path / "gate-1"
    client.tls_set(str(broker.pki / "ca.pem"), f"{own}.pem", f"{own}.key.pem")
    connected: list[ReasonCode] = []
    client.on_connect = lambda _c, _u, _f, code, _p: connected.append(code)
    failed: queue.Queue[bool] = queue.Queue()
    client.on_disconnect = lambda *_: failed.put(True)

    try:
        client.connect(broker.host, broker.port)
        client.loop_start()
        assert failed.get(timeout=WAIT_S)
    except (ssl.SSLError, ConnectionError):
        pass
    client.loop_stop()

    assert connected == []


def test_the_client_id_is_the_certificates_whatever_the_client_says(broker: Broker) -> None:
    """Two clients with one certificate are one client: the later replaces the earlier."""
    identity = broker.device("gate-7")
    first = Peer(broker, identity, client_id="some-name")
    gone: queue.Queue[int] = queue.Queue()
    first.client.on_disconnect = lambda _c, _u, _f, code, _p: gone.put(code.value)

    second = Peer(broker, identity, client_id="another-name")

    assert gone.get(timeout=WAIT_S) != 0
    assert "Client gate-7 already connected, closing old connection" in broker.log
    first.client.loop_stop()
    second.close()


def test_a_slash_in_the_name_does_not_reach_anothers_records(broker: Broker) -> None:
    """The authority refuses such a name; should one exist all the same, the exact patterns of the
    ACL keep it out of every signed topic (`pattern write firelane/1/%u/#` would not)."""
    identity = forged(broker, "gate-1/evil")
    peer = Peer(broker, identity)

    verdicts = {peer.publish(topic) for topic in topics_up("gate-1")}
    deeper = peer.publish("firelane/1/gate-1/evil/record/x")
    peer.close()

    assert verdicts == {NOT_AUTHORIZED}
    assert deeper == NOT_AUTHORIZED


def forged(broker: Broker, common_name: str) -> Identity:
    """A certificate that our own tool would never make, with the broker's real authority."""
    broker.device("gate-9")
    own = broker.identity("gate-9")
    template = x509.load_pem_x509_certificate(own.certificate.read_bytes())
    key = certificates._ec_key(own.key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(template.issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(template.not_valid_before_utc)
        .not_valid_after(template.not_valid_after_utc)
    )
    path = broker.folder / "forged.pem"
    authority = certificates._ec_key(broker.pki / "ca.key.pem")
    path.write_bytes(certificates._pem(builder.sign(authority, hashes.SHA256())))
    return Identity(common_name, own.ca, path, own.key, own.signing_key, own.signing_public)
