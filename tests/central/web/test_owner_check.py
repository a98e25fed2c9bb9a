"""The door of the owner's page: what stands behind a link, and who comes in."""

import logging

import pytest
from sqlalchemy import select, update

from central import tables
from central.owner.entry import IDLE_MS, TRIES_IN_A_ROW
from central.owner_links import LIFE_MS, MOST_FAILURES
from central.owner_tables import owner_check, owner_link, owner_session
from tests.owners import Owner
from tests.staff import Staff, token
from tests.stories import BLUE_PLATE, RED, Teller


@pytest.fixture
def owner(staff: Staff, teller: Teller) -> Owner:
    teller.arrive(teller.device("gate-1", "望江花园", 1), RED, BLUE_PLATE)
    return Owner.of(staff, staff.case_id())


def test_before_the_check_the_page_shows_nothing_of_the_case(owner: Owner) -> None:
    with owner.browser() as client:
        page = client.get(owner.path)

    assert page.status_code == 200
    assert "请先核对" in page.text
    for told in ("浙B12345", "B12345", "望江花园", "lane-1", "cam-1", "2026-000001"):
        assert told not in page.text


def test_who_knows_the_vehicle_comes_in(owner: Owner) -> None:
    with owner.browser() as client:
        owner.enter(client)
        page = client.get(owner.path)

    assert "浙B12345" in page.text
    assert "望江花园" in page.text


def test_every_answer_keeps_the_address_to_itself(owner: Owner) -> None:
    with owner.browser() as client:
        answers = [client.get(owner.path), owner.check(client, "000000"), owner.check(client)]
        answers += [client.get(owner.path), client.get(f"{owner.path}/statement")]
        answers += [client.get(f"{owner.path}/nothing"), client.get("/o/unknown")]

    assert {answer.headers["referrer-policy"] for answer in answers} == {"no-referrer"}
    kept = {answer.headers.get("cache-control", "no-store") for answer in answers}
    assert kept == {"no-store"}


def test_an_unknown_link_and_one_that_is_over_look_the_same(owner: Owner) -> None:
    with owner.browser() as client:
        unknown = client.get("/o/AAAAAAAAAAAAAAAAAAAAAA")
        owner.staff.office.clock.now_utc_ms += LIFE_MS
        over = client.get(owner.path)

    assert unknown.status_code == over.status_code == 404
    assert "链接无效或者已过期" in unknown.text
    assert unknown.text.partition("<main")[2] == over.text.partition("<main")[2]


def test_a_link_behind_which_nothing_is_known_stays_shut(owner: Owner) -> None:
    with owner.staff.office.engine.begin() as db:
        db.execute(owner_check.delete())
    with owner.browser() as client:
        page = client.get(owner.path)

    assert "暂时不能在网上核对身份" in page.text
    assert 'name="answer"' not in page.text


def test_wrong_answers_are_counted_and_told(owner: Owner) -> None:
    with owner.browser() as client:
        first = owner.check(client, "000000")
        second = owner.check(client, "000001")

    assert first.status_code == 422
    assert "还可以试 9 次" in first.text
    assert "还可以试 8 次" in second.text


def test_five_wrong_answers_in_a_row_have_to_wait_even_if_the_sixth_is_right(owner: Owner) -> None:
    with owner.browser() as client:
        for _ in range(TRIES_IN_A_ROW):
            owner.check(client, "000000")
        waiting = owner.check(client)
        owner.staff.office.clock.now_utc_ms += 15 * 60_000
        later = owner.check(client)

    assert waiting.status_code == 429
    assert waiting.headers["retry-after"] == "900"
    assert later.status_code == 303


def test_ten_wrong_answers_end_the_link_and_the_right_one_helps_no_more(owner: Owner) -> None:
    with owner.browser() as client:
        for number in range(MOST_FAILURES):
            if number == TRIES_IN_A_ROW:
                owner.staff.office.clock.now_utc_ms += 16 * 60_000
            last = owner.check(client, "000000")
        shut = client.get(owner.path)

    assert "链接已停用" in last.text
    assert shut.status_code == 404


