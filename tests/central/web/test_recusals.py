"""A party asks that an officer withdraw, and a head of office answers (行政处罚法 art. 43)."""

import pytest
from httpx import Response
from sqlalchemy import select

from central.cases import Action, Role, State, Unproven
from central.events import parse_payload
from central.owner_tables import statement
from central.tables import case_event
from tests.case_files import CaseFile
from tests.case_steps import TO_DECIDED, act
from tests.owners import Owner, partys, state_of
from tests.staff import Staff, token
from tests.stories import Teller
from tests.walks import Walk

WHY = "赵强是我的邻居，有矛盾。"
OFFERED = "申请执法人员回避"


def request_of(staff: Staff) -> str:
    """The id of the newest request."""
    query = select(statement.c.id).where(statement.c.kind == "recusal")
    with staff.office.engine.connect() as db:
        return str(db.scalars(query.order_by(statement.c.made_utc_ms)).all()[-1])


def answered(staff: Staff, name: str, outcome: str, person: str = "", reason: str = "") -> Response:
    """What the head's form sends; the page that it leads to."""
    with staff.signed_in(name) as client:
        case = f"/cases/{staff.case_id()}"
        chosen = staff.user(person).id if person else ""
        fields = {"outcome": outcome, "person": chosen, "reason": reason}
        csrf = token(client.get(case))
        path = f"{case}/recusals/{request_of(staff)}"
        sent = client.post(path, data={"csrf": csrf, **fields})
        return client.get(sent.headers["location"]) if sent.status_code == 303 else sent


def answers(file: CaseFile) -> list[dict[str, str]]:
    query = select(case_event.c.payload).where(case_event.c.type == "recusal-answered")
    with file.office.engine.connect() as db:
        return [parse_payload(text) for text in db.scalars(query.order_by(case_event.c.seq))]


def test_no_decision_is_made_before_the_answer_and_the_inquiry_goes_on(
    staff: Staff, file: CaseFile
) -> None:
    file.name_party()
    file.walk(TO_DECIDED[:-2])
    owner = partys(staff, file)
    with owner.inside() as client:
        asked = owner.send(client, "recusal", {"text": WHY})
        page = client.get(asked.headers["location"]).text
        again = client.get(f"{owner.path}/recusal")
        file.do(act(Action.WAIVE, Role.PARTY))  # the inquiry does not stop
        with pytest.raises(Unproven, match="every request that an officer withdraw was answered"):
            file.decide()
        answered(staff, "chen", "refused", reason="经核实，没有利害关系。")
        told = client.get(owner.path).text
        file.decide()

    assert "已收到您的回避申请" in page
    assert "正在由负责人审查" in page
    assert f">{OFFERED}</a>" not in page
    assert again.status_code == 409
    assert "理由：经核实，没有利害关系。" in told
    assert f">{OFFERED}</a>" in told
    assert state_of(file) is State.DECIDED
    assert answers(file) == [
        {
            "statement": request_of(staff),
            "outcome": "refused",
            "person": "",
            "reason": "经核实，没有利害关系。",
        }
    ]


def test_who_is_told_to_withdraw_does_nothing_more_in_the_case(
    staff: Staff, teller: Teller
) -> None:
    walk = Walk.begun(staff, teller)
    walk.to_owner()
    owner = Owner.of(staff, walk.case_id)
    with owner.inside() as client:
        owner.send(client, "recusal", {"text": WHY})
        with staff.signed_in("chen") as head:
            due = head.get("/due").text
        page = answered(staff, "chen", "granted", "zhao", "确有矛盾，应当回避。")
        told = client.get(owner.path).text
    refused = walk.try_act("zhao", "propose-filing")

    assert "等待答复的回避申请" in due
    assert "已答复，当事人可以在网页上看到。" in page.text
    assert "陈立决定：赵强回避。理由：确有矛盾，应当回避。" in page.text
    assert "已同意，有关人员不再办理本案" in told
    assert "负责人决定您回避，不能办理本案。" in walk.page("zhao").text
    assert (refused.status_code, walk.state()) == (409, State.OWNER_RESOLVED)
    walk.act("wang", "propose-filing")  # the control: another officer goes on


@pytest.mark.parametrize(
    ("outcome", "person", "reason", "told"),
    [
        ("granted", "", "应当回避。", "没有保存。请写明理由"),
        (
            "granted",
            "qian",
            "应当回避。",
            "没有保存。请写明理由",
        ),  # who serves papers judges nothing
        ("granted", "chen", "应当回避。", "请由其他负责人决定"),
        ("refused", "", "否", "没有保存。请写明理由"),
    ],
    ids=["nobody", "no judge", "themselves", "no reasons"],
)
def test_an_answer_that_is_none_leaves_the_request_waiting(
    staff: Staff, file: CaseFile, outcome: str, person: str, reason: str, told: str
) -> None:
    owner = Owner.of(staff, file.case_id)
    with owner.inside() as client:
        owner.send(client, "recusal", {"text": WHY})
    page = answered(staff, "chen", outcome, person, reason)

    assert told in page.text
    assert "等待负责人决定是否回避" in page.text
    assert answers(file) == []


def test_only_a_head_answers_and_only_once(staff: Staff, file: CaseFile) -> None:
    owner = Owner.of(staff, file.case_id)
    with owner.inside() as client:
        owner.send(client, "recusal", {"text": WHY})
    officer = answered(staff, "wang", "refused", reason="没有关系。")
    answered(staff, "chen", "refused", reason="没有关系。")
    twice = answered(staff, "chen", "granted", "zhao", "应当回避。")

    assert officer.status_code == 403
    assert "没有这个申请，或者已经答复过。" in twice.text
    assert [one["outcome"] for one in answers(file)] == ["refused"]
