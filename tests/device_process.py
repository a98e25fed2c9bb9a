"""A device without cameras as a process of its own, so that a test can kill it anywhere.

usage: python -m tests.device_process DEVICE FOLDER PKI PORT FIRST PACKETS SIZE_BYTES

Records PACKETS packets, numbered from FIRST, with two images each; says `recorded N` for each once
it is durable, sends them, and ends with code 0 when all have their receipts. Started again it goes
on where it was.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from edge.clock import SystemClock
from edge.delivery import Connection, Daemon, Delivery, DeliverySettings
from edge.host import HostPaths
from edge.link import BrokerAddress
from edge.uplink_parts import Patience
from edge.wire.records import Record
from edge.wire.status import DetectorHealth
from tests.packets import Told, exhibit, jpeg, sealed

LIMIT_S = 120.0
PATIENCE = Patience(reconnect_s=(0.05, 0.5), accept_s=10, ack_s=20, turn_s=0.05)
DETECTOR = DetectorHealth(
    runtime="none", model_sha256="0" * 64, ms_p50=None, ms_p95=None, selftest_ok=True,
    last_look_age_s=None,
)  # fmt: skip
DAEMON = Daemon(
    cameras=list,
    detector=lambda: DETECTOR,
    profiles=list,
    check_config=lambda _: "",
    restart=lambda: None,
    config_sha256="1" * 64,
    software_version="0.1.0",
    software_sha256="2" * 64,
    model_sha256="3" * 64,
)


def images(number: int, size_bytes: int) -> list[bytes]:
    return [jpeg(2 * number, size_bytes), jpeg(2 * number + 1, size_bytes // 5)]


def record(delivery: Delivery, number: int, size_bytes: int) -> Record | None:
    """Record one packet as the recorder does: images first, then the record."""
    pictures = images(number, size_bytes)
    for picture in pictures:
        delivery.vault.keep(picture)
    exhibits = [exhibit(p, view) for p, view in zip(pictures, ("wide", "plate"), strict=True)]
    told = Told(number, exhibits=exhibits, device=delivery.settings.device)
    made = delivery.outbox.put("", lambda seq, prev: sealed(told, seq, prev, delivery.signer))
    return None if made is None else made.record


def connection(device: str, pki: Path, port: int) -> Connection:
    certificate, key = pki / f"{device}.pem", pki / f"{device}.key.pem"
    address = BrokerAddress("127.0.0.1", port, pki / "ca.pem", certificate, key)
    return Connection(address, [pki / "central.signing.pub.pem"], 5.0, PATIENCE)


@dataclass(frozen=True, slots=True)
class Job:
    """What the process was told."""

    device: str
    folder: Path
    pki: Path
    port: int
    first: int
    packets: int
    size_bytes: int


def main(job: Job) -> int:
    settings = DeliverySettings(job.device, job.folder, job.pki / f"{job.device}.signing.pem")
    delivery = Delivery(settings, SystemClock(), HostPaths())
    uplink = delivery.uplink(connection(job.device, job.pki, job.port), DAEMON)
    uplink.start()
    for number in range(job.first, job.first + job.packets):
        record(delivery, number, job.size_bytes)
        print(f"recorded {number}", flush=True)
        uplink.wake()
    limit = time.monotonic() + LIMIT_S
    while delivery.outbox.figures(0).depth and time.monotonic() < limit and uplink.running:
        time.sleep(0.05)
    left = delivery.outbox.figures(0).depth
    uplink.stop()
    delivery.close()
    print(f"left {left}", flush=True)
    return 0 if left == 0 else 1


if __name__ == "__main__":
    device, folder, pki, *numbers = sys.argv[1:]
    sys.exit(main(Job(device, Path(folder), Path(pki), *map(int, numbers))))
