"""What delivery costs on the wire, how fast a backlog drains, and what health suffers meanwhile.

Everything real but the server, which keeps packets in memory: the figures are the device's own.
"""

import math
import random
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.clock import SystemClock
from edge.delivery import Delivery, DeliverySettings
from edge.host import HostPaths
from edge.wire.fields import parse
from edge.wire.limits import CHUNK_BYTES, WINDOW_CHUNKS
from edge.wire.status import Health
from edge.wire.topics import Kind, chunk_topic, parse_topic
from scripts.benchmarks.pipe import Pipe
from scripts.benchmarks.table import Row, table
from tests.device_process import DAEMON, connection, record
from tests.mini_central import MiniCentral
from tests.mosquitto import Broker, Identity, running
from tests.packets import DEVICE, jpeg

PACKETS = 40
IMAGE_BYTES = 250_000
"""The wide view; the close-up beside it has a fifth of that."""
NARROW = 1_000_000.0
"""Bytes a second of the link on which health is watched: 8 Mbit/s up."""
BROAD = 12_500_000.0
"""The best line that a site is likely to have: 100 Mbit/s up."""
HEALTH_S = 0.2
CUT_EVERY_S = 2.0
LIMIT_S = 300.0


class Timed(MiniCentral):
    """Notes how old each health document is when it arrives."""

    def __init__(self, broker: Broker, device: Identity) -> None:
        self.ages_s: list[float] = []
        self.got = 0
        super().__init__(broker, device)
        kept = self.client.on_message

        def on_message(client: mqtt.Client, data: object, message: mqtt.MQTTMessage) -> None:
            now_ms = time.time() * 1000
            if message.topic.endswith("/health"):
                health = parse(Health, bytes(message.payload))
                self.ages_s.append((now_ms - health.utc_ms) / 1000)
            if "/chunk/" in message.topic:
                self.got += 1
            assert kept is not None
            kept(client, data, message)

        self.client.on_message = on_message


@dataclass(frozen=True, slots=True)
class Drained:
    """One backlog carried off: seconds, bytes on the wire each way, bytes of the exhibits."""

    seconds: float
    up: int
    down: int
    exhibits: int
    health_ages_s: list[float]


def measure(runs: int) -> str:
    free = [(drain(None), bare_publisher(None)) for _ in range(runs)]
    narrow = [(drain(NARROW), bare_publisher(NARROW)) for _ in range(runs)]
    broad = [(drain(BROAD), bare_publisher(BROAD)) for _ in range(runs)]
    flaky = [drain(NARROW, cut_every_s=CUT_EVERY_S) for _ in range(runs)]
    ages = sorted(age for ours, _ in narrow for age in ours.health_ages_s)
    p99 = ages[int(len(ages) * 0.99)] if ages else float("inf")
    link, quick = (f"{bytes_s * 8 / 1e6:.0f} Mbit/s" for bytes_s in (NARROW, BROAD))
    wire = "bytes on the wire, TLS and both ways, over the exhibits' bytes"
    cut = f"the same over {link}, cut every {CUT_EVERY_S:g} s on average"
    rate = "of the rate of a bare QoS 1 publisher (at least)"
    rows = [
        Row(wire, "", [on_wire(ours) for ours, _ in free + narrow], 1.10),
        Row(cut, "", [on_wire(ours) for ours in flaky], 1.50),
        Row(f"backlog over {link}: share {rate}", "", [share(*pair) for pair in narrow], 0.70),
        Row(f"backlog over {quick}: share {rate}", "", [share(*pair) for pair in broad], 0.70),
        Row(f"backlog over loopback: share {rate}", "", [share(*pair) for pair in free], 0.70),
        Row(f"health p99 while a backlog drains over {link}", "s", [p99], 5.0),
    ]
    speed = statistics.median(ours.exhibits / ours.seconds for ours, _ in free) / 1e6
    note = f"{PACKETS} packets; over loopback {speed:.1f} MB/s; {len(ages)} health documents"
    return f"{table(rows)}\n\n{note}"


def share(ours: Drained, bare: float) -> float:
    """Our rate over that of the bare publisher."""
    return ours.exhibits / ours.seconds / bare


def on_wire(one: Drained) -> float:
    """Bytes on the wire, TLS and both ways, over the exhibits' bytes."""
    return (one.up + one.down) / one.exhibits


def drain(rate: float | None, cut_every_s: float = 0.0) -> Drained:
    """Record a backlog with the broker out of reach, then let it go."""
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "broker") as broker:
        identity = broker.device(DEVICE)
        central = Timed(broker, identity)
        settings = DeliverySettings(DEVICE, Path(name) / "device", identity.signing_key)
        delivery = Delivery(settings, SystemClock(), HostPaths())
        exhibits = 0
        for number in range(1, PACKETS + 1):
            made = record(delivery, number, IMAGE_BYTES)
            assert made is not None
            exhibits += sum(each.size for each in made.exhibits)
        pipe = Pipe((broker.host, broker.port), rate)
        told = replace(connection(DEVICE, broker.pki, pipe.port), health_every_s=HEALTH_S)
        if rate is None:
            told = replace(told, health_every_s=60.0)
        uplink = delivery.uplink(told, DAEMON)
        begin = time.monotonic()
        uplink.start()
        seed = random.Random(1)
        cut_at = begin + seed.expovariate(1 / cut_every_s) if cut_every_s else math.inf
        while delivery.outbox.figures(0).depth:
            assert time.monotonic() - begin < LIMIT_S, "the backlog does not drain"
            time.sleep(0.02)
            if time.monotonic() > cut_at:
                pipe.cut()
                cut_at = time.monotonic() + seed.expovariate(1 / cut_every_s)
        seconds = time.monotonic() - begin
        up, down, ages = pipe.up, pipe.down, list(central.ages_s)
        uplink.stop()
        delivery.close()
        central.stop()
        pipe.close()
        return Drained(seconds, up, down, exhibits, ages)


def bare_publisher(rate: float | None) -> float:
    """Bytes a second that plain QoS 1 publishing of the same chunks reaches, acked and heard."""
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "broker") as broker:
        identity = broker.device(DEVICE)
        central = Timed(broker, identity)
        images = [
            jpeg(2 * number + side, size)
            for number in range(1, PACKETS + 1)
            for side, size in enumerate((IMAGE_BYTES, IMAGE_BYTES // 5))
        ]
        chunks = [
            (chunk_topic(DEVICE, f"{i:064x}", at // CHUNK_BYTES), image[at : at + CHUNK_BYTES])
            for i, image in enumerate(images)
            for at in range(0, len(image), CHUNK_BYTES)
        ]
        assert parse_topic(chunks[0][0]).kind is Kind.CHUNK
        pipe = Pipe((broker.host, broker.port), rate)
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        client.max_inflight_messages_set(WINDOW_CHUNKS)
        client.tls_set(str(identity.ca), str(identity.certificate), str(identity.key))
        ready = threading.Event()
        client.on_connect = lambda *_: ready.set()
        begin = time.monotonic()
        client.connect("127.0.0.1", pipe.port)
        client.loop_start()
        assert ready.wait(LIMIT_S)
        handed = [client.publish(topic, content, 1) for topic, content in chunks]
        for each in handed:
            each.wait_for_publish(LIMIT_S)
        while central.got < len(chunks):
            time.sleep(0.005)
        seconds = time.monotonic() - begin
        client.disconnect()
        client.loop_stop()
        central.stop()
        pipe.close()
        return sum(map(len, images)) / seconds
