from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from central.database import connect, migrate
from tests import postgres
from tests.device import SimulatedDevice
from tests.office import Office


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    with postgres.running() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty, migrated database of each kind."""
    url = f"sqlite:///{tmp_path}/central.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_server").new_database()
    opened = connect(url)
    migrate(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Office:
    return Office.open(engine, tmp_path)


@pytest.fixture
def device(office: Office) -> SimulatedDevice:
    """A registered device."""
    return office.register(SimulatedDevice())
