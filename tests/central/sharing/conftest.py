"""A served office whose departments hold keys."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from httpx import Client

from central.database import connect, migrate
from central.sharing import Departments, Scope
from tests.office import NOW, Office
from tests.staff import NO_TLS, Staff
from tests.stories import Teller

EVERYTHING = tuple(Scope)


@dataclass
class Town:
    """The office as other departments reach it."""

    staff: Staff
    teller: Teller

    @property
    def departments(self) -> Departments:
        return Departments(self.staff.office.engine)

    @contextmanager
    def asking(
        self, name: str = "police", scopes: tuple[Scope, ...] = EVERYTHING
    ) -> Iterator[Client]:
        """A caller with a key of its own."""
        key = self.departments.add(name, name, scopes, NOW)
        with Client(
            base_url=f"{self.staff.address}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            verify=NO_TLS,
        ) as client:
            yield client


@pytest.fixture(scope="session")
def empty_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy."""
    path = tmp_path_factory.mktemp("empty") / "central.db"
    engine = connect(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def town(tmp_path: Path, empty_town: Path) -> Iterator[Town]:
    shutil.copy(empty_town, tmp_path / "central.db")
    engine = connect(f"sqlite:///{tmp_path}/central.db")
    with Staff.serving(Office.open(engine, tmp_path)) as staff:
        yield Town(staff, Teller(staff.office))
    engine.dispose()
