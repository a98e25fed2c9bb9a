"""What gateways, registers, readers and clocks do to a reminder."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from central.cases import Action
from central.gateways.local.phone import Mood
from central.gateways.local.register import Mood as RegisterMood
from central.gateways.sms import BadReport
from central.reminding import Event, Stage
from central.second_reading import MachineReading
from tests.central.reminders.house import OWNER, House, house
from tests.device import Packet
from tests.waiting import until


def sent(h: House) -> Packet:
    """A vehicle whose owner's message is with the gateway, which reports nothing by itself."""
    arrival = h.arrives()
    h.round()
    assert h.stands(arrival)[0] is Stage.SENT
    return arrival


def push(h: House, status: str = "delivered") -> None:
    """The gateway reports what became of the newest message."""
    kept = list(h.phone.messages.values())[-1]
    h.phone.push(kept, status)
    assert until(lambda: len(h.pushed.came) == 1)
    h.reports()


def actions(h: House, packet: Packet) -> list[Action]:
    return [act.action for act in h.office.standing(packet).acts]


@pytest.mark.parametrize("mood", [Mood.DOWN, Mood.SLOW])
def test_a_gateway_that_is_away_delays_and_is_left_alone(
    engine: Engine, tmp_path: Path, mood: Mood
) -> None:
    with house(engine, tmp_path, mood=mood) as h:
        arrival = h.arrives()
        h.round()
        state = h.office.reminders.books.all()[-1]
        assert (state.name, state.failures) == ("sms", 1)
        assert state.fault in ("sms answered 503", "sms not reached: ReadTimeout")
        assert h.office.reminders.messages.waiting()[0] == 1
        assert not h.office.reminders.books.is_open("sms", h.now)

        h.phone.mood = Mood.NEVER
        h.later(1)
        h.round()

        assert h.stands(arrival)[0] is Stage.SENT
        assert h.office.reminders.messages.waiting() == (0, None)
        assert h.office.reminders.books.all()[-1].failures == 0
        assert len(h.phone.messages) == 1


def test_an_outage_of_hours_asks_ever_more_seldom_and_loses_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    with house(engine, tmp_path, mood=Mood.DOWN) as h:
        arrivals = []
        for _ in range(3):
            arrivals.append(h.arrives())
            h.rounds(70, 1)
        assert h.office.reminders.books.all()[-1].failures < 20
        h.phone.mood = Mood.NEVER
        h.later(61)
        h.round()

        assert {h.stands(arrival)[0] for arrival in arrivals} == {Stage.SENT}
        assert len(h.phone.messages) == 3


def test_a_report_that_comes_twice_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = sent(h)
        push(h)
        h.round()
        first = h.now
        h.later(30)
        push(h)
        push(h, "failed")
        h.rounds(3, 1)

        assert actions(h, arrival) == [Action.REMIND]
        assert len(h.lines(arrival, "message-reported")) == 1
        assert len({out.topic for out in h.published}) == 1
        assert h.state(arrival) == "reminded"
        assert first < h.now


