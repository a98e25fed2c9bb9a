import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from central.database import connect, migrate
from tests.case_files import CaseFile, add_pack
from tests.chromium import launched
from tests.office import Office
from tests.staff import Staff
from tests.stories import Teller

settings.register_profile("busy", deadline=None)
settings.load_profile("busy")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "central.db"
    engine = connect(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module's tests. Its loop must end before other modules run theirs."""
    with launched() as browser:
        yield browser


@pytest.fixture
def staff(tmp_path: Path, empty_database: Path) -> Iterator[Staff]:
    """An office on SQLite with its people, served on a free port, and nothing in it."""
    shutil.copy(empty_database, tmp_path / "central.db")
    engine = connect(f"sqlite:///{tmp_path}/central.db")
    with Staff.serving(Office.open(engine, tmp_path)) as staff:
        yield staff
    engine.dispose()


@pytest.fixture
def teller(staff: Staff) -> Teller:
    return Teller(staff.office)


@pytest.fixture
def file(staff: Staff, teller: Teller) -> CaseFile:
    """A vehicle stayed on after the reminder; the pack is in force."""
    add_pack(staff.office)
    return CaseFile.opened(staff.office, teller.device("gate-1", "望江花园", 1))
