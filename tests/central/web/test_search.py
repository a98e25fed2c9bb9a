"""Searching the archive: words of files, plates that look alike, filters that people keep."""

import re
from uuid import UUID

import pytest
from httpx import Client
from sqlalchemy import select

from central import full_text, plates, tables
from central.access import Role
from central.accounts import NewUser
from central.following import start_over
from central.office_tables import case_text
from tests.case_files import CaseFile, add_pack
from tests.device import SimulatedDevice
from tests.staff import HASH, Staff, token
from tests.stories import BLUE_PLATE, RED, Teller, read


def person(staff: Staff, name: str, role: Role) -> None:
    staff.accounts.add_user(NewUser(name, "", HASH, role), staff.office.clock.utc_ms())


def numbers(client: Client, **query: str) -> list[str]:
    return re.findall(r">(2026-\d{6})</a>", client.get("/cases", params=query).text)


@pytest.fixture
def decided(staff: Staff) -> CaseFile:
    """A case whose documents name 张小明, beside one that has none."""
    office = staff.office
    add_pack(office)
    device = office.register(SimulatedDevice())
    file = CaseFile.opened(office, device)
    file.to_decided()
    office.deliver(device.arrival(shots=[]))
    full_text.catch_up(office.engine)
    return file


def test_what_documents_say_is_found_where_it_is_asked_for(staff: Staff, decided: CaseFile) -> None:
    with staff.signed_in() as client:
        without = numbers(client, text="张小明")
        found = numbers(client, text="张小明 2026-000001", files="1")
        partly = numbers(client, text="小明 13800000000", files="1")
        none = numbers(client, text="李四", files="1")

    assert (without, found, partly, none) == ([], ["2026-000001"], ["2026-000001"], [])


def test_each_role_finds_only_in_what_it_may_read(staff: Staff, decided: CaseFile) -> None:
    with staff.office.engine.begin() as db:
        row = {"case_id": decided.case_id, "kind": "statement", "text": "救护车堵在门口"}
        db.execute(case_text.insert().values(row))
    found = {}
    for role in set(Role) - {Role.ADMIN}:
        person(staff, role.value, role)
        with staff.signed_in(role.value) as client:
            asked = {"document": "张小明", "statement": "救护车"}
            found[role] = {kind for kind, text in asked.items()
                           if numbers(client, text=text, files="1")}  # fmt: skip

    both, documents = {"document", "statement"}, {"document"}
    assert found == {
        Role.SCREENER: set(),
        Role.OFFICER: both,
        Role.HEAD: both,
        Role.LEGAL: both,
        Role.SERVICE: documents,
        Role.FINANCE: documents,
        Role.AUDITOR: both,
    }


def test_looking_through_files_is_a_look_and_is_logged(staff: Staff, decided: CaseFile) -> None:
    with staff.signed_in() as client:
        numbers(client, text="张小明")
        numbers(client, text="张小明", files="1")

    with staff.office.engine.connect() as db:
        rows = db.execute(select(tables.access_log)).all()
    assert [(row.action, row.subject) for row in rows] == [("files searched", "张小明")]


@pytest.mark.parametrize(
    ("plate", "some", "never"),
    [
        ("浙B12345", "浙812345", "浙B12346"),
        ("浙B12345", "浙BL2345", "浙C12345"),
        ("浙BD52106", "浙B052106", "浙BE52106"),
    ],
)
def test_a_plate_is_taken_for_those_that_differ_in_look_alikes_only(
    plate: str, some: str, never: str
) -> None:
    found = plates.taken_for(plate)

    assert some in found
    assert never not in found
    assert plate not in found
    assert found == sorted(set(found))
    assert found == plates.alike(plate, found)


def test_what_is_no_plate_is_taken_for_none() -> None:
    assert plates.taken_for("B123") == []


def test_a_plate_with_very_many_look_alikes_offers_the_nearest_ones() -> None:
    found = plates.taken_for("浙B88888", most=8)

    assert "浙B8888B" in found
    assert "浙BBB888" not in found


