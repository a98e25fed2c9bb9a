"""Who was named in a case that led to nothing is forgotten with it, and in time what they said."""

from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from central.cases import Action, Role
from central.keeping import rounds
from central.owner_tables import party, statement
from tests.case_files import CaseFile, add_pack
from tests.case_steps import TO_NOTIFIED, act
from tests.device import SimulatedDevice
from tests.office import Office

DAY_MS = 86_400_000
A = Action


@pytest.fixture
def file(office: Office, device: SimulatedDevice) -> CaseFile:
    add_pack(office)
    file = CaseFile.opened(office, device)
    file.name_party()
    with office.engine.begin() as db:
        made = uuid4()
        db.execute(
            insert(statement).values(
                id=made, case_id=file.case_id, form=made.hex, kind="statement", grounds="other",
                text="我在化疗。", made_utc_ms=office.clock.utc_ms(),
            )
        )  # fmt: skip
    return file


def later(file: CaseFile, days: int) -> tuple[str, str]:
    """The name and the words that are kept after that many days more."""
    office = file.office
    office.clock.now_utc_ms += days * DAY_MS
    for _ in range(3):
        rounds.run(office.engine, office.blobs, office.clock.utc_ms())
    with office.engine.connect() as db:
        row = db.execute(select(party)).one()
        told = " ".join((row.name, row.id_number, row.phone, row.address)).strip()
        return told[:3], db.execute(select(statement.c.text)).scalar_one()


def test_people_go_with_the_plate_and_what_they_said_with_their_files(file: CaseFile) -> None:
    file.do(act(A.EXPIRE, Role.SYSTEM))

    assert later(file, 29) == ("张小明", "我在化疗。")
    assert later(file, 1) == ("", "我在化疗。")
    assert later(file, 699) == ("", "我在化疗。")
    assert later(file, 1) == ("", "")


@pytest.mark.parametrize("ruled", [A.SPARE, A.MAKE_VOID])
def test_whom_a_decision_names_stays_named(file: CaseFile, ruled: Action) -> None:
    file.walk(TO_NOTIFIED)
    file.do(act(ruled, Role.HEAD))

    assert later(file, 400)[0] == "张小明"
