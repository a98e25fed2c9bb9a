"""Case list, case page, evidence and fleet, as a browser gets them."""

import io
import json
import re
import socket
import zipfile
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from central import tables
from central.access import Role
from central.accounts import NewUser
from central.firelane_verify import verify
from tests.staff import HASH, Staff
from tests.stories import BLUE_PLATE, GREEN, GREEN_PLATE, RED, UNSYNCED, Teller

NOBODYS = "3a1f0c52-7f1e-4d0b-9a58-2f6f8f6f7b10"
"""An id that nothing has; fixed, so that parallel runs collect the same tests."""


def test_an_empty_office_says_that_cases_will_come_by_themselves(staff: Staff) -> None:
    with staff.signed_in() as client:
        page = client.get("/cases")

    assert "还没有案件" in page.text
    assert "无需刷新" in page.text


def test_a_filter_that_matches_nothing_says_so(staff: Staff, teller: Teller) -> None:
    teller.arrive(teller.device("gate-1", "望江花园", 1))
    with staff.signed_in() as client:
        page = client.get("/cases", params={"plate": "浙B99999"})

    assert "没有符合条件的案件" in page.text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, ["2026-000002", "2026-000001"]),
        ({"state": "overstayed"}, ["2026-000001"]),
        ({"site": "翠屏山庄"}, ["2026-000002"]),
        ({"device": "gate-1"}, ["2026-000001"]),
        ({"plate": "b·123"}, ["2026-000001"]),
        ({"plate": "浙B?2*"}, ["2026-000001"]),
        ({"plate": "B?2*"}, []),
        ({"plate": "浙b·?????"}, ["2026-000001"]),
        ({"plate": "？*6"}, ["2026-000002"]),
        ({"text": "000002"}, ["2026-000002"]),
        ({"text": "翠屏 hill? cam"}, []),
        ({"text": "cam 翠屏 浙b*06"}, ["2026-000002"]),
        ({"text": "_"}, []),
        ({"from": "2026-11-18", "until": "2026-11-18"}, ["2026-000002", "2026-000001"]),
        ({"from": "2026-11-19"}, []),
        ({"text": "%"}, []),
    ],
)
def test_each_filter_keeps_the_cases_that_it_names(
    staff: Staff, teller: Teller, query: dict[str, str], numbers: list[str]
) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    teller.overstay(gate, teller.arrive(gate, RED, BLUE_PLATE))
    staff.office.clock.now_utc_ms += 1000
    teller.arrive(teller.device("hill-3", "翠屏山庄", 2), GREEN, GREEN_PLATE)
    with staff.signed_in() as client:
        page = client.get("/cases", params=query)

    assert re.findall(r">(2026-\d{6})</a>", page.text) == numbers
    assert f"共 {len(numbers)} 件" in page.text


def test_connections_do_not_hold_an_answers_last_part_back(staff: Staff) -> None:
    assert staff.listening is not None
    assert staff.listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_a_long_list_is_cut_into_pages(staff: Staff, teller: Teller) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    for _ in range(26):
        teller.deliver(gate.arrival([]))
    with staff.signed_in() as client:
        first = client.get("/cases?device=gate-1")
        second = client.get("/cases?device=gate-1&page=2")
        beyond = client.get("/cases?device=gate-1&page=9")

    assert len(re.findall(r"<tr id=", first.text)) == 25
    assert 'href="/cases?device=gate-1&amp;page=2"' in first.text
    assert len(re.findall(r"<tr id=", second.text)) == 1
    assert "没有符合条件的案件" in beyond.text


def test_a_faulty_query_gets_a_sentence_for_each_field(staff: Staff) -> None:
    with staff.signed_in() as client:
        page = client.get("/cases?plate=!!!&from=2026-13-01&page=0")

    assert page.status_code == 422
    assert "车牌: 车牌只能包含汉字、字母和数字，最多 10 个，输入的是“!!!”" in page.text
    assert "起始日期: 日期要写成 2026-01-31 的样子，输入的是“2026-13-01”" in page.text
    assert "页码: 页码要在 1 到 100000 之间，输入的是“0”" in page.text


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(("state", "site", "device", "plate", "text", "from", "until", "page", "x")),
        st.binary(max_size=60),
    )
)
def test_no_query_breaks_the_list(staff: Staff, fields: dict[str, bytes]) -> None:
    query = "&".join(f"{name}={quote(value)}" for name, value in fields.items())
    with staff.signed_in() as client:
        page = client.get(f"/cases?{query}")

    assert page.status_code in (200, 422)