def test_the_first_browser_that_passes_keeps_the_link(owner: Owner) -> None:
    with owner.inside(), owner.browser() as other:
        page = other.get(owner.path)
        sent = other.post(f"{owner.path}/check", data={"answer": owner.answer})

    assert page.status_code == 403
    assert "请用原来的手机打开" in page.text
    assert "浙B12345" not in page.text
    assert sent.status_code == 403


def test_a_visit_ends_after_a_while_and_the_same_browser_is_asked_again(owner: Owner) -> None:
    with owner.inside() as client:
        owner.staff.office.clock.now_utc_ms += IDLE_MS + 1
        asked = client.get(owner.path)
        owner.enter(client)
        again = client.get(owner.path)

    assert "请先核对" in asked.text
    assert "浙B12345" in again.text


def test_leaving_ends_the_visit_on_the_server(owner: Owner) -> None:
    with owner.inside() as client:
        csrf = token(client.get(owner.path))
        kept = dict(client.cookies)
        client.post(f"{owner.path}/leave", data={"csrf": csrf})
        client.cookies.update(kept)
        page = client.get(owner.path)

    assert "请先核对" in page.text


def test_the_cookies_go_to_the_links_own_address_only(owner: Owner) -> None:
    with owner.browser() as client:
        answered = owner.check(client)
    cookies = [line for line in answered.headers.get_list("set-cookie") if "firelane_owner" in line]

    assert len(cookies) == 2
    for line in cookies:
        assert f"Path={owner.path};" in line
        assert "HttpOnly" in line
        assert "SameSite=lax" in line


def test_the_database_holds_no_key_that_a_browser_has(owner: Owner) -> None:
    with owner.inside() as client:
        keys = [value for name, value in client.cookies.items() if name.startswith("firelane_own")]
    with owner.staff.office.engine.connect() as db:
        rows = [*db.execute(select(owner_session)).all(), *db.execute(select(owner_link)).all()]

    assert len(keys) == 2
    assert not any(key == value for row in rows for value in row for key in keys)


def test_who_came_in_and_looked_is_in_the_log(owner: Owner) -> None:
    with owner.inside() as client:
        client.get(owner.path)
    event = tables.case_event
    with owner.staff.office.engine.connect() as db:
        kinds = db.scalars(
            select(event.c.type).where(event.c.actor.like("owner:%")).order_by(event.c.seq)
        ).all()

    assert kinds == ["owner-entered", "owner-looked"]


def test_no_log_file_names_a_links_token(owner: Owner, caplog: pytest.LogCaptureFixture) -> None:
    with owner.inside() as client, caplog.at_level(logging.DEBUG):
        with owner.staff.office.engine.begin() as db:
            db.execute(update(tables.record).values(envelope=b"damaged"))
        page = client.get(owner.path)

    ours = [record for record in caplog.records if record.name.startswith("central")]
    said = "".join(caplog.handler.format(record) for record in ours)

    assert page.status_code == 500
    assert "/o/…/" in said
    assert owner.token not in said


def test_a_form_from_another_site_passes_no_check(owner: Owner) -> None:
    with owner.browser() as client:
        csrf = token(client.get(owner.path))
        sent = {"csrf": csrf, "answer": owner.answer}
        foreign = client.post(
            f"{owner.path}/check", data=sent, headers={"sec-fetch-site": "cross-site"}
        )
        forged = client.post(f"{owner.path}/check", data={**sent, "csrf": "x" * 32})
        page = client.get(owner.path)

    assert foreign.status_code == forged.status_code == 403
    assert "请先核对" in page.text


def test_the_page_says_it_in_english_and_remembers(owner: Owner) -> None:
    with owner.inside() as client:
        page = client.get(f"{owner.path}?language=en")
        again = client.get(owner.path)

    assert "What was seen" in page.text
    assert "What was seen" in again.text
    assert '<html lang="en">' in again.text
