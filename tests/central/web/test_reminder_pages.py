"""Plates to type, doubts, tasks and gateways, as staff see them over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from httpx import Client
from sqlalchemy import Engine, select

from central.access import Role
from central.accounts import NewUser
from central.gateways.local.phone import Mood
from central.reminding import Stage
from central.tables import access_log
from tests.central.reminders.house import OWNER, House, house
from tests.device import Packet
from tests.staff import HASH, Staff, token
from tests.waiting import until


@contextmanager
def pages(h: House) -> Iterator[Staff]:
    with Staff.serving(h.office) as staff:
        for name, role in (("han", Role.SCREENER), ("wu", Role.AUDITOR)):
            staff.accounts.add_user(NewUser(name, name, HASH, role), h.now)
        yield staff


def unread(h: House) -> Packet:
    """A vehicle whose plate neither machine read."""
    h.reader.answer = None
    arrival = h.arrives(None)
    h.round()
    return arrival


def send(client: Client, page: str, path: str, **fields: str) -> int:
    csrf = token(client.get(page))
    return client.post(path, data={"csrf": csrf, **fields}).status_code


def test_two_people_type_blind_and_the_owner_is_reminded(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h, pages(h) as staff:
        arrival = unread(h)
        where = f"/plates/{h.case_id(arrival)}"
        for name in ("han", "li"):
            with staff.signed_in(name) as client:
                page = client.get("/plates", follow_redirects=True)
                assert page.url.path == where
                assert "12345" not in page.text
                assert h.stands(arrival)[0] is Stage.TYPE
                sent = {"plate": "浙b·12345", "colour": "blue"}
                assert send(client, where, where, **sent) == 303
                assert client.get("/plates").status_code == 200  # none is left for this person
            h.round()

        assert h.stands(arrival)[0] is Stage.SENT
        assert [one.asked.to for one in h.phone.messages.values()] == ["13800000000"]


@pytest.mark.parametrize(
    ("plate", "colour", "fault"),
    [
        ("浙B1", "blue", "请录入完整的车牌"),
        ("浙BABC12", "blue", "请录入完整的车牌"),
        ("浙B12345", "green", "这种车牌没有这个颜色"),
        ("<script>", "blue", "请录入完整的车牌"),
        ("浙B12345", "", "这种车牌没有这个颜色"),
    ],
)
def test_what_is_no_plate_is_not_taken_and_nothing_typed_is_lost(
    engine: Engine, tmp_path: Path, plate: str, colour: str, fault: str
) -> None:
    with house(engine, tmp_path) as h, pages(h) as staff:
        where = f"/plates/{h.case_id(unread(h))}"
        with staff.signed_in("han") as client:
            csrf = token(client.get(where))
            answer = client.post(where, data={"csrf": csrf, "plate": plate, "colour": colour})

        assert answer.status_code == 422
        assert fault in answer.text
        assert "<script>" not in answer.text.replace("<script src=", "")


def test_a_plate_is_typed_once_by_each(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h, pages(h) as staff:
        where = f"/plates/{h.case_id(unread(h))}"
        with staff.signed_in("han") as client:
            csrf = token(client.get(where))
            sent = {"csrf": csrf, "plate": "浙B12345", "colour": "blue"}
            first = client.post(where, data=sent)
            again = client.post(where, data=sent | {"plate": "浙B12346"})

        assert first.headers["location"] == "/plates?done=typed"
        assert again.headers["location"] == "/plates?done=late"


def test_doubts_are_settled_and_special_vehicles_are_never_sent_on(
    engine: Engine, tmp_path: Path
) -> None:
    bus = OWNER.model_copy(update={"vehicle_class": "large-bus"})
    with house(engine, tmp_path, entries=(bus,)) as h, pages(h) as staff:
        arrival = h.arrives()
        h.round()
        case = f"/reminders/{h.case_id(arrival)}"
        with staff.signed_in("han") as client:
            page = client.get("/reminders").text
            assert "登记的车型与画面不符" in page
            assert "13800000000" not in page
            assert send(client, "/reminders", case, decision="fly") == 422
            assert send(client, "/reminders", case, decision="checked") == 303
        h.round()
        assert h.stands(arrival)[0] is Stage.SENT

        fire = h.arrives("浙X1234应急", "white", "fire_rescue")
        h.reader.answer = h.reader.answer and h.reader.answer.model_copy(
            update={"plate": "浙X1234应急", "colour": "white"}
        )
        h.round()
        with staff.signed_in("han") as client:
            page = client.get("/reminders").text
            assert "可能是执行任务的特种车辆" in page
            assert 'value="checked"' not in page
            case = f"/reminders/{h.case_id(fire)}"
            assert send(client, "/reminders", case, decision="checked") == 303
        assert h.stands(fire)[0] is Stage.PERSON


def test_a_telephone_is_shown_to_who_calls_and_the_look_is_written_down(
    engine: Engine, tmp_path: Path
) -> None:
    with house(engine, tmp_path) as h, pages(h) as staff:
        arrival = h.arrives()
        h.round()
        h.later(301)
        h.round()
        case = f"/reminders/{h.case_id(arrival)}"
        with staff.signed_in("han") as client:
            page = client.get("/reminders")
            assert "13800000000" not in page.text
            shown = client.post(f"{case}/telephone", data={"csrf": token(page)})
            assert "13800000000" in shown.text
            assert send(client, "/reminders", f"{case}/task", note="x") == 422
            assert send(client, "/reminders", f"{case}/task", note="车主答应驶离") == 303
            assert "车主答应驶离" in client.get(f"/cases/{h.case_id(arrival)}").text
            again = client.post(f"{case}/telephone", data={"csrf": token(page)})
            assert again.headers["location"] == "/reminders?done=late"

        with engine.connect() as db:
            looks = db.execute(
                select(access_log.c.action, access_log.c.reason).where(
                    access_log.c.action == "telephone shown"
                )
            ).all()
        assert [tuple(look) for look in looks] == [("telephone shown", "reminder failed: call")]
        assert h.state(arrival) == "reminder-failed"  # a call is no delivered reminder


def test_an_outage_shows_and_can_be_tried_again(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path, mood=Mood.DOWN) as h, pages(h) as staff:
        arrival = h.arrives()
        h.round()
        with staff.signed_in("wu") as auditor:
            page = auditor.get("/gateways").text
            assert "连续失败 1 次" in page
            assert "sms answered 503" in page
            assert "立即重试" not in page
        h.phone.mood = Mood.NEVER
        with staff.signed_in("root") as client:
            assert send(client, "/gateways", "/gateways/sms/retry") == 303
        h.round()

        assert h.stands(arrival)[0] is Stage.SENT


def test_the_case_page_tells_how_far_the_reminder_is(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path, mood=Mood.ON_TIME) as h, pages(h) as staff:
        arrival = h.arrives()
        h.round()
        with staff.signed_in("li") as client:
            page = client.get(f"/cases/{h.case_id(arrival)}").text
            assert "已发出，等待送达回执" in page
            assert until(lambda: len(h.pushed.came) == 1)
            h.reports()
            h.round()
            page = client.get(f"/cases/{h.case_id(arrival)}").text

        assert "已送达" in page
        assert "已向设备发送通知 1 次。" in page
        assert "13800000000" not in page


def test_reports_come_in_over_http_and_only_signed_ones_count(
    engine: Engine, tmp_path: Path
) -> None:
    with house(engine, tmp_path) as h, pages(h) as staff:
        arrival = h.arrives()
        h.round()
        kept = next(iter(h.phone.messages.values()))
        h.phone.push(kept, "delivered")
        asked = h.pushed.came.pop()
        with staff.visitor() as gateway:
            where = "/gateways/sms/reports"
            forged = asked.headers | {"webhook-signature": "v1,AAAA"}
            assert gateway.post(where, content=asked.body, headers=forged).status_code == 401
            assert gateway.post(where, content=b"x" * 70_000).status_code == 413
            h.round()
            assert h.state(arrival) == "suspected"
            good = gateway.post(where, content=asked.body, headers=asked.headers)
            assert good.status_code == 204
        h.round()

        assert h.state(arrival) == "reminded"


def test_an_unsigned_hint_only_makes_us_ask(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h, pages(h) as staff:
        arrival = h.arrives()
        h.round()
        kept = next(iter(h.phone.messages.values()))
        body = [{"out_id": kept.asked.id, "success": True}, {"out_id": "x"}, 7]
        with staff.visitor() as gateway:
            answer = gateway.post("/gateways/sms/aliyun", json=body)
            assert answer.json()["code"] == 0
            h.round()
            assert h.state(arrival) == "suspected"  # the gateway itself knows nothing yet
            kept.status = "delivered"
            gateway.post("/gateways/sms/aliyun", json=body)
            gateway.post("/gateways/sms/aliyun", content=b"{")
        h.round()

        assert h.state(arrival) == "reminded"
