"""What the central server keeps up with: thirty devices at once, and a hundred thousand cases.

The burst goes through a real broker over mutual TLS into SQLite with every commit flushed. The
lists are asked of the database as the staff pages ask; making the page itself is not in the figure.
"""

import itertools
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import Engine, insert

from central import tables
from central.clock import SystemClock
from central.config import Broker as BrokerConfig
from central.database import connect, migrate
from central.link import Link
from central.views import CaseFilter
from edge.wire.replies import Need, Receipt
from scripts.benchmarks.table import Row, table
from tests.courier import Courier
from tests.device import Packet, Shot, SimulatedDevice
from tests.mosquitto import Broker, running
from tests.office import NOW, Office, wanted

DEVICES = 30
IMAGES = (Shot(width=1920, height=1080), Shot(view="plate", width=240, height=80))
CASES = 100_000
_BATCH = 10_000
_STATES = ("suspected", "departed-in-grace", "indeterminate", "overstayed")


def measure(runs: int) -> str:
    bursts = [_burst() for _ in range(runs)]
    rows = [Row(f"{DEVICES} packets in the same second, until the last receipt", "s", bursts, 5)]
    return table([*rows, *_lists(runs)])


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


def _lists(runs: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        office = _office(Path(name))
        device = office.register(SimulatedDevice())
        office.deliver(device.arrival())
        whole = office.lookup.cases(CaseFilter()).rows[0].id
        _fill(office.engine, device.id)
        asked: dict[str, tuple[float, Callable[[], object]]] = {
            "first page of all cases": (200, lambda: office.lookup.cases(CaseFilter())),
            "page 4,000": (200, lambda: office.lookup.cases(CaseFilter(offset=99_900))),
            "cases of one state": (
                200,
                lambda: office.lookup.cases(CaseFilter(state="overstayed")),
            ),
            "search for part of a plate": (
                300,
                lambda: office.lookup.cases(CaseFilter(plate="B7777")),
            ),
            "search in all words": (300, lambda: office.lookup.cases(CaseFilter(text="花园 77"))),
            "one case with every check made": (200, lambda: office.lookup.case(whole)),
        }
        rows = [
            Row(f"{what}, of {CASES:,}", "ms", [_timed_ms(look) for _ in range(runs * 5)], limit)
            for what, (limit, look) in asked.items()
        ]
        office.engine.dispose()
        return rows


def _timed_ms(look: Callable[[], object]) -> float:
    begin = time.monotonic()
    look()
    return (time.monotonic() - begin) * 1000


def _fill(engine: Engine, device: str) -> None:
    for first in range(2, CASES + 2, _BATCH):
        rows = [_case(number, device) for number in range(first, first + _BATCH)]
        with engine.begin() as db:
            db.execute(insert(tables.case), rows)


def _case(number: int, device: str) -> dict[str, str | int | UUID | None]:
    return {
        "id": uuid4(),
        "number": f"2026-{number:06d}",
        "device": device,
        "stay_id": uuid4(),
        "site": f"花园 {number % 30}",
        "camera": "cam-1",
        "lane": "lane-1",
        "opened_utc_ms": NOW + number * 60_000,
        "begin_utc_ms": NOW + number * 60_000,
        "standing_ms": 60_000,
        "state": _STATES[number % len(_STATES)],
        "remedy": "none",
        "money": "unbilled",
        "policy_sha256": "0" * 64,
        "latest_kind": "arrival",
        "latest_seq": number,
        "plate_status": "read",
        "plate": f"浙B{number:05d}"[-7:],
        "plate_colour": "blue",
        "thumb_sha256": None,
        "changed_seq": number,
        "words": f"2026-{number:06d} 花园 {number % 30} cam-1 lane-1",
    }
