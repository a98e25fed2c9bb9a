"""A site for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mini_central import MiniCentral
from tests.mosquitto import Broker, Identity, prepared
from tests.site import Site, device_identity, edge


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = prepared(tmp_path / "broker")
    yield made
    made.kill()


@pytest.fixture
def identity(broker: Broker) -> Identity:
    return device_identity(broker)


@pytest.fixture
def site(tmp_path: Path, broker: Broker, identity: Identity) -> Iterator[Site]:
    broker.start()
    central = MiniCentral(broker, identity)
    device = edge(tmp_path, broker, identity, None)
    yield Site(tmp_path, broker, identity, central, device)
    device.stop()
    central.stop()
