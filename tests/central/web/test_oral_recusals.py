"""A request that an officer withdraw: made by word of mouth, and answered by nobody in time."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from httpx import Response
from sqlalchemy import select

from central.cases import Action, Role, State, Unproven
from central.documents.wording import local
from central.events import parse_payload
from central.office_tables import office_alarm
from central.owner_tables import statement
from central.tables import case_event
from tests.case_files import CaseFile
from tests.case_steps import TO_DECIDED, act
from tests.central.web.test_recusals import answered, answers
from tests.owners import partys, state_of
from tests.staff import Staff, token

DAY_MS = 86_400_000
SAID = {
    "asker": "张小明",
    "said_by": "telephone",
    "objection": "赵强是我的前妻的哥哥。",
    "read_back": "yes",
}


def today(file: CaseFile) -> date:
    return local(file.office.clock.utc_ms()).date()


def taken_down(staff: Staff, file: CaseFile, name: str = "zhao", **other: str) -> Response:
    """What the form sends; the page that it leads to."""
    with staff.signed_in(name) as client:
        path = f"/cases/{file.case_id}/recusals"
        csrf = token(client.get(f"/cases/{file.case_id}"))
        sent = {"csrf": csrf, "form": str(uuid4()), "asked_day": str(today(file)), **SAID, **other}
        answer = client.post(path, data=sent)
        return client.get(answer.headers["location"]) if answer.status_code == 303 else answer


def test_what_was_said_lives_like_a_written_request(staff: Staff, file: CaseFile) -> None:
    file.name_party()
    file.walk(TO_DECIDED[:-1])
    with staff.signed_in("zhao") as client:
        case = client.get(f"/cases/{file.case_id}").text
        form = client.get(f"/cases/{file.case_id}/recusals").text
    kept = taken_down(staff, file)
    with staff.signed_in("chen") as head:
        due = head.get("/due").text
    owner = partys(staff, file)
    with owner.inside() as client:
        waits = client.get(owner.path).text
        with pytest.raises(Unproven, match="every request that an officer withdraw was answered"):
            file.decide()
        page = answered(staff, "chen", "granted", "zhao", "确有亲属关系，应当回避。")
        told = client.get(owner.path).text
    file.decide()

    assert f'href="/cases/{file.case_id}/recusals"' in case
    assert 'value="张小明"' in form
    assert "已记录，等待负责人答复。" in kept.text
    assert "申请回避 · 电话口头提出" in kept.text
    assert "由 赵强 记录" in kept.text
    assert "等待答复的回避申请" in due
    assert "赵强是我的前妻的哥哥。" in waits
    assert "正在由负责人审查" in waits
    assert "陈立决定：赵强回避。" in page.text
    assert "已同意，有关人员不再办理本案" in told
    assert state_of(file) is State.DECIDED
    assert [one["outcome"] for one in answers(file)] == ["granted"]


def test_the_log_says_who_took_it_down_and_nothing_of_what_was_said(
    staff: Staff, file: CaseFile
) -> None:
    taken_down(staff, file)
    query = select(case_event.c.actor, case_event.c.payload).where(
        case_event.c.type == "recusal-taken-down"
    )
    with file.office.engine.connect() as db:
        [line] = db.execute(query).all()

    assert line.actor == staff.user("zhao").id
    assert parse_payload(line.payload)["way"] == "telephone"
    assert "前妻" not in line.payload


def test_whoever_is_not_the_party_is_named_in_what_is_kept(staff: Staff, file: CaseFile) -> None:
    file.name_party()
    taken_down(staff, file, asker="李明")
    with file.office.engine.connect() as db:
        row = db.execute(select(statement)).one()

    assert (row.text, row.party_id) == ("申请人：李明\n赵强是我的前妻的哥哥。", None)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("asked_day", "2099-01-01", "应当在案件开始之后，不晚于今天。"),
        ("asked_day", "2026-01-01", "应当在案件开始之后，不晚于今天。"),
        ("asked_day", "gestern", "请写成 2026-12-31 的样子。"),
        ("objection", "", "请填写。"),
        ("asker", "", "请填写。"),
        ("said_by", "dream", "请从列表中选择。"),
        ("read_back", "", "请确认后勾选。"),
        ("objection", "长" * 2001, "内容太长。"),
    ],
)
def test_a_fault_is_told_at_its_field_and_nothing_is_kept(
    staff: Staff, file: CaseFile, name: str, value: str, told: str
) -> None:
    page = taken_down(staff, file, **{name: value})

    assert page.status_code == 422
    assert told in page.text
    assert name == "asker" or 'value="张小明"' in page.text
    assert file.office.count(statement) == 0


def test_the_same_form_twice_is_one_request(staff: Staff, file: CaseFile) -> None:
    number = str(uuid4())
    for _ in range(2):
        taken_down(staff, file, form=number)

    assert file.office.count(statement) == 1


def test_after_the_decision_nobody_is_left_to_withdraw(staff: Staff, file: CaseFile) -> None:
    file.to_decided()
    page = taken_down(staff, file)

    assert page.status_code == 409
    assert "案件已经作出决定或者已经结束" in page.text
    assert "赵强是我的前妻的哥哥。" in page.text
    assert file.office.count(statement) == 0


def test_a_form_outlives_its_session(staff: Staff, file: CaseFile) -> None:
    with staff.visitor() as client:
        sent = {"csrf": "x", "form": str(uuid4()), "asked_day": str(today(file)), **SAID}
        page = client.post(f"/cases/{file.case_id}/recusals", data=sent)

    assert page.status_code == 401
    assert "赵强是我的前妻的哥哥。" in page.text


def late(staff: Staff, file: CaseFile) -> None:
    staff.back.late_recusals.run(file.office.clock.utc_ms())


def test_a_request_that_nobody_answers_in_two_working_days_is_an_alarm(
    staff: Staff, file: CaseFile
) -> None:
    """Asked on Wednesday 18 November 2026: in time until the end of Friday."""
    assert today(file) == date(2026, 11, 18)
    file.name_party()
    file.walk(TO_DECIDED[:-2])
    taken_down(staff, file)
    now = file.office.clock.utc_ms()
    midnight = now - (now + 8 * 3_600_000) % DAY_MS + 3 * DAY_MS
    file.office.clock.now_utc_ms = midnight - 1
    late(staff, file)
    with staff.signed_in("chen") as head:
        in_time = head.get("/due").text
    file.office.clock.now_utc_ms = midnight
    late(staff, file)
    late(staff, file)
    with staff.signed_in("chen") as head:
        banner = head.get("/cases").text
        alarms = head.get("/alarms").text
        due = head.get("/due").text
        csrf = {"csrf": token(head.get("/alarms")), "reason": "知道了，知道了"}
        away = head.post("/alarms/recusal-late", data=csrf)
    with staff.signed_in("root") as admin:
        admins = admin.get("/alarms").text
    with staff.signed_in("wang") as officer:
        officers = officer.get("/cases").text
    answered(staff, "chen", "refused", reason="经核实，没有关系。")
    with staff.signed_in("chen") as head:
        after = head.get("/cases").text

    assert "截至 2026-11-20" in in_time
    assert "有回避申请超过期限没有答复" in banner
    assert "有 1 件超过期限没有答复，最早的一件期限到 2026-11-21 00:00:00" in alarms
    assert 'href="/due">到待办中答复' in alarms
    assert "已超过" in due
    assert away.headers["location"] == "/alarms?fault=gone"
    assert "有 1 件超过期限没有答复" in admins
    assert "到待办中答复" not in admins
    assert "有回避申请超过期限没有答复" not in officers
    assert "有回避申请超过期限没有答复" not in after
    assert file.office.count(office_alarm) == 0
    raised = select(case_event.c.type).where(case_event.c.type.like("recusal-late%"))
    with file.office.engine.connect() as db:
        assert db.scalars(raised.order_by(case_event.c.seq)).all() == [
            "recusal-late", "recusal-late-over",
        ]  # fmt: skip


def test_the_time_runs_from_the_day_on_which_it_was_said(staff: Staff, file: CaseFile) -> None:
    file.office.clock.now_utc_ms += 5 * DAY_MS
    file.do(act(Action.REVIEW, Role.OFFICER, "li"))
    taken_down(staff, file, asked_day=str(today(file) - timedelta(days=5)))
    late(staff, file)

    assert file.office.count(office_alarm) == 1


def test_a_case_that_ended_otherwise_leaves_no_alarm(staff: Staff, file: CaseFile) -> None:
    taken_down(staff, file)
    file.office.clock.now_utc_ms += 5 * DAY_MS
    late(staff, file)
    assert file.office.count(office_alarm) == 1
    file.do(act(Action.EXPIRE, Role.SYSTEM))
    late(staff, file)

    assert file.office.count(office_alarm) == 0
