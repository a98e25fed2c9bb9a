"""Why people look, what auditors see of it, and uncovering a person."""

import csv
import io
from datetime import date

import pytest
from sqlalchemy import select

from central import tables
from central.access import Role
from central.accounts import NewUser
from central.oversight import Audit, Wanted
from central.purposes import PURPOSE_MS
from central.web.audit import asked
from central.web.person import covered
from tests.case_files import CaseFile, add_pack
from tests.device import SimulatedDevice
from tests.staff import HASH, Staff, token
from tests.stories import Teller

TODAY = date(2026, 11, 18)


@pytest.fixture
def case_path(staff: Staff, teller: Teller) -> str:
    teller.arrive(teller.device("gate-1", "望江花园", 1))
    staff.accounts.add_user(
        NewUser("guo", "郭审计", HASH, Role.AUDITOR), staff.office.clock.utc_ms()
    )
    return f"/cases/{staff.case_id()}"


def reasons(staff: Staff) -> list[tuple[str, str]]:
    with staff.office.engine.connect() as db:
        rows = db.execute(select(tables.access_log).order_by(tables.access_log.c.seq)).all()
    return [(row.action, row.reason) for row in rows]


def purposeless(staff: Staff) -> str:
    return staff.session("wang", purpose="")


def test_nobody_opens_a_case_without_saying_why(staff: Staff, case_path: str) -> None:
    with staff.visitor() as client:
        client.cookies.set("firelane", purposeless(staff))
        sent_on = client.get(case_path)
        asking = client.get(sent_on.headers["location"])
        sent = {"csrf": token(asking), "next": case_path, "purpose": "complaint"}
        chosen = client.post("/purpose", data=sent)
        opened = client.get(chosen.headers["location"])

    assert sent_on.status_code == 303
    assert "查看案件的理由" in asking.text
    assert (chosen.headers["location"], opened.status_code) == (case_path, 200)
    assert reasons(staff) == [("case opened", "complaint")]


@pytest.mark.parametrize(
    ("purpose", "typed", "taken"),
    [("other", "核对小区来信", True), ("other", "abc", False), ("curious", "", False)],
)
def test_a_reason_is_chosen_from_the_list_or_typed_in_words(
    staff: Staff, case_path: str, purpose: str, typed: str, taken: bool
) -> None:
    with staff.visitor() as client:
        client.cookies.set("firelane", purposeless(staff))
        sent = {"csrf": token(client.get("/purpose")), "next": case_path}
        answer = client.post("/purpose", data={**sent, "purpose": purpose, "typed": typed})
        client.get(case_path)

    assert answer.status_code == (303 if taken else 422)
    assert reasons(staff) == ([("case opened", typed)] if taken else [])


def test_a_reason_is_asked_for_again_after_some_hours(staff: Staff, case_path: str) -> None:
    with staff.visitor() as client:
        client.cookies.set("firelane", staff.session("wang"))
        before = client.get(case_path).status_code
        for _ in range(8):  # the session is in use all the time
            staff.office.clock.now_utc_ms += PURPOSE_MS // 8
            client.get("/account")
        after = client.get(case_path).status_code

    assert (before, after) == (200, 303)


def test_a_reason_never_leads_to_another_server(staff: Staff, case_path: str) -> None:
    with staff.visitor() as client:
        client.cookies.set("firelane", purposeless(staff))
        page = client.get("/purpose?next=https://evil.example/")
        sent = {"csrf": token(page), "next": "//evil.example/", "purpose": "review"}
        answer = client.post("/purpose", data=sent)

    assert 'name="next" value="/cases"' in page.text
    assert answer.headers["location"] == "/cases"


def test_the_auditor_sees_every_look_with_its_reason_and_takes_a_file(
    staff: Staff, case_path: str
) -> None:
    with staff.signed_in("wang") as client:
        client.get(case_path)
    with staff.signed_in("guo") as client:
        page = client.get("/audit")
        file = client.get("/audit.csv")
        acts = client.get("/audit?kind=acts")

    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert "<td>王建国</td><td>打开案件</td><td>2026-000001</td>" in page.text
    assert rows[2][1:] == ["王建国", "打开案件", "2026-000001", "2026-000001", "办理案件"]
    assert "审计" in acts.text
    assert reasons(staff)[-1] == ("audit exported", "supervision")