def test_the_search_for_a_plate_offers_those_that_look_like_it(
    staff: Staff, teller: Teller
) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    teller.arrive(gate, RED, BLUE_PLATE)
    for _ in range(2):
        teller.arrive(gate, RED, read("浙BL2345", "blue", [990] * 7))
    teller.arrive(gate, RED, read("浙C99999", "blue", [990] * 7))
    with staff.signed_in() as client:
        page = client.get("/cases", params={"plate": "浙B12345"})
        part = client.get("/cases", params={"plate": "B123"})

    assert re.findall(r">(\S+ \(\d\))</a>", page.text) == ["浙BL2345 (2)"]
    assert "易混淆的车牌" not in part.text


def save(client: Client, name: str, query: str, **fields: str) -> str:
    csrf = token(client.get("/cases"))
    sent = {"csrf": csrf, "name": name, "query": query, **fields}
    return client.post("/filters", data=sent, follow_redirects=True).text


def links(client: Client) -> list[str]:
    return re.findall(r'<span class="saved-one"><a href="([^"]*)"', client.get("/cases").text)


def test_a_filter_is_kept_and_one_of_the_same_name_replaces_it(staff: Staff) -> None:
    with staff.signed_in() as client:
        save(client, "江边", "site=望江花园&page=3&evil=1")
        first = links(client)
        save(client, "江边", "state=payable")
        second = links(client)

    assert first == ["/cases?site=%E6%9C%9B%E6%B1%9F%E8%8A%B1%E5%9B%AD"]
    assert second == ["/cases?state=payable"]


@pytest.mark.parametrize(
    ("name", "query", "sentence"),
    [
        ("", "state=payable", "名称应为 1 至 40 个字"),
        ("leer", "", "请先设置至少一个有效条件"),
        ("leer", "page=2&files=1", "请先设置至少一个有效条件"),
        ("falsch", "from=2026-13-01", "请先设置至少一个有效条件"),
    ],
)
def test_a_filter_that_is_none_is_not_kept(
    staff: Staff, name: str, query: str, sentence: str
) -> None:
    with staff.signed_in() as client:
        page = save(client, name, query)

        assert sentence in page
        assert links(client) == []


def test_a_shared_filter_is_seen_by_the_same_role_only(staff: Staff) -> None:
    with staff.signed_in("wang") as client:
        save(client, "未缴", "state=payable", shared="yes")
        save(client, "我的", "state=decided")
    person(staff, "tang", Role.HEAD)
    seen = {}
    for name in ("wang", "li", "tang", "zhou"):
        with staff.signed_in(name) as client:
            seen[name] = links(client)

    both = ["/cases?state=decided", "/cases?state=payable"]
    assert sorted(seen.pop("wang")) == both
    assert seen == {"li": ["/cases?state=payable"], "tang": [], "zhou": []}


@pytest.mark.parametrize("act", ["share", "delete"])
def test_nobody_changes_the_filter_of_another(staff: Staff, act: str) -> None:
    with staff.signed_in("wang") as client:
        save(client, "未缴", "state=payable", shared="yes")
        page = client.get("/cases").text
        path = re.findall(rf'action="(/filters/[^"]*/{act})"', page)[0]
        mine = token(client.get("/cases"))
        with staff.signed_in("li") as other:
            csrf = token(other.get("/cases"))
            refused = other.post(path, data={"csrf": csrf, "shared": "no"})
        kept = links(client)
        client.post(path, data={"csrf": mine, "shared": "no"})
        after = links(client)

    assert refused.status_code == 404
    assert kept == ["/cases?state=payable"]
    assert after == (kept if act == "share" else [])


def test_full_text_made_from_nothing_is_the_same(staff: Staff, decided: CaseFile) -> None:
    def rows() -> list[tuple[UUID, str, str]]:
        with staff.office.engine.connect() as db:
            query = select(case_text).order_by(case_text.c.case_id, case_text.c.kind)
            return [(row.case_id, row.kind, row.text) for row in db.execute(query)]

    kept = rows()
    with staff.office.engine.begin() as db:
        db.execute(case_text.delete())
        start_over(db, full_text.NAME)
    full_text.catch_up(staff.office.engine)

    assert rows() == kept != []
