import shutil
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


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: postgres.Server) -> str:
    """The URL of a database that one test after another has to itself."""
    url = postgres_server.new_database()
    _migrated(url)
    return url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that tests copy."""
    path = tmp_path_factory.mktemp("database") / "central.db"
    _migrated(f"sqlite:///{path}")
    return path


def _migrated(url: str) -> None:
    engine = connect(url)
    migrate(engine)
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty, migrated database of each kind."""
    if request.param == "postgres":
        server: postgres.Server = request.getfixturevalue("postgres_server")
        url: str = request.getfixturevalue("migrated_postgres")
        server.empty(url)
    else:
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "central.db")
        url = f"sqlite:///{tmp_path}/central.db"
    opened = connect(url)
    yield opened
    opened.dispose()


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Office:
    return Office.open(engine, tmp_path)


@pytest.fixture
def device(office: Office) -> SimulatedDevice:
    """A registered device."""
    return office.register(SimulatedDevice())
