"""What officers say of the vehicle that they see, and what comes of it when the register has
another one."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from central import tables
from central.cases import State
from central.events import parse_payload
from central.export import Source, export_case
from central.owner_lookup import OwnerLookup
from central.owner_tables import party
from tests.owners import Owner
from tests.registers import register_file
from tests.staff import Staff, token
from tests.stories import Teller
from tests.walks import SAW, Walk, said

DOUBT = "所见车身颜色与登记的颜色不符，号牌可能被套用（疑似套牌）。"
CHOSEN = re.compile(r'name="(?:colour|kind)" value="[a-z]+" data-key="." checked')
REASON = "行驶证已核对，车身改过颜色"


@pytest.fixture
def walk(staff: Staff, teller: Teller) -> Walk:
    return Walk.begun(staff, teller)


def send(walk: Walk, name: str = "wang", **fields: str) -> tuple[int, str]:
    with walk.staff.signed_in(name) as client:
        csrf = token(client.get("/account"))
        path = f"/review/{walk.case_id}/plate"
        answer = client.post(path, data={"csrf": csrf, **fields})
    return answer.status_code, answer.text


def typed_lines(walk: Walk) -> list[dict[str, str]]:
    event = tables.case_event
    with walk.staff.office.engine.connect() as db:
        query = select(event.c.payload).where(event.c.type == "plate-typed").order_by(event.c.seq)
        return [parse_payload(text) for text in db.scalars(query)]


def holders(walk: Walk) -> list[str]:
    with walk.staff.office.engine.connect() as db:
        return list(db.scalars(select(party.c.name).where(party.c.source == "register")))


@pytest.mark.parametrize("left_out", [{"colour": ""}, {"kind": ""}, {"colour": "mauve"}])
def test_a_plate_is_not_taken_without_the_vehicle_that_it_hangs_on(
    walk: Walk, left_out: dict[str, str]
) -> None:
    status, page = send(walk, plate="浙B12345", **{**SAW, **left_out})

    assert status == 422
    assert "请选择车身颜色和车型" in page
    assert 'value="浙B12345"' in page  # nothing typed is lost
    assert len(CHOSEN.findall(page)) == 1
    assert typed_lines(walk) == []


def test_where_nobody_can_read_the_plate_nobody_need_say_more(walk: Walk) -> None:
    status, _ = send(walk, unreadable="yes", plate="", colour="white")

    assert status == 303
    person = walk.staff.user("wang").id
    expected = {"person": person, "plate": "", "body_colour": "white", "kind": ""}
    assert typed_lines(walk) == [expected]
    with walk.staff.signed_in("wang") as client:
        assert client.get(f"/review/{walk.case_id}").status_code == 200


def test_each_officer_says_it_blind_and_alone(walk: Walk) -> None:
    walk.review("wang", "white")
    with walk.staff.signed_in("li") as client:
        before = client.get(f"/review/{walk.case_id}").text
    send(walk, "li", plate="浙B12345", colour="untold", kind="van")
    with walk.staff.signed_in("li") as client:
        after = client.get(f"/review/{walk.case_id}").text

    assert CHOSEN.findall(before) == []
    assert "您看到的车辆" not in before
    assert "不能辨认 · 面包车" in after
    assert "白色 · " not in after
    saw = [(line["body_colour"], line["kind"]) for line in typed_lines(walk)]
    assert saw == [("white", "car"), ("untold", "van")]


def test_the_reviews_record_and_the_cases_log_say_what_was_seen(walk: Walk) -> None:
    walk.review("wang", "white")
    values = walk.content("审核记录").values
    page = walk.page("zhou").text

    assert (values["seen_colour"], values["seen_kind"]) == ("白色", "小汽车")
    assert "白色 · 小汽车" in page


def test_a_contradiction_keeps_the_registers_holder_out_and_asks_people(
    walk: Walk, tmp_path: Path
) -> None:
    before = walk.page("zhao").text
    walk.to_owner(register_file(tmp_path), "white")
    page = said(walk.page("zhao"))

    assert walk.state() is State.OWNER_RESOLVED
    assert holders(walk) == []
    assert "所见车辆与登记车辆" not in before
    assert DOUBT in page
    assert "王建国所见" in page
    assert "李娜所见" in page
    assert "车身颜色 红色 白色 白色" in page
    assert "示例牌 SL7001" in page


def test_make_and_model_are_shown_only_once_both_officers_have_judged(
    walk: Walk, tmp_path: Path
) -> None:
    register = register_file(tmp_path)
    lookup = OwnerLookup(walk.staff.office.engine, register)
    pages = []
    for name in ("wang", "li"):
        with walk.staff.signed_in(name) as client:
            pages.append(client.get(f"/review/{walk.case_id}").text)
        walk.review(name)
        pages.append(walk.page("zhao").text)
        lookup.run(walk.staff.office.clock.utc_ms())
    after = walk.page("zhao").text

    assert [page for page in pages if "SL7001" in page] == []
    assert "SL7001" in after
    assert "没有矛盾" in after
    assert holders(walk) == ["张小明"]


def test_filing_and_its_approval_each_take_a_reason_that_stands_in_the_documents(
    walk: Walk, tmp_path: Path
) -> None:
    walk.to_owner(register_file(tmp_path), "white")
    with walk.staff.signed_in("wang", proved=True) as client:
        form = client.get(f"/cases/{walk.case_id}/acts/propose-filing").text
    silent = walk.try_act("wang", "propose-filing")
    short = walk.try_act("wang", "propose-filing", grounds="是")
    walk.act("wang", "propose-filing", grounds=REASON)
    proposed = walk.content("立案审批表").values["grounds"]
    unapproved = walk.try_act("chen", "file")
    walk.act("chen", "file", grounds="同意，已看过行驶证")

    assert "可能是套牌车。要继续办理，请在理由中写明" in form
    assert (silent.status_code, short.status_code, unapproved.status_code) == (422, 409, 422)
    assert "没有写明为什么仍是登记的那辆车" in said(short)
    assert proposed == REASON
    assert walk.content("立案审批表").values["grounds"] == "同意，已看过行驶证"
    assert walk.state() is State.FILED


def test_where_nothing_contradicts_nobody_is_asked_for_a_reason(walk: Walk, tmp_path: Path) -> None:
    walk.to_owner(register_file(tmp_path), "red")
    walk.act("wang", "propose-filing")
    walk.act("chen", "file")

    assert walk.state() is State.FILED


def test_a_cloned_plate_is_dismissed_by_the_head_or_by_two_officers(
    walk: Walk, tmp_path: Path
) -> None:
    walk.to_owner(register_file(tmp_path), "white")
    page = said(walk.page("chen"))
    walk.act("chen", "decline-filing", grounds="经核实为套牌车，已移交公安交管部门")

    assert "确属套牌的，由负责人不予立案，或者由两名执法人员凭证明免予处理" in page
    assert walk.state() is State.NOT_FILED


def test_two_officers_may_close_it_on_proof_as_well(walk: Walk, tmp_path: Path) -> None:
    walk.to_owner(register_file(tmp_path), "white")
    grounds = "号牌被套用，有公安机关受案回执"
    unchosen = walk.try_act("wang", "exempt", grounds=grounds)
    walk.act("wang", "exempt", exempt_reason="cloned", grounds=grounds)
    walk.sign("li")

    (told,) = walk.content("免予处理说明").text
    assert unchosen.status_code == 422
    assert walk.state() is State.EXEMPT
    assert told == (
        "经核实，该号牌被盗用或者套用，现场车辆不是登记的车辆，"
        "不作为登记车辆的违法行为处理，证明材料附卷。"
    )


@pytest.mark.parametrize("colour", ["white", "red"])
def test_the_owners_page_the_documents_and_the_packet_hold_nothing_of_the_registers_vehicle(
    walk: Walk, tmp_path: Path, colour: str
) -> None:
    walk.to_owner(register_file(tmp_path), colour)
    office = walk.staff.office
    owner = Owner.of(walk.staff, walk.case_id)
    with owner.inside() as client:
        page = client.get(owner.path).text
    packet = export_case(
        Source(office.engine, office.blobs, office.signer), walk.case_id, office.clock.utc_ms()
    )
    with zipfile.ZipFile(io.BytesIO(packet)) as files:
        log = files.read("log.jsonl").decode()
    documents = [walk.content(kind).to_json() for kind in ("审核记录", "查询记录")]

    for text in (page, log, *documents):
        assert "示例牌" not in text
        assert "SL7001" not in text
    assert "疑似套牌" not in "".join([page, *documents])
    assert colour in log  # the control: what the officers saw is there
    assert ("differs" in log) is (colour == "white")
