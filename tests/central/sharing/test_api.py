"""What other departments may ask for, and that everything they take is written down."""

import io
import zipfile
from datetime import timedelta

import pytest
from httpx import Client

from central.access import Role
from central.accounts import NewUser
from central.calendar import local_date
from central.documents.wording import CHINA
from central.oversight import Wanted
from central.sharing import MOST_A_MINUTE, Scope
from tests.central.sharing.conftest import Town
from tests.device import BEGAN_UTC_MS
from tests.office import NOW
from tests.staff import HASH
from tests.stories import BLUE_PLATE, RED

PURPOSE = {"purpose": "投诉核查"}


def one_case(town: Town) -> str:
    device = town.teller.device("box-1", "望江花园", 1)
    town.teller.arrive(device, RED, BLUE_PLATE)
    return "2026-000001"


def fine(**fields: object) -> dict[str, object]:
    return {
        "plate": "浙B12345",
        "colour": "blue",
        "begin_utc_ms": 1_000_000,
        "lasting_ms": 60_000,
        "place": "中山路",
        **fields,
    }


def asked(client: Client, begin: int = 1_000_000, colour: str = "blue") -> list[str]:
    standing = {"plate": "浙B12345", "colour": colour, "begin_utc_ms": begin, "lasting_ms": 0}
    answer = client.post("/fined", json=standing, params=PURPOSE)
    assert answer.status_code == 200
    return [one["reference"] for one in answer.json()["fines"]]


def test_without_a_key_nothing_is_told(town: Town) -> None:
    with Client(base_url=town.staff.address) as client:
        answer = client.get("/api/v1/cases")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "title": "no valid key",
        "status": 401,
        "detail": "send the department's key: Authorization: Bearer firelane_…",
    }


def test_a_key_that_was_switched_off_opens_nothing_more(town: Town) -> None:
    with town.asking() as client:
        assert client.get("/cases").status_code == 200
        town.departments.switch("police", active=False)
        assert client.get("/cases").status_code == 401


def test_cases_come_in_the_order_of_their_last_change(town: Town) -> None:
    first = town.teller.device("box-1", "望江花园", 1)
    second = town.teller.device("box-2", "北岸家园", 2)
    early = town.teller.arrive(first, RED)
    town.teller.arrive(second, RED)
    with town.asking() as client:
        both = client.get("/cases", params={"limit": 1}).json()
        rest = client.get("/cases", params={"changed_after": both["next"]}).json()
        town.teller.depart(first, early)
        changed = client.get("/cases", params={"changed_after": rest["cases"][-1]["changed_seq"]})

    assert [one["number"] for one in both["cases"]] == ["2026-000001"]
    assert [one["number"] for one in rest["cases"]] == ["2026-000002"]
    assert rest["next"] is None
    assert [one["number"] for one in changed.json()["cases"]] == ["2026-000001"]


def test_a_plate_is_told_to_those_only_who_may_see_plates(town: Town) -> None:
    number = one_case(town)
    with town.asking("data", (Scope.CASES,)) as client:
        hidden = client.get(f"/cases/{number}", params=PURPOSE).json()["case"]
    with town.asking("police", (Scope.CASES, Scope.PLATES)) as client:
        shown = client.get(f"/cases/{number}", params=PURPOSE).json()["case"]

    assert (hidden["plate"], hidden["plate_colour"]) == (None, None)
    assert (shown["plate"], shown["plate_colour"]) == ("浙B12345", "blue")


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("GET", "/cases", Scope.CASES),
        ("GET", "/cases/2026-000001?purpose=test", Scope.CASES),
        ("GET", "/cases/2026-000001/packet.zip?purpose=test", Scope.EVIDENCE),
        ("POST", "/fined?purpose=test", Scope.ASK_FINES),
        ("PUT", "/fines/A-1", Scope.REPORT_FINES),
        ("DELETE", "/fines/A-1", Scope.REPORT_FINES),
        ("GET", "/statistics?opened_from_utc_ms=0&opened_until_utc_ms=1", Scope.STATISTICS),
    ],
)
def test_each_request_needs_its_own_scope(
    town: Town, method: str, path: str, needed: Scope
) -> None:
    one_case(town)
    others = tuple(scope for scope in Scope if scope is not needed)
    body = fine() if method == "PUT" else {k: v for k, v in fine().items() if k != "place"}
    json = body if method in ("PUT", "POST") else None
    with town.asking("nearly", others) as client:
        refused = client.request(method, path, json=json)
    with town.asking("exactly", (needed,)) as client:
        allowed = client.request(method, path, json=json)

    assert refused.status_code == 403
    assert refused.json()["detail"].startswith(f"this needs the scope '{needed}'")
    assert allowed.status_code in (200, 204, 404)
    assert (allowed.status_code == 404) == (method == "DELETE")


def test_a_packet_taken_through_the_api_is_a_whole_packet(town: Town) -> None:
    number = one_case(town)
    with town.asking() as client:
        answer = client.get(f"/cases/{number}/packet.zip", params=PURPOSE)

    assert "MANIFEST.dsse" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()


def test_one_act_that_another_department_fined_is_found(town: Town) -> None:
    with town.asking("traffic") as traffic, town.asking("police") as police:
        assert traffic.put("/fines/T-7", json=fine()).status_code == 204
        assert asked(police) == ["T-7"]
        assert asked(police, begin=1_060_000) == ["T-7"]
        assert asked(police, begin=1_060_001) == []
        assert asked(police, begin=999_999) == []
        assert asked(police, colour="yellow") == []
        assert traffic.delete("/fines/T-7").status_code == 204
        assert asked(police) == []