def test_what_a_device_or_a_person_wrote_is_never_taken_for_html(
    staff: Staff, teller: Teller
) -> None:
    gate = teller.device("gate-1", "<script>alert(1)</script>", 1, "<img src=x onerror=alert(1)>")
    teller.arrive(gate)
    evil = "\"'><script>alert(2)</script>"
    with staff.signed_in() as client:
        pages = [
            client.get("/cases", params={"text": evil, "plate": evil, "site": evil}),
            client.get("/cases", params={"text": evil}),
            client.get(f"/cases/{staff.case_id()}"),
            client.get("/fleet"),
            client.get("/sign-in", params={"next": evil}),
        ]

    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
    assert "&lt;script&gt;alert(1)" in pages[2].text


def test_the_case_page_tells_the_stay_in_plain_words(staff: Staff, teller: Teller) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    teller.overstay(gate, teller.arrive(gate, RED, BLUE_PLATE))
    with staff.signed_in() as client:
        page = client.get(f"/cases/{staff.case_id()}")

    assert (
        "2026-11-18 19:06:40起，一辆小汽车（浙B12345）停在望江花园的消防通道 lane-1 内"
        "（摄像机 cam-1），已看到停留 17 分 1 秒。期间有 2 段共 1 分 18 秒未能观察。"
        "车主于 2026-11-18 19:08:38 收到提醒，应在 2026-11-18 19:23:38 前驶离，"
        "最后一次看到时已超过期限 3 秒。"
    ) in page.text


def test_the_case_page_shows_every_image_once(staff: Staff, teller: Teller) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    arrival = teller.arrive(gate)
    late = teller.overstay(gate, arrival)
    with staff.signed_in() as client:
        page = client.get(f"/cases/{staff.case_id()}")
        shown = re.findall(r'<img src="/exhibits/([0-9a-f]{64})"', page.text)
        image = client.get(f"/exhibits/{shown[0]}")

    assert sorted(shown) == sorted([*arrival.exhibits, *late.exhibits])
    assert image.content == arrival.exhibits[shown[0]]
    assert image.headers["content-type"] == "image/jpeg"


def test_a_check_that_could_not_be_made_is_shown_with_its_reason(
    staff: Staff, teller: Teller
) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    teller.overstay(gate, teller.arrive(gate), clock=UNSYNCED)
    with staff.signed_in() as client:
        page = client.get(f"/cases/{staff.case_id()}")

    assert "2 项需要人工判断" in page.text
    assert "设备时钟未与标准时间同步" in page.text


def test_an_image_that_was_changed_on_the_disk_is_shown_as_failed(
    staff: Staff, teller: Teller
) -> None:
    packet = teller.arrive(teller.device("gate-1", "望江花园", 1))
    path = staff.office.blobs.path(next(iter(packet.exhibits)))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with staff.signed_in() as client:
        case_id = staff.case_id()
        page = client.get(f"/cases/{case_id}")
        export = client.get(f"/cases/{case_id}/packet.zip")

    assert "1 项核验未通过" in page.text
    assert "图片与记录的哈希不符" in page.text
    assert export.status_code == 500
    assert "不能作为证据使用" in export.text


def test_opening_a_case_is_logged_but_renewing_it_is_not(staff: Staff, teller: Teller) -> None:
    teller.arrive(teller.device("gate-1", "望江花园", 1))
    case_id = staff.case_id()
    with staff.signed_in() as client:
        client.get(f"/cases/{case_id}")
        client.get(f"/cases/{case_id}", headers={"x-firelane-live": "1"})

    with staff.office.engine.connect() as db:
        rows = db.execute(select(tables.access_log)).all()
    assert [(row.user_id, row.action, row.case_id) for row in rows] == [
        (staff.user("wang").id, "case opened", case_id)
    ]


@pytest.mark.parametrize(
    "name", ["1", "nothing", NOBODYS, NOBODYS.upper(), "%00", "..%2F..%2Fetc%2Fpasswd"]
)
@pytest.mark.parametrize(
    "kind", ["/cases/{}", "/cases/{}/packet.zip", "/records/{}", "/exhibits/{}"]
)
def test_what_is_not_there_is_not_found(staff: Staff, kind: str, name: str) -> None:
    with staff.signed_in() as client:
        page = client.get(kind.format(name))

    assert page.status_code == 404
    assert "没有这个页面" in page.text


def test_an_image_is_kept_by_the_browser_and_not_sent_twice(staff: Staff, teller: Teller) -> None:
    packet = teller.arrive(teller.device("gate-1", "望江花园", 1))
    sha256 = next(iter(packet.exhibits))
    with staff.signed_in() as client:
        first = client.get(f"/exhibits/{sha256}")
        again = client.get(f"/exhibits/{sha256}", headers={"if-none-match": first.headers["etag"]})

    assert first.headers["cache-control"] == "private, max-age=86400, immutable"
    assert first.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (again.status_code, again.content) == (304, b"")


