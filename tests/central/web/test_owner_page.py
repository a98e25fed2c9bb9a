"""What the owner's page tells and takes, from the running clock to the officers' review."""

import hashlib
import re

import pytest
from sqlalchemy import select

from central import tables
from central.cases import State
from central.owner import papers, parties
from central.owner.parties import Person
from central.owner.situation import PHASE_OF, PHASES
from central.owner_tables import owner_upload, statement
from central.reminder_tables import message
from central.web.owner_forms import DEFENCES, FORMS, NOT_MINE
from central.web.texts import LANGUAGES, catalogue
from tests.case_files import CaseFile, add_pack
from tests.case_steps import TO_FILED
from tests.doors import NOBODYS
from tests.owners import Owner, jpeg, state_of
from tests.staff import Staff, token
from tests.stories import BLUE_PLATE, RED, Teller

GRACE_MS = 900_000


def test_every_state_has_a_phase_and_every_phase_its_words() -> None:
    assert set(PHASE_OF) == set(State)
    wanted = {f"owner.phase.{phase}.{part}" for phase in (*PHASES, "other", "someone")
              for part in ("title", "text", "next")}  # fmt: skip
    wanted |= {f"owner.grounds.{name}" for name in (*DEFENCES, *NOT_MINE, "holder", "driver")}
    wanted |= {f"owner.form.{name}.title" for name in FORMS}
    wanted |= {f"owner.kind.{form.kind}" for form in FORMS.values() if "consent" not in form.kind}
    wanted |= {f"owner.done.{name}" for name in FORMS}
    wanted |= {f"paper.{kind}" for kind in papers.KINDS}
    for language in LANGUAGES:
        assert wanted - set(catalogue(language)) == set()


def test_while_the_grace_runs_the_page_says_until_when_leaving_costs_nothing(
    staff: Staff, teller: Teller
) -> None:
    add_pack(staff.office)
    packet = teller.arrive(teller.device("gate-1", "望江花园", 1), RED, BLUE_PLATE)
    staff.office.remind(packet)
    began = staff.office.clock.utc_ms()
    owner = Owner.of(staff, staff.case_id())
    with owner.inside() as client:
        running = client.get(owner.path)
        staff.office.clock.now_utc_ms = began + GRACE_MS - 1
        last = client.get(owner.path)
        staff.office.clock.now_utc_ms = began + GRACE_MS
        over = client.get(owner.path)

    assert f'data-deadline="{began + GRACE_MS}"' in running.text
    assert "请现在驶离，不罚款" in running.text
    assert "15 分" in running.text
    assert "请现在驶离，不罚款" in last.text
    assert "时间已到，请立即驶离" in over.text
    assert "data-deadline" not in over.text


def test_a_reminder_that_has_not_arrived_starts_no_clock(staff: Staff, teller: Teller) -> None:
    teller.arrive(teller.device("gate-1", "望江花园", 1), RED, BLUE_PLATE)
    owner = Owner.of(staff, staff.case_id())
    with owner.inside() as client:
        page = client.get(owner.path)

    assert "计时从短信送达开始" in page.text
    assert "data-deadline" not in page.text


def test_who_left_in_time_is_told_that_nothing_is_to_be_paid(staff: Staff, teller: Teller) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    arrival = teller.arrive(gate, RED, BLUE_PLATE)
    owner = Owner.of(staff, staff.case_id())
    staff.office.remind(arrival)
    teller.depart(gate, arrival)
    with owner.inside() as client:
        page = client.get(owner.path)

    assert "您已及时驶离，不用缴款" in page.text
    assert f"{owner.path}/statement" not in page.text