def test_a_fine_told_twice_is_one_fine_and_other_content_is_refused(town: Town) -> None:
    with town.asking() as client:
        assert client.put("/fines/T-7", json=fine()).status_code == 204
        assert client.put("/fines/T-7", json=fine()).status_code == 204
        other = client.put("/fines/T-7", json=fine(place="解放路"))
        found = asked(client)

    assert other.status_code == 409
    assert found == ["T-7"]


def test_nobody_withdraws_a_fine_of_another_department(town: Town) -> None:
    with town.asking("traffic") as traffic, town.asking("police") as police:
        traffic.put("/fines/T-7", json=fine())
        assert police.delete("/fines/T-7").status_code == 404
        assert asked(police) == ["T-7"]


def test_every_taking_is_written_down_with_its_purpose(town: Town) -> None:
    number = one_case(town)
    with town.asking() as client:
        client.get(f"/cases/{number}", params={"purpose": "复议\x00案件"})
        client.get(f"/cases/{number}/packet.zip", params=PURPOSE)
    taken = [one.taking for one in town.departments.taken()]

    assert [(one.department, one.what, one.subject, one.purpose) for one in taken] == [
        ("police", "packet", number, "投诉核查"),
        ("police", "case", number, "复议案件"),
    ]
    assert taken[0].case_id == town.staff.case_id()


def test_a_request_without_a_purpose_is_refused(town: Town) -> None:
    number = one_case(town)
    with town.asking() as client:
        answer = client.get(f"/cases/{number}")

    assert answer.status_code == 422
    assert answer.json()["detail"] == "query.purpose: Field required"


def test_too_many_requests_in_a_minute_have_to_wait(town: Town) -> None:
    with town.asking() as client:
        answers = [client.get("/cases").status_code for _ in range(MOST_A_MINUTE + 1)]
        town.staff.office.clock.now_utc_ms += 60_001
        later = client.get("/cases").status_code

    assert answers == [200] * MOST_A_MINUTE + [429]
    assert later == 200


def test_a_body_that_never_ends_is_cut_off(town: Town) -> None:
    with town.asking() as client:
        answer = client.put("/fines/T-7", content=(b" " * 1024 for _ in range(64)))

    assert answer.status_code == 413


def test_statistics_count_cases_by_site_and_state(town: Town) -> None:
    one_case(town)
    opened = {"opened_from_utc_ms": 0, "opened_until_utc_ms": 4_000_000_000_000}
    with town.asking() as client:
        sites = client.get("/statistics", params=opened).json()["sites"]
        before = client.get("/statistics", params={**opened, "opened_until_utc_ms": BEGAN_UTC_MS})

    assert [(one["site"], one["cases"], sum(one["states"].values())) for one in sites] == [
        ("望江花园", 1, 1)
    ]
    assert before.json()["sites"] == []


def test_the_auditor_sees_who_took_what(town: Town) -> None:
    number = one_case(town)
    with town.asking("traffic", (Scope.CASES,)) as client:
        client.get(f"/cases/{number}", params=PURPOSE)
    town.staff.accounts.add_user(NewUser("he", "何审计", HASH, Role.AUDITOR), NOW)
    with town.staff.signed_in("he") as client:
        page = client.get("/sharing").text

    assert number in page
    assert "投诉核查" in page
    assert "traffic" in page


def taken_of(csv: str) -> list[str]:
    """The department and the kind of each line."""
    assert csv.startswith("\ufeff时间,部门,内容,对象,用途")
    return [" ".join(line.split(",")[1:3]) for line in csv.splitlines()[1:]]


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("", ["police 统计", "traffic 案件", "traffic 案件列表"]),
        ("department=traffic", ["traffic 案件", "traffic 案件列表"]),
        ("what=case", ["traffic 案件"]),
        ("department=police&what=case", []),
        ("until={yesterday}", []),
        ("from={today}&until={today}", ["police 统计", "traffic 案件", "traffic 案件列表"]),
        ("department=nobody&from=x", ["police 统计", "traffic 案件", "traffic 案件列表"]),
    ],
    ids=["all", "department", "kind", "both", "days before", "today", "unreadable"],
)
def test_the_auditor_filters_what_was_taken_and_exports_it(
    town: Town, query: str, lines: list[str]
) -> None:
    number = one_case(town)
    with town.asking("traffic") as client:
        client.get("/cases", params=PURPOSE)
        client.get(f"/cases/{number}", params={"purpose": "=1+1"})
    with town.asking("police") as client:
        opened = {"opened_from_utc_ms": BEGAN_UTC_MS, "opened_until_utc_ms": NOW}
        client.get("/statistics", params=opened)
    today = local_date(NOW, CHINA)
    query = query.format(today=today, yesterday=today - timedelta(days=1))
    town.staff.accounts.add_user(NewUser("he", "何审计", HASH, Role.AUDITOR), NOW)
    with town.staff.signed_in("he") as client:
        page = client.get(f"/sharing?{query}").text
        file = client.get(f"/sharing.csv?{query}")

    assert taken_of(file.text) == lines
    assert page.count("<td><code>traffic</code></td>") == sum("traffic" in one for one in lines)
    assert ",=1+1" not in file.text
    looks = town.staff.back.audit.looks(Wanted(0, NOW + 1))
    assert [one.what for one in looks] == ["sharing exported"]


def test_the_file_of_what_was_taken_is_the_auditors_and_the_heads(town: Town) -> None:
    with town.staff.signed_in("wang") as officer, town.staff.signed_in("chen") as head:
        assert officer.get("/sharing.csv").status_code == 403
        assert head.get("/sharing.csv").status_code == 200