def test_no_report_in_time_is_a_failed_reminder_and_a_task(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = sent(h)
        h.later(299)
        h.round()
        assert h.stands(arrival)[0] is Stage.SENT  # the control: there is time yet
        h.later(1)
        h.round()

        assert h.stands(arrival) == (Stage.FAILED, "no-report")
        assert h.row(arrival).task == "call"
        assert h.state(arrival) == "reminder-failed"
        h.deliver(h.device.overstay(arrival))
        assert h.state(arrival) == "reminder-failed"  # nobody is accused who was not told


def test_a_report_that_was_lost_is_asked_for(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = sent(h)
        next(iter(h.phone.messages.values())).status = "delivered"
        h.later(300)
        h.rounds(2, 1)

        assert h.state(arrival) == "reminded"


def test_a_late_report_reminds_from_when_it_came(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = sent(h)
        h.later(301)
        h.round()
        assert h.state(arrival) == "reminder-failed"
        h.later(100)
        push(h)
        h.round()

        assert actions(h, arrival) == [Action.FAIL_REMINDER, Action.REMIND]
        assert h.state(arrival) == "reminded"
        assert h.row(arrival).task == ""
        assert len(h.published) == 1


def test_a_late_report_of_a_vehicle_that_left_means_nothing(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = sent(h)
        h.later(301)
        h.round()
        h.deliver(h.device.departure(arrival))
        push(h)
        h.rounds(2, 1)

        assert h.state(arrival) == "departed-in-grace"
        assert h.published == []
        assert h.row(arrival).task == ""


def test_a_report_that_it_was_not_delivered_fails_the_reminder(
    engine: Engine, tmp_path: Path
) -> None:
    with house(engine, tmp_path, changed={"when_failed: call": "when_failed: visit"}) as h:
        arrival = sent(h)
        push(h, "failed")
        h.round()

        assert h.stands(arrival) == (Stage.FAILED, "not-delivered")
        assert h.row(arrival).task == "visit"
        assert h.state(arrival) == "reminder-failed"


def test_a_report_for_a_message_of_nobody_is_counted_and_shown(
    engine: Engine, tmp_path: Path
) -> None:
    with house(engine, tmp_path, mood=Mood.STRAY) as h:
        arrival = h.arrives()
        h.round()
        assert until(lambda: len(h.pushed.came) == 2)
        h.reports()
        h.round()

        state = h.office.reminders.books.all()[-1]
        assert (state.name, state.strays, state.stray_utc_ms) == ("sms", 1, h.now)
        assert h.state(arrival) == "reminded"  # its own report counts all the same


def test_a_forged_report_reminds_nobody(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = sent(h)
        kept = next(iter(h.phone.messages.values()))
        h.phone.secret = "whsec_" + "QUJD" * 10
        h.phone.push(kept, "delivered")
        asked = h.pushed.came.pop()
        with pytest.raises(BadReport):
            h.take(asked.headers, asked.body)
        h.round()

        assert h.state(arrival) == "suspected"


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ((), "not-registered"),
        ((OWNER, OWNER.model_copy(update={"contact": "13900000000"})), "two-owners"),
        ((OWNER.model_copy(update={"vehicle_class": "large-bus"}),), "another-kind"),
        ((OWNER.model_copy(update={"usage": "ambulance"}),), "on-duty"),
        ((OWNER.model_copy(update={"status": "stolen"}),), "not-normal"),
    ],
)
def test_a_doubtful_register_goes_to_a_person(
    engine: Engine, tmp_path: Path, entries: tuple[object, ...], why: str
) -> None:
    with house(engine, tmp_path, entries=entries) as h:  # type: ignore[arg-type]
        arrival = h.arrives()
        h.rounds(3)

        assert h.stands(arrival) == (Stage.PERSON, why)
        assert h.phone.messages == {}
        assert len(h.books.asked) == 1
        assert h.state(arrival) == "suspected"


def test_a_person_who_saw_the_vehicle_sends_it_on(engine: Engine, tmp_path: Path) -> None:
    bus = OWNER.model_copy(update={"vehicle_class": "large-bus"})
    with house(engine, tmp_path, entries=(bus,)) as h:
        arrival = h.arrives()
        h.round()
        hands = h.office.reminders.hands
        assert hands.decide(h.case_id(arrival), Event.CHECKED, "li", h.now)
        h.round()

        assert h.stands(arrival)[0] is Stage.SENT
        assert not hands.decide(h.case_id(arrival), Event.GIVE_UP, "li", h.now)


def test_a_person_who_gives_up_reminds_nobody(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path, entries=()) as h:
        arrival = h.arrives()
        h.round()
        h.office.reminders.hands.decide(h.case_id(arrival), Event.GIVE_UP, "li", h.now)
        h.rounds(2)

        assert h.stands(arrival) == (Stage.FAILED, "given-up")
        assert h.state(arrival) == "reminder-failed"
        assert h.lines(arrival, "reminder")[-1] == {"stage": "failed", "why": "given-up"}


def test_a_register_without_a_telephone_sends_somebody_there(
    engine: Engine, tmp_path: Path
) -> None:
    with house(engine, tmp_path, entries=(OWNER.model_copy(update={"contact": ""}),)) as h:
        arrival = h.arrives()
        h.round()

        assert h.stands(arrival) == (Stage.FAILED, "no-phone")
        assert h.row(arrival).task == "visit"  # nobody can be called
        done = h.office.reminders.hands.task_done
        assert done(h.case_id(arrival), "车主已驶离", "li", h.now)
        assert not done(h.case_id(arrival), "again", "li", h.now)


@pytest.mark.parametrize("mood", [RegisterMood.DOWN, RegisterMood.GARBLED])
def test_a_register_that_is_ill_delays(engine: Engine, tmp_path: Path, mood: RegisterMood) -> None:
    with house(engine, tmp_path) as h:
        h.books.mood = mood
        arrival = h.arrives()
        h.round()
        assert h.stands(arrival) == (Stage.LOOK_UP, "register-down")
        assert h.office.reminders.books.all()[-1].name == "register"

        h.books.mood = RegisterMood.WELL
        h.later(6)
        h.round()

        assert h.stands(arrival)[0] is Stage.SENT


def test_a_reader_that_does_not_work_leaves_the_plate_to_people(
    engine: Engine, tmp_path: Path
) -> None:
    with house(engine, tmp_path) as h:
        h.reader.answer = None
        arrival = h.arrives()
        h.round()
        assert h.stands(arrival) == (Stage.TYPE, "no-second-reader")
        assert [one.name for one in h.office.reminders.books.all()] == ["reader"]

        hands, case_id = h.office.reminders.hands, h.case_id(arrival)
        assert hands.typed(case_id, "sun", "浙B12345", "blue", h.now)
        assert not hands.typed(case_id, "sun", "浙B12346", "blue", h.now)  # the first word stands
        h.round()

        assert h.stands(arrival)[0] is Stage.SENT


def test_readers_that_differ_wait_for_a_person_and_nobody_is_looked_up(
    engine: Engine, tmp_path: Path
) -> None:
    with house(engine, tmp_path) as h:
        h.reader.answer = MachineReading(plate="浙B12346", colour="blue", confidence_pm=990)
        arrival = h.arrives()
        h.rounds(10, 31)

        assert h.stands(arrival) == (Stage.TYPE, "readers-differ")
        assert h.books.asked == []


def test_an_unsure_reading_counts_as_none(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        h.reader.answer = MachineReading(plate="浙B12345", colour="blue", confidence_pm=799)
        arrival = h.arrives()
        h.round()

        assert h.stands(arrival) == (Stage.TYPE, "second-unread")


def test_a_plate_that_nobody_can_read_reminds_nobody(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = h.arrives(None)
        h.round()
        for person in ("sun", "li"):
            h.office.reminders.hands.typed(h.case_id(arrival), person, None, None, h.now)
        h.round()

        assert h.stands(arrival) == (Stage.FAILED, "unreadable")
        assert h.state(arrival) == "reminder-failed"
        assert h.books.asked == []


def test_no_reminder_goes_out_at_night(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path, changed={'"23:00"': '"00:00"', '"06:30"': '"23:59"'}) as h:
        arrival = h.arrives()
        h.rounds(3)
        assert h.stands(arrival) == (Stage.HOLD, "quiet")
        assert h.phone.messages == {}

        h.deliver(h.device.overstay(arrival))
        assert h.state(arrival) == "reminder-failed"
        h.office.clock.now_utc_ms += 86_400_000 - (h.now + 28_800_000) % 86_400_000 - 30_000
        h.rounds(2)

        assert h.stands(arrival)[0] is Stage.SENT  # 23:59:30, it still stands there


def test_a_report_in_the_night_starts_the_grace_in_the_morning(
    engine: Engine, tmp_path: Path
) -> None:
    with house(engine, tmp_path) as h:
        arrival = sent(h)
        midnight = h.now + 86_400_000 - (h.now + 28_800_000) % 86_400_000
        h.office.clock.now_utc_ms = midnight - 1_000
        push(h)
        h.round()
        assert h.stands(arrival) == (Stage.ASLEEP, "quiet")
        assert h.state(arrival) == "suspected"
        morning = midnight + 6 * 3_600_000 + 1_800_000
        h.office.clock.now_utc_ms = morning - 1
        h.round()
        assert h.published == []
        h.later(0.001)
        h.round()

        assert h.state(arrival) == "reminded"
        assert h.lines(arrival, "act")[-1]["action"] == "remind"
        assert len(h.published) == 1


def test_an_owner_is_reminded_only_so_often_a_day(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path, changed={"reminders_per_day: 3": "reminders_per_day: 2"}) as h:
        stages, days = [], []
        for _ in range(12):  # one an hour
            arrival = h.arrives()
            h.round()
            stages.append(h.stands(arrival))
            days.append((h.now + 28_800_000) // 86_400_000)

        often = (Stage.FAILED, "repeat-limit")
        for day in sorted(set(days)):
            told = [stage for stage, on in zip(stages, days, strict=True) if on == day]
            assert set(told[:2]) <= {(Stage.SENT, ""), (Stage.HOLD, "quiet")}
            assert set(told[2:]) <= {often}
        assert stages.count(often) > 0


def test_a_packet_that_comes_hours_late_reminds_nobody(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as h:
        arrival = h.arrives()
        h.later(1_800)
        h.round()

        assert h.stands(arrival) == (Stage.FAILED, "told-too-late")
        assert h.phone.messages == {}


def test_without_a_policy_it_waits_and_says_so(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path, changed={"2026-01-01": "2099-01-01"}) as h:
        packet = h.device.arrival()
        h.office.clock.now_utc_ms = packet.record.made.utc_ms + 1_000
        h.deliver(packet)
        h.round()

        assert h.stands(packet) == (Stage.READ, "no-policy")
        assert h.state(packet) == "suspected"
