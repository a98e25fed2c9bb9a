"""The dashboard as a browser gets it."""

import pytest
from sqlalchemy import select

from central import tables
from central.access import Role
from central.accounts import NewUser
from central.figures import rollup
from central.figures.dashboard import Figures, Wanted
from tests.staff import HASH, Staff, token
from tests.stories import BLUE_PLATE, RED, Teller

FILE = "月份,小区,发现,处罚\n2026-11,望江花园,12,3\n".encode()


def send(staff: Staff, data: bytes, name: str = "wang") -> tuple[int, str]:
    with staff.signed_in(name) as client:
        csrf = token(client.get("/statistics"))
        files = {"file": ("a.csv", data, "text/csv")}
        answer = client.post(
            "/statistics/manual", data={"csrf": csrf}, files=files, follow_redirects=True
        )
    return answer.status_code, answer.text


def test_the_page_shows_charts_with_tables_of_the_same_numbers(
    staff: Staff, teller: Teller
) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    teller.overstay(gate, teller.arrive(gate, RED, BLUE_PLATE))
    rollup.catch_up(staff.office.engine)
    with staff.signed_in() as client:
        page = client.get("/statistics")

    assert page.status_code == 200
    assert page.text.count('<figure class="chart') == 4
    assert "<title>2026-11 · 已提醒: 1</title>" in page.text
    assert '<th scope="row">望江花园</th>' in page.text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=2026-13", "月份要写成 2026-11 的样子"),
        ("from=2026-12&until=2026-11", "截止月份不能早于起始月份"),
        ("from=2000-01&until=2026-11", "一次最多查看 60 个月"),
    ],
)
def test_a_faulty_period_gets_a_sentence_and_a_page(
    staff: Staff, query: str, sentence: str
) -> None:
    with staff.signed_in() as client:
        page = client.get(f"/statistics?{query}")

    assert page.status_code == 422
    assert sentence in page.text


def test_an_officer_brings_in_figures_of_enforcement_on_foot_and_the_log_tells(
    staff: Staff,
) -> None:
    assert "已导入 1 行" in send(staff, FILE)[1]
    send(staff, FILE.replace(b"12,3", b"9,4"))

    shown = Figures(staff.office.engine).dashboard(Wanted("2026-11", "2026-11"))
    assert (shown.total.manual_found, shown.total.manual_fined) == (9, 4)
    with staff.office.engine.connect() as db:
        lines = db.execute(select(tables.case_event)).all()
    assert [(line.type, line.actor) for line in lines] == [
        ("manual-figures", staff.user("wang").id)
    ] * 2


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        (b"a,b\n", 422, "第一行应当是“月份,小区,发现,处罚”"),
        (b"", 422, "第一行应当是“月份,小区,发现,处罚”"),
        (b"x" * 300_000, 413, ""),
    ],
)
def test_a_file_that_is_none_is_refused_and_nothing_of_it_kept(
    staff: Staff, data: bytes, status: int, sentence: str
) -> None:
    got, page = send(staff, data)

    assert got == status
    assert sentence in page
    assert not Figures(staff.office.engine).dashboard(Wanted("2026-11", "2026-11")).sites


def test_a_form_from_elsewhere_brings_nothing_in(staff: Staff) -> None:
    with staff.signed_in() as client:
        answer = client.post(
            "/statistics/manual", data={"csrf": "x"}, files={"file": ("a.csv", FILE)}
        )

    assert answer.status_code == 403


def test_a_visit_to_a_conspicuous_place_is_kept_with_its_finding(staff: Staff) -> None:
    fields = {"device": "gate-1", "camera": "cam-1", "month": "2026-11"}
    found = {"visited_on": "2026-11-20", "finding": "bay-in-lane", "note": "两个车位"}
    with staff.signed_in() as client:
        csrf = token(client.get("/statistics"))
        done = client.post("/statistics/visits", data={"csrf": csrf, **fields, **found})
        bad = client.post(
            "/statistics/visits", data={"csrf": csrf, **fields, **found, "finding": "guilty"}
        )

    kept = Figures(staff.office.engine).dashboard(Wanted("2026-11", "2026-11")).visits
    assert (done.status_code, bad.status_code) == (303, 400)
    assert [(one.finding, one.visited_on, one.by) for one in kept] == [
        ("bay-in-lane", "2026-11-20", staff.user("wang").id)
    ]


@pytest.mark.parametrize("role", Role)
def test_each_role_sees_the_figures_that_its_office_needs(staff: Staff, role: Role) -> None:
    staff.accounts.add_user(NewUser("someone", "", HASH, role), staff.office.clock.utc_ms())
    with staff.signed_in("someone") as client:
        paths = ("/statistics", "/statistics.csv", "/statistics.xlsx")
        got = {client.get(path).status_code for path in paths}

    assert got == ({403} if role in (Role.ADMIN, Role.SCREENER) else {200})
