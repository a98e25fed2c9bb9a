"""A whole site on loopback: a broker, a small server of the contract, and a device that sends."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge.clock import SystemClock
from edge.delivery import Connection, Daemon, Delivery, DeliverySettings
from edge.host import HostPaths
from edge.link import BrokerAddress
from edge.uplink import Uplink
from edge.uplink_parts import Patience
from edge.wire.records import Record
from edge.wire.status import DetectorHealth
from tests.mini_central import MiniCentral
from tests.mosquitto import Broker, Identity
from tests.packets import DEVICE, SIGNER, put

PATIENCE = Patience(
    reconnect_s=(0.05, 0.3), accept_s=10, ack_s=20, central_s=0.5, tend_s=1, turn_s=0.05
)
DETECTOR = DetectorHealth(
    runtime="none", model_sha256="0" * 64, ms_p50=None, ms_p95=None, selftest_ok=True,
    last_look_age_s=None,
)  # fmt: skip
LIMIT_S = 60.0


def until(condition: Callable[[], bool], seconds: float = LIMIT_S) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "did not come true in time"
        time.sleep(0.02)


@dataclass
class Edge:
    """A device with everything but cameras."""

    delivery: Delivery
    uplink: Uplink
    restarts: list[int]

    def put(self, number: int, images: list[bytes]) -> Record:
        made = put(self.delivery.outbox, self.delivery.vault, number, images)
        self.uplink.wake()
        return made.record

    @property
    def waiting(self) -> int:
        return len(self.delivery.outbox.waiting(0, 10_000))

    def stop(self) -> None:
        self.uplink.stop()
        self.delivery.close()


def edge(folder: Path, broker: Broker, identity: Identity, address: BrokerAddress | None) -> Edge:
    settings = DeliverySettings(DEVICE, folder / "evidence", identity.signing_key)
    delivery = Delivery(settings, SystemClock(), HostPaths())
    restarts: list[int] = []
    daemon = Daemon(
        cameras=list,
        detector=lambda: DETECTOR,
        profiles=list,
        check_config=lambda text: "" if text.startswith("good") else "line 1: bad",
        restart=lambda: restarts.append(1),
        config_sha256="1" * 64,
        software_version="0.1.0",
        software_sha256="2" * 64,
        model_sha256="3" * 64,
    )
    own = BrokerAddress(broker.host, broker.port, identity.ca, identity.certificate, identity.key)
    keys = [broker.central().signing_public]
    connection = Connection(address or own, keys, 0.5, PATIENCE)
    uplink = delivery.uplink(connection, daemon)
    uplink.start()
    return Edge(delivery, uplink, restarts)


@dataclass
class Site:
    """Broker, server and a device, all running."""

    folder: Path
    broker: Broker
    identity: Identity
    central: MiniCentral
    edge: Edge


def device_identity(broker: Broker) -> Identity:
    """The certificate of the test device, with the signing key that tests/packets.py uses."""
    made = broker.device(DEVICE)
    private = SIGNER.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made.signing_key.write_bytes(private)
    return made