def test_a_statement_is_kept_as_it_was_written_and_seen_again(staff: Staff, file: CaseFile) -> None:
    owner = Owner.of(staff, file.case_id)
    said = {"grounds": "loading", "text": "当时在搬家具，\r\n老人行动不便。"}
    with owner.inside() as client:
        sent = owner.send(client, "statement", said, [("files", ("车.jpg", jpeg(), "image/jpeg"))])
        page = client.get(sent.headers["location"])
    with file.office.engine.connect() as db:
        row = db.execute(select(statement)).one()
        upload = db.execute(select(owner_upload)).one()

    assert (row.kind, row.grounds, row.text) == (
        "statement", "loading", "当时在搬家具，\n老人行动不便。",
    )  # fmt: skip
    assert (upload.media_type, upload.name, upload.statement_id) == ("image/jpeg", "车.jpg", row.id)
    kept = file.office.blobs.read(upload.sha256)
    assert hashlib.sha256(kept).hexdigest() == upload.sha256
    assert "已收到您的意见" in page.text
    assert "老人行动不便。" in page.text
    assert "车.jpg" in page.text


def test_the_same_form_sent_twice_counts_once(staff: Staff, file: CaseFile) -> None:
    owner = Owner.of(staff, file.case_id)
    with owner.inside() as client:
        filled = {**owner.form(client, "statement"), "grounds": "other", "text": "说明"}
        first = client.post(f"{owner.path}/statement", data=filled)
        second = client.post(f"{owner.path}/statement", data=filled)

    assert first.status_code == second.status_code == 303
    assert file.office.count(statement) == 1


def test_what_is_said_before_anybody_is_known_moves_no_case_and_is_in_the_log(
    staff: Staff, file: CaseFile
) -> None:
    owner = Owner.of(staff, file.case_id)
    with owner.inside() as client:
        owner.send(client, "statement", {"grounds": "emergency", "text": "送医。"})
    event = tables.case_event
    with file.office.engine.connect() as db:
        line = db.execute(select(event).where(event.c.type == "owner-said")).one()

    assert state_of(file) is State.OVERSTAYED
    assert '"acted":"no"' in line.payload
    assert "送医" not in line.payload


@pytest.mark.parametrize("grounds", ["sold", "stolen", "cloned"])
def test_who_did_not_park_says_so(staff: Staff, file: CaseFile, grounds: str) -> None:
    owner = Owner.of(staff, file.case_id)
    with owner.inside() as client:
        owner.send(client, "not-me", {"grounds": grounds, "text": ""})
    with file.office.engine.connect() as db:
        row = db.execute(select(statement)).one()
        assert parties.named(db, file.case_id) == ()

    assert (row.kind, row.grounds, row.party_id) == ("not-me", grounds, None)


def test_another_driver_is_named_and_waits_for_an_officer(staff: Staff, file: CaseFile) -> None:
    owner = Owner.of(staff, file.case_id)
    named = {"grounds": "other-driver", "name": "李明", "phone": "13900000000", "id_number": ""}
    with owner.inside() as client:
        owner.send(client, "not-me", named)
    with file.office.engine.connect() as db:
        [driver] = parties.named(db, file.case_id)

    assert (driver.person.name, driver.person.relation) == ("李明", "driver")
    assert driver.confirmed_utc_ms is None
    assert driver.checked_utc_ms is None


def test_who_parked_says_who_they_are_and_waits_for_an_officer(
    staff: Staff, file: CaseFile
) -> None:
    file.walk(TO_FILED)
    owner = Owner.of(staff, file.case_id)
    person = {
        "grounds": "driver",
        "name": "张小明",
        "phone": "13800000000",
        "address": "示例区望江路 8 号",
    }
    with owner.inside() as client:
        wrong = owner.send(client, "me", {**person, "id_number": "330203199001011234"})
        owner.send(client, "me", {**person, "id_number": "330203199001011236"})
        page = client.get(owner.path)
    with file.office.engine.connect() as db:
        people = parties.named(db, file.case_id)

    assert wrong.status_code == 422
    assert 'value="张小明"' in wrong.text
    assert [(one.person.name, one.confirmed_utc_ms) for one in people] == [("张小明", None)]
    assert "是我停的，确认身份" not in page.text
    assert "是我停的 · 我不是车主，当时由我驾驶" in page.text