def test_the_raw_record_is_the_bytes_that_the_device_signed(staff: Staff, teller: Teller) -> None:
    packet = teller.arrive(teller.device("gate-1", "望江花园", 1))
    with staff.signed_in() as client:
        answer = client.get(f"/records/{packet.record.record_id}")

    assert answer.content == packet.envelope
    assert "attachment" in answer.headers["content-disposition"]


def test_the_exported_packet_passes_the_verifier(staff: Staff, teller: Teller) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    teller.overstay(gate, teller.arrive(gate))
    with staff.signed_in() as client:
        answer = client.get(f"/cases/{staff.case_id()}/packet.zip")

    assert answer.headers["content-disposition"].endswith("2026-000001.zip")
    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    assert verify(answer.content).passed


ROUTES = {
    "/cases": Role.FINANCE,
    "/cases/{case}": Role.FINANCE,
    "/exhibits/{image}": Role.OFFICER,
    "/records/{record}": Role.OFFICER,
    "/cases/{case}/packet.zip": Role.AUDITOR,
    "/fleet": Role.ADMIN,
    "/sharing": Role.AUDITOR,
    "/users": Role.ADMIN,
    "/account": Role.FINANCE,
}
MAY = {
    "/cases": set(Role) - {Role.ADMIN},
    "/cases/{case}": set(Role) - {Role.ADMIN},
    "/exhibits/{image}": set(Role) - {Role.ADMIN, Role.FINANCE},
    "/records/{record}": set(Role) - {Role.ADMIN, Role.FINANCE},
    "/cases/{case}/packet.zip": {Role.OFFICER, Role.HEAD, Role.LEGAL, Role.AUDITOR},
    "/fleet": set(Role) - {Role.FINANCE},
    "/sharing": {Role.AUDITOR, Role.HEAD},
    "/users": {Role.ADMIN},
    "/account": set(Role),
}


@pytest.mark.parametrize("role", [None, *Role])
def test_each_route_opens_for_its_roles_and_nobody_else(
    staff: Staff, teller: Teller, role: Role | None
) -> None:
    packet = teller.arrive(teller.device("gate-1", "望江花园", 1))
    names = {
        "case": staff.case_id(),
        "image": next(iter(packet.exhibits)),
        "record": packet.record.record_id,
    }
    now = staff.office.clock.utc_ms()
    with staff.visitor() as client:
        if role:
            staff.accounts.add_user(NewUser("someone", "", HASH, role), now)
            client.cookies.set("firelane", staff.session("someone"))
        got = {route: client.get(route.format(**names)).status_code for route in MAY}

    if role is None:
        assert got == dict.fromkeys(MAY, 303)
    else:
        assert got == {route: 200 if role in may else 403 for route, may in MAY.items()}


def test_finance_sees_the_case_without_pictures(staff: Staff, teller: Teller) -> None:
    teller.arrive(teller.device("gate-1", "望江花园", 1))
    with staff.signed_in("zhou") as client:
        pages = client.get("/cases").text + client.get(f"/cases/{staff.case_id()}").text

    assert "/exhibits/" not in pages
    assert "/records/" not in pages


def test_every_page_forbids_foreign_scripts_and_frames(staff: Staff) -> None:
    with staff.visitor() as client:
        answers = [client.get(path) for path in ("/sign-in", "/nothing", "/static/x/app.css")]

    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_pages_hold_no_inline_script_or_style(staff: Staff, teller: Teller) -> None:
    teller.demo()
    with staff.signed_in() as client:
        pages = [
            client.get(path).text for path in ("/cases", f"/cases/{staff.case_id()}", "/fleet")
        ]

    for page in pages:
        assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
        assert re.findall(r"\sstyle=|\son[a-z]+=|javascript:", page) == []


def test_pages_are_not_kept_but_scripts_and_styles_are(staff: Staff) -> None:
    with staff.signed_in() as client:
        page = client.get("/cases")
        sheets = [client.get(path) for path in set(re.findall(r"/static/[^\"]+", page.text))]

    assert page.headers["cache-control"] == "no-store"
    assert len(sheets) >= 4
    assert {sheet.status_code for sheet in sheets} == {200}
    assert {sheet.headers["cache-control"] for sheet in sheets} == {
        "public, max-age=31536000, immutable"
    }


def test_a_static_file_is_found_by_its_name_only(staff: Staff) -> None:
    with staff.visitor() as client:
        answers = [
            client.get(path)
            for path in ("/static/x/..%2Fapp.py", "/static/x/%2Fetc%2Fpasswd", "/static/x/none.js")
        ]

    assert {answer.status_code for answer in answers} == {404}


def test_scripts_are_told_json_free_errors_in_the_page_language(staff: Staff) -> None:
    with staff.visitor() as client:
        page = client.get("/nothing", headers={"cookie": "firelane_language=en"})

    assert "There is no such page" in page.text
    with pytest.raises(json.JSONDecodeError):
        page.json()
