"""What the central server keeps up with: thirty devices at once, and a hundred thousand cases.

The burst goes through a real broker over mutual TLS into SQLite with every commit flushed. Pages
are asked for over HTTP, each as a role that may open it.
"""

import itertools
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from central.clock import SystemClock
from central.config import Broker as BrokerConfig
from central.database import connect, migrate
from central.link import Link
from edge.wire.replies import Need, Receipt
from scripts.benchmarks import documents, pages, reminders
from scripts.benchmarks.table import Row, table
from tests.courier import Courier
from tests.device import Packet, Shot, SimulatedDevice
from tests.mosquitto import Broker, running
from tests.office import Office, wanted

DEVICES = 30
IMAGES = (Shot(width=1920, height=1080), Shot(view="plate", width=240, height=80))


def measure(runs: int) -> str:
    bursts = [_burst() for _ in range(runs)]
    rows = [Row(f"{DEVICES} packets in the same second, until the last receipt", "s", bursts, 5)]
    rows += documents.rows(runs)
    with tempfile.TemporaryDirectory() as name:
        rows += reminders.rows(runs, Path(name))
        rows += pages.rows(runs, Path(name))
    return table(rows)


def _burst() -> float:
    """Seconds from the first record sent to the last receipt received."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        broker = stack.enter_context(running(folder / "broker"))
        office = _office(folder)
        devices = [SimulatedDevice(id=f"gate-{n:02d}", seed=n) for n in range(DEVICES)]
        packets = [office.register(device).arrival(shots=IMAGES) for device in devices]
        stop = threading.Event()
        link = _link(office, broker)
        thread = threading.Thread(target=link.run, args=(stop,))
        thread.start()
        link.online.wait(60)
        couriers = [
            stack.enter_context(Courier.connected(broker, broker.device(device.id)))
            for device in devices
        ]
        begin = time.monotonic()
        with ThreadPoolExecutor(DEVICES) as pool:
            list(
                pool.map(lambda pair: _deliver(office, *pair), zip(couriers, packets, strict=True))
            )
        seconds = time.monotonic() - begin
        stop.set()
        thread.join(60)
        office.engine.dispose()
        return seconds


def _deliver(office: Office, courier: Courier, packet: Packet) -> None:
    def answer() -> object:
        return office.open_reply(courier.receive(lambda topic, _: topic.endswith("/receipt")))

    courier.send(packet.topic, packet.envelope)
    reply = answer()
    assert isinstance(reply, Need), reply
    for topic, chunk in wanted(packet, [reply]):
        courier.send(topic, chunk)
    receipt = answer()
    assert isinstance(receipt, Receipt), receipt


def _office(folder: Path) -> Office:
    engine = connect(f"sqlite:///{folder}/central.db")
    migrate(engine)
    return Office.open(engine, folder)


def _link(office: Office, broker: Broker) -> Link:
    own = broker.central()
    config = BrokerConfig(
        host=broker.host, port=broker.port, ca=own.ca, cert=own.certificate, key=own.key
    )
    return Link(config, office.ingest, SystemClock(), next_epoch=itertools.count(1).__next__)