def test_what_was_typed_survives_a_visit_that_ended_meanwhile(staff: Staff, file: CaseFile) -> None:
    owner = Owner.of(staff, file.case_id)
    with owner.inside() as client:
        filled = {**owner.form(client, "statement"), "grounds": "other", "text": "写了很久\n的说明"}
        file.office.clock.now_utc_ms += 2 * 3_600_000
        asked = client.post(f"{owner.path}/statement", data=filled)
        then = {"answer": owner.answer, "then": f"{owner.path}/statement"}
        again = client.post(f"{owner.path}/check", data={**filled, **then, "csrf": token(asked)})
        client.post(f"{owner.path}/statement", data={**filled, "csrf": token(again)})

    assert asked.status_code == 401
    assert "写了很久\n的说明" in asked.text
    assert "写了很久\n的说明</textarea>" in again.text
    assert filled["form"] in again.text
    assert file.office.count(statement) == 1


def test_staff_see_what_was_said_and_sent_and_who_is_named(staff: Staff, file: CaseFile) -> None:
    owner = Owner.of(staff, file.case_id)
    named = {
        "grounds": "other-driver",
        "name": "李明",
        "phone": "13912345678",
        "id_number": "330203199001011236",
    }
    with owner.inside() as client:
        files = [("files", ("合影.jpg", jpeg(), "image/jpeg"))]
        owner.send(client, "not-me", {**named, "text": "那天是他开的。"}, files)
    with staff.signed_in() as client:
        page = client.get(f"/cases/{file.case_id}")
        upload = page.text.partition("/uploads/")[2].partition('"')[0]
        shown = client.get(f"/cases/{file.case_id}/uploads/{upload}")
        other = client.get(f"/cases/{NOBODYS}/uploads/{upload}")
    with staff.signed_in("zhou") as client:
        finance = client.get(f"/cases/{file.case_id}")
    with file.office.engine.connect() as db:
        looks = db.scalars(select(tables.access_log.c.action)).all()

    assert "那天是他开的。" in page.text
    assert "李明" in page.text
    assert "330***********1236" in page.text
    assert "330203199001011236" not in page.text
    assert "合影.jpg" in page.text
    assert shown.headers["content-type"] == "image/jpeg"
    assert other.status_code == 404
    assert "李明" not in finance.text
    assert looks.count("upload opened") == 1


def test_staff_send_a_named_driver_a_link_that_their_own_number_opens(
    staff: Staff, file: CaseFile
) -> None:
    owner = Owner.of(staff, file.case_id)
    named = {"grounds": "other-driver", "name": "李明", "phone": "13912345678"}
    with owner.inside() as client:
        owner.send(client, "not-me", {**named, "id_number": "330203199001011236"})
        owner.send(client, "not-me", {**named, "name": "无证", "id_number": ""})
    with staff.signed_in() as client:
        page = client.get(f"/cases/{file.case_id}")
        [party] = re.findall(r'name="party" value="([^"]+)"', page.text)
        sent = client.post(
            f"/cases/{file.case_id}/links", data={"csrf": token(page), "party": party}
        )
    assert sent.status_code == 303, sent.text
    with file.office.engine.connect() as db:
        row = db.execute(select(message)).one()
    driver = Owner(staff, file.case_id, row.text.partition("/o/")[2][:22], "011236")
    with driver.inside() as client:
        seen = client.get(driver.path)

    assert (row.contact, row.purpose) == ("13912345678", "invitation")
    assert row.text.startswith("【示例区消防救援大队】")
    assert "浙B12345" in seen.text
    assert "那天" not in seen.text


def test_the_holder_whom_the_register_knows_need_not_type_who_they_are(
    staff: Staff, file: CaseFile
) -> None:
    file.walk(TO_FILED)
    holder = Person("赵海", "330203199001011236", address="示例区望江路 9 号")
    with file.office.engine.begin() as db:
        parties.add(db, file.case_id, holder, "register", file.office.clock.utc_ms())
    owner = Owner.of(staff, file.case_id)
    with owner.inside() as client:
        form = client.get(f"{owner.path}/me")
        driver = owner.send(client, "me", {"grounds": "driver"})
        sent = owner.send(client, "me", {"grounds": "holder"})
    with file.office.engine.connect() as db:
        row = db.execute(select(statement)).one()
        [known] = parties.named(db, file.case_id)

    assert "赵海" not in form.text
    assert driver.status_code == 422
    assert sent.status_code == 303
    assert (row.kind, row.party_id) == ("admission", known.id)
    assert known.confirmed_utc_ms is None
