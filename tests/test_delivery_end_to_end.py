"""From a device's vault through a real broker to the real server: nothing lost, nothing twice."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.device_process import images
from tests.mosquitto import Broker, running
from tests.real_central import RealCentral

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]
LIMIT_S = 180.0
SIZE = 150_000
KILLED = -9


_numbers = count(1)


@dataclass
class Site:
    """A broker and a server that all tests of this file share."""

    broker: Broker
    central: RealCentral
    folder: Path


@dataclass
class Field:
    """The shared site, and a device of this test's own."""

    site: Site
    device: str
    first: int

    @property
    def central(self) -> RealCentral:
        return self.site.central

    def run(
        self, packets: int, after: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(packets, after),
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )

    def command(self, packets: int, after: int = 0) -> list[str]:
        """A device that records so many packets, numbered behind the first `after` ones."""
        broker = self.site.broker
        place = [str(self.site.folder / self.device), str(broker.pki), str(broker.port)]
        numbers = [str(self.first + after), str(packets), str(SIZE)]
        return [sys.executable, "-m", "tests.device_process", self.device, *place, *numbers]

    def check(self, packets: int) -> None:
        """Invariant: each packet once, its images byte for byte, and nothing else."""
        self.central.until_stored(self.device, packets)
        numbers = range(self.first, self.first + packets)
        sent = {image for number in numbers for image in images(number, SIZE)}
        assert self.central.stored(self.device) == [(n, "arrival") for n in range(1, packets + 1)]
        assert self.central.cases(self.device) == packets
        assert self.central.images(self.device) == sent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with running(folder / "broker") as broker:
        central = RealCentral(folder / "central", broker)
        yield Site(broker, central, folder)
        central.kill()


@pytest.fixture
def field(site: Site) -> Field:
    number = next(_numbers)
    device = f"gate-{number}"
    site.broker.device(device)
    site.central.add_device(device)
    if site.central.process is None:
        site.central.start()
    return Field(site, device, number * 100)


def test_every_packet_arrives_once_with_its_images(field: Field) -> None:
    done = field.run(3)

    assert done.returncode == 0, done.stderr
    field.check(3)


POINTS = [
    "exhibit_kept:3",
    "record_committed:2",
    "record_sent:1",
    "chunk_sent:3",
    "receipt_committed:1",
]
"""scripts/faults goes through all of them."""
EACH = 2


def test_a_device_killed_anywhere_on_the_path_loses_and_doubles_nothing(field: Field) -> None:
    """One device dies at each point in turn; every life records two packets more."""
    packets = EACH * len(POINTS)
    for life, point in enumerate(POINTS):
        killed = field.run(EACH, EACH * life, FIRELANE_TRACE_KILL=point)
        assert killed.returncode == KILLED, (point, killed.stderr)

    done = field.run(packets)

    assert done.returncode == 0, done.stderr
    field.check(packets)


def test_a_server_killed_again_and_again_loses_and_doubles_nothing(field: Field) -> None:
    device = subprocess.Popen(field.command(6), stdout=subprocess.DEVNULL)
    try:
        for stored in (1, 3):
            field.central.until_stored(field.device, stored)
            field.central.kill()
            field.central.start()
        assert device.wait(LIMIT_S) == 0
    finally:
        device.kill()

    field.check(6)


def test_a_broker_killed_again_and_again_loses_and_doubles_nothing(field: Field) -> None:
    device = subprocess.Popen(field.command(6), stdout=subprocess.DEVNULL)
    try:
        for stored in (1, 3):
            field.central.until_stored(field.device, stored)
            field.site.broker.kill()
            field.site.broker.start()
        assert device.wait(LIMIT_S) == 0
    finally:
        device.kill()

    field.check(6)
