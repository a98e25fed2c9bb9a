from collections.abc import Iterator
from pathlib import Path

import pytest

from central.database import connect, migrate
from tests.office import Office
from tests.staff import Staff
from tests.stories import Teller


@pytest.fixture
def staff(tmp_path: Path) -> Iterator[Staff]:
    """An office on SQLite with its people, served on a free port, and nothing in it."""
    engine = connect(f"sqlite:///{tmp_path}/central.db")
    migrate(engine)
    with Staff.serving(Office.open(engine, tmp_path)) as staff:
        yield staff
    engine.dispose()


@pytest.fixture
def teller(staff: Staff) -> Teller:
    return Teller(staff.office)