def test_the_audit_of_a_person_and_a_time_holds_nothing_else(staff: Staff, case_path: str) -> None:
    begin = staff.office.clock.utc_ms()
    for name in ("wang", "li", "wang"):
        staff.office.clock.now_utc_ms += 60_000
        with staff.signed_in(name) as client:
            client.get(case_path)
    audit, wang = Audit(staff.office.engine), staff.user("wang").id

    def times(**wanted: int | str) -> list[int]:
        whole = {"from_utc_ms": 0, "until_utc_ms": 2**50, **wanted}
        lines = audit.looks(Wanted(**whole))  # type: ignore[arg-type]
        return [(line.utc_ms - begin) // 60_000 for line in lines]

    assert times() == [3, 2, 1]
    assert times(person=wang) == [3, 1]
    assert times(from_utc_ms=begin + 120_000) == [3, 2]
    assert times(until_utc_ms=begin + 120_000) == [1]
    assert times(number="2026-000002") == []


def test_what_the_address_gets_wrong_falls_back_to_the_last_thirty_days() -> None:
    read = asked({"from": "x", "until": "2026-13-01", "kind": "?", "page": "-3"}, {}, TODAY)

    assert (read.typed["from"], read.typed["until"]) == ("2026-10-19", "2026-11-18")
    assert (read.kind, read.page) == ("looks", 1)


@pytest.mark.parametrize("role", Role)
def test_only_auditor_and_head_see_who_looked(staff: Staff, role: Role) -> None:
    staff.accounts.add_user(NewUser("someone", "", HASH, role), staff.office.clock.utc_ms())
    with staff.signed_in("someone") as client:
        got = {client.get(path).status_code for path in ("/audit", "/audit.csv")}

    assert got == ({200} if role in (Role.AUDITOR, Role.HEAD) else {403})


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("name", "张小明", "张**"),
        ("id_number", "330200199001011234", "3302************34"),
        ("phone", "13800000000", "138******00"),
        ("address", "示例区望江路 8 号", "示例区望江路****"),
        ("id_number", "12345", "*****"),
        ("name", "", ""),
    ],
)
def test_what_identifies_a_person_is_covered(field: str, value: str, shown: str) -> None:
    assert covered(field, value) == shown


def test_uncovering_a_person_takes_a_code_and_a_reason_and_is_in_the_log(staff: Staff) -> None:
    add_pack(staff.office)
    file = CaseFile.opened(staff.office, staff.office.register(SimulatedDevice()))
    file.name_party()
    path = f"/cases/{file.case_id}/person"
    with staff.signed_in("wang") as client:
        plain = client.get(path)
        sent = {"csrf": token(plain), "reason": "核对送达地址"}
        without = client.post(path, data=sent)
    with staff.signed_in("wang", proved=True) as client:
        sent["csrf"] = token(client.get(path))
        short = client.post(path, data={**sent, "reason": "x"})
        shown = client.post(path, data=sent)
    with staff.office.engine.connect() as db:
        lines = db.scalars(select(tables.case_event.c.type)).all()

    assert "330200199001011234" not in plain.text + without.text + short.text
    assert "3302************34" in plain.text
    assert (without.status_code, short.status_code) == (422, 422)
    assert "330200199001011234" in shown.text
    assert lines.count("person-uncovered") == 1
    assert reasons(staff)[-1] == ("person uncovered", "核对送达地址")


def test_finance_and_auditor_never_uncover_a_person(staff: Staff) -> None:
    add_pack(staff.office)
    file = CaseFile.opened(staff.office, staff.office.register(SimulatedDevice()))
    with staff.signed_in("zhou", proved=True) as client:
        csrf = token(client.get("/cases"))
        answer = client.post(
            f"/cases/{file.case_id}/person", data={"csrf": csrf, "reason": "核对送达地址"}
        )

    assert answer.status_code == 403
