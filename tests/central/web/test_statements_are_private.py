"""What a party says in its defence, and who they are, is for those who weigh it."""

from uuid import UUID

import pytest
from sqlalchemy import select

from central.access import Role
from central.accounts import NewUser
from central.owner_tables import owner_upload
from central.reminder_tables import message
from tests.case_files import CaseFile
from tests.case_steps import TO_NOTIFIED
from tests.owners import jpeg, party_of, partys
from tests.staff import HASH, Staff, token

WORDS = "我在化疗，当时走不动。"
READERS = {Role.OFFICER, Role.HEAD, Role.LEGAL, Role.AUDITOR}
SENDERS = {Role.OFFICER, Role.HEAD, Role.LEGAL, Role.SERVICE}
SEE_NAMES = READERS | {Role.SERVICE}


@pytest.fixture
def upload(staff: Staff, file: CaseFile) -> UUID:
    """A medical record that came with a statement."""
    file.name_party()
    file.walk(TO_NOTIFIED)
    owner = partys(staff, file)
    with owner.inside() as client:
        said = {"grounds": "emergency", "text": WORDS}
        owner.send(client, "statement", said, [("files", ("病历.jpg", jpeg(), "image/jpeg"))])
    for role in Role:
        made = NewUser(f"one-{role.value}", f"one-{role.value}", HASH, role)
        staff.accounts.add_user(made, file.office.clock.utc_ms())
    with file.office.engine.connect() as db:
        found: UUID = db.execute(select(owner_upload.c.id)).scalar_one()
    return found


def test_statements_files_and_names_are_shown_to_those_who_need_them(
    staff: Staff, file: CaseFile, upload: UUID
) -> None:
    words, files, names = set(), set(), set()
    for role in Role:
        with staff.signed_in(f"one-{role.value}") as client:
            page = client.get(f"/cases/{file.case_id}").text
            words |= {role} if WORDS in page else set()
            names |= {role} if "张小明" in page else set()
            got = client.get(f"/cases/{file.case_id}/uploads/{upload}")
            files |= {role} if got.status_code == 200 else set()

    assert (words, files, names) == (READERS, READERS, SEE_NAMES)


def test_links_go_out_by_staff_of_the_agency_only(
    staff: Staff, file: CaseFile, upload: UUID
) -> None:
    assert upload
    sent, offered = set(), set()
    for role in Role:
        with staff.signed_in(f"one-{role.value}") as client:
            csrf = token(client.get("/account"))
            page = client.get(f"/cases/{file.case_id}").text
            offered |= {role} if f'action="/cases/{file.case_id}/links"' in page else set()
            asked = {"csrf": csrf, "party": str(party_of(file))}
            answer = client.post(f"/cases/{file.case_id}/links", data=asked)
            sent |= {role} if answer.status_code == 303 else set()

    assert (sent, offered) == (SENDERS, SENDERS)
    assert file.office.count(message) == len(SENDERS)
