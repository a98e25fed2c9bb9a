"""From a packet to a reminded owner, over real gateways on loopback."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from central import owner_links
from central.cases import Action
from central.database import reading
from central.gateways.local.phone import Mood
from central.notices import AGAIN_MS
from central.owner_tables import owner_link
from central.reminder_tables import message
from central.reminding import Event, Stage
from edge.wire.fields import parse
from edge.wire.records import Reminded, Stay
from edge.wire.replies import Notice
from edge.wire.signing import open_envelope
from tests.central.reminders.house import House, house
from tests.device import Packet
from tests.waiting import until


def notices(h: House) -> list[Notice]:
    return [
        parse(Notice, open_envelope(out.payload, h.office.keys, Notice.PAYLOAD_TYPE).payload)
        for out in h.published
    ]


def reminded(h: House) -> Packet:
    """A vehicle whose owner was reminded."""
    h.phone.mood = Mood.ON_TIME
    arrival = h.arrives()
    h.round()
    assert until(lambda: len(h.pushed.came) == 1)
    h.later(4)
    h.reports()
    h.round()
    return arrival


def overstay(h: House, arrival: Packet, told: Notice) -> Packet:
    """The stay at the deadline that the notice set."""
    old = arrival.record.stay
    offset_ms = told.reminded_utc_ms - old.begin.utc_ms
    counted = Reminded(
        notice_id=told.notice_id, reminded_utc_ms=told.reminded_utc_ms, offset_ms=offset_ms
    )
    longer = old.model_copy(
        update={
            "standing_ms": offset_ms + 900_000,
            "last_seen": h.device.moment(old.begin.utc_ms + offset_ms + 900_000),
            "deadline_ms": offset_ms + 900_000,
            "reminded": counted,
        }
    )
    return h.device.overstay(
        arrival, stay=Stay.model_validate(longer.model_dump()), vehicle=arrival.record.vehicle,
        rules=arrival.record.rules,
    )  # fmt: skip


def test_two_readings_one_owner_one_message(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = h.arrives()
        h.round()

        assert h.stands(arrival) == (Stage.SENT, "")
        kept = list(h.phone.messages.values())
        assert [one.asked.to for one in kept] == ["13800000000"]
        text = kept[0].asked.text
        assert text.startswith("【示例区消防救援大队】您的车辆浙B12345于")
        assert (
            "望江花园消防通道，请在15分钟内驶离。目前为警示期，不作处罚。查看详情：https://firelane.example/o/"
            in text
        )
        assert [(line.what, line.purpose) for line in h.books.asked] == [("浙B12345", "reminder")]
        assert h.state(arrival) == "suspected"  # nobody is reminded before the report
        assert h.published == []


@pytest.mark.parametrize(("lane", "warns"), [("lane-1", True), ("lane-2", False)])
def test_a_lane_that_only_warns_says_so_and_no_other_does(
    engine: Engine, tmp_path: Path, lane: str, warns: bool
) -> None:
    site = "    lane: lane-1"
    with house(engine, tmp_path, changed={site: site.replace("lane-1", lane)}) as h:
        h.arrives()
        h.round()
        [kept] = h.phone.messages.values()

        assert ("目前为警示期，不作处罚" in kept.asked.text) is warns


def test_the_link_in_the_message_opens_with_the_owners_number(
    engine: Engine, tmp_path: Path
) -> None:
    with house(engine, tmp_path) as h:
        h.arrives()
        h.round()
        text = next(iter(h.phone.messages.values())).asked.text
        token = text.rsplit("/o/", maxsplit=1)[1]

        with engine.begin() as db:
            link = owner_links.find(db, token)
            assert link is not None
            assert owner_links.kinds(db, link) == ("vin", "id")
            assert owner_links.is_answered(db, link, "047371")
            assert not owner_links.is_answered(db, link, "047372")
            assert db.scalar(select(owner_link.c.token_sha256)) != token


def test_the_delivery_report_starts_the_grace(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = reminded(h)

        assert h.state(arrival) == "reminded"
        assert h.stands(arrival) == (Stage.DONE, "")
        told = notices(h)
        assert len(told) == 1
        assert h.published[0].topic == f"firelane/1/{h.device.id}/notice"
        assert told[0].stay_id == arrival.record.stay.id
        assert told[0].reminded_utc_ms == h.now
        assert told[0].grace_ms == 900_000
        act = h.lines(arrival, "act")[-1]
        assert act["action"] == "remind"
        assert act["policy"] == h.pack


def test_who_leaves_in_time_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = reminded(h)
        h.later(60)
        h.deliver(h.device.departure(arrival, standing_ms=200_000))
        h.rounds(3, 120)

        assert h.state(arrival) == "departed-in-grace"
        assert len(h.published) == 1  # nothing more is to be told
        actions = [act.action for act in h.office.standing(arrival).acts]
        assert actions == [Action.REMIND, Action.DEPART]


def test_who_stays_on_goes_to_review(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = reminded(h)
        told = notices(h)[0]
        h.later(900)
        h.deliver(overstay(h, arrival, told))

        assert h.state(arrival) == "overstayed"
        h.round()
        before = len(h.published)
        h.rounds(3, 120)
        assert len(h.published) == before


def test_a_notice_is_told_until_a_record_names_it(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        reminded(h)
        began = h.now
        for wait_ms in AGAIN_MS:
            h.later((wait_ms - 1) / 1000)
            h.round()
            count = len(h.published)
            h.later(0.001)
            h.round()
            assert len(h.published) == count + 1

        told = notices(h)
        assert {one.notice_id for one in told} == {told[0].notice_id}
        assert {one.reminded_utc_ms for one in told} == {began}
        sent_s = [(one.sent_utc_ms - began) // 1000 for one in told]
        assert sent_s == [0, 2, 7, 22, 52, 112]


def test_a_device_that_comes_back_is_told_at_once(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        reminded(h)
        rung: list[int] = []
        h.office.reminders.bell.to(lambda: rung.append(1))
        h.later(0.5)
        h.round()
        assert len(h.published) == 1  # the control: it was not due yet

        h.office.reminders.came_back(h.device.id)
        h.round()

        assert len(h.published) == 2
        assert rung == [1]
        h.office.reminders.came_back("another")
        assert rung == [1]


def test_a_stored_packet_rings_the_bell(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        rung: list[int] = []
        h.office.reminders.bell.to(lambda: rung.append(1))
        h.arrives()

        assert rung == [1]


def test_number_and_words_are_gone_when_nobody_needs_them(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = h.arrives()
        h.phone.mood = Mood.DOWN
        h.round()
        with reading(engine) as db:
            row = db.execute(select(message)).one()
        assert (row.contact, row.text != "") == ("13800000000", True)  # it is still to be sent

        h.phone.mood = Mood.ON_TIME
        h.later(2)
        h.round()
        assert until(lambda: len(h.pushed.came) == 1)
        h.reports()

        with reading(engine) as db:
            row = db.execute(select(message)).one()
        assert (row.state, row.contact, row.text, row.fields) == ("delivered", "", "", "")
        for kind in ("message-queued", "message-handed", "message-reported", "reminder", "act"):
            for line in h.lines(arrival, kind):
                assert "13800000000" not in str(line)
                assert "/o/" not in str(line)


def test_a_vehicle_that_left_before_the_message_went_is_not_reminded(
    engine: Engine, tmp_path: Path
) -> None:
    with house(engine, tmp_path, mood=Mood.DOWN) as h:
        arrival = h.arrives()
        h.round()
        h.deliver(h.device.departure(arrival, standing_ms=90_000))
        h.phone.mood = Mood.ON_TIME
        h.rounds(3, 60)

        assert h.phone.messages == {}
        assert h.stands(arrival) == (Stage.STOPPED, "over")
        assert h.state(arrival) == "departed-in-grace"


def test_a_crash_between_two_steps_loses_and_doubles_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    """The gateway took the message, its answer never came, and the server was started again."""
    with house(engine, tmp_path, mood=Mood.SLOW) as h:
        arrival = h.arrives()
        h.round()
        assert h.stands(arrival) == (Stage.SEND, "")
        assert until(lambda: len(h.phone.messages) == 1)

        h.phone.mood = Mood.ON_TIME
        h.later(2)
        h.round()

        assert len(h.phone.messages) == 1
        assert h.stands(arrival) == (Stage.SENT, "")
        assert len(h.lines(arrival, "message-handed")) == 1


@pytest.mark.parametrize("doubt", [Event.GIVE_UP, Event.CHECKED])
def test_an_exempt_vehicle_is_never_looked_up(engine: Engine, tmp_path: Path, doubt: Event) -> None:
    with house(engine, tmp_path) as h:
        engine_plate = h.arrives("浙X1234应急", "white", "fire_rescue")
        h.reader.answer = h.reader.answer and h.reader.answer.model_copy(
            update={"plate": "浙X1234应急", "colour": "white"}
        )
        h.round()
        assert h.stands(engine_plate) == (Stage.PERSON, "exempt")

        h.office.reminders.hands.decide(h.case_id(engine_plate), doubt, "li", h.now)
        h.rounds(3)

        assert h.books.asked == []
        assert h.phone.messages == {}
