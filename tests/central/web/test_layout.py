"""How a case is laid out: time line, exhibits, facts."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from central.views import RecordView
from central.web.exhibits import digest, occasions
from central.web.timeline import LEVEL_PERCENT, Moment, _levels, timeline
from edge.wire.records import Cue, LaneMoved, Record
from tests.device import SimulatedDevice
from tests.staff import Staff
from tests.stories import BLUE_PLATE, RED, Teller, drawn_lane


def seen(record: Record, held: frozenset[str] | None = None) -> RecordView:
    names = frozenset(exhibit.sha256 for exhibit in record.exhibits)
    return RecordView(record, "ab" * 32, "stored", 0, 0, (), names if held is None else held)


def test_a_stay_is_drawn_from_its_beginning_with_every_record_and_the_deadline() -> None:
    device = SimulatedDevice()
    arrival = device.arrival()
    late = device.overstay(arrival)

    line = timeline([seen(arrival.record), seen(late.record)])

    assert [(moment.kind, moment.offset_ms) for moment in line.moments] == [
        ("begin", 0),
        ("arrival", 60_000),
        ("deadline", 960_000),
        ("last_seen", 960_000),
        ("overstay", 960_000),
    ]
    assert [(span.begin_ms, span.end_ms) for span in line.seen] == [(0, 960_000)]


def test_gaps_cut_what_was_seen(staff: Staff, teller: Teller) -> None:
    device = teller.device("gate-1", "望江花园", 1)
    late = teller.overstay(device, teller.arrive(device, RED, BLUE_PLATE))

    line = timeline([seen(late.record)])

    assert [(gap.kind, gap.begin_ms, gap.end_ms) for gap in line.gaps] == [
        ("occluded", 312_000, 348_000),
        ("stream-down", 655_000, 697_000),
    ]
    assert [(span.begin_ms, span.end_ms) for span in line.seen] == [
        (0, 312_000),
        (348_000, 655_000),
        (697_000, 1_021_000),
    ]


@given(st.integers(0, 30 * 86_400_000))
def test_a_stay_of_any_length_fits_the_line(standing_ms: int) -> None:
    device = SimulatedDevice()
    late = device.overstay(device.arrival(), standing_ms=standing_ms)

    line = timeline([seen(late.record)])

    places = [moment.at for moment in line.moments] + [tick.at for tick in line.ticks]
    assert all(0 <= place <= 100 for place in places)
    assert len(line.ticks) <= 24


@given(st.lists(st.floats(0, 100), max_size=3).map(sorted))
def test_up_to_three_marks_never_cover_one_another(places: list[float]) -> None:
    levels = _levels(places)

    stacked: dict[int, list[float]] = {}
    for place, level in zip(places, levels, strict=True):
        stacked.setdefault(level, []).append(place)
    for row in stacked.values():
        assert all(after - before >= LEVEL_PERCENT for before, after in pairwise(row))


def test_marks_are_numbered_in_order_of_time() -> None:
    device = SimulatedDevice()
    gone = device.departure(device.arrival())

    moments: list[Moment] = list(timeline([seen(gone.record)]).moments)

    assert [moment.number for moment in moments] == list(range(1, len(moments) + 1))
    assert moments == sorted(moments, key=lambda moment: moment.offset_ms)


def test_wide_view_and_plate_of_one_moment_stand_together() -> None:
    device = SimulatedDevice()
    arrival = device.arrival()
    late = device.overstay(arrival)

    shown = occasions([seen(arrival.record), seen(late.record)])

    assert [occasion.name for occasion in shown] == ["arrival", "deadline"]
    assert [(occasion.wide is not None, occasion.plate is not None) for occasion in shown] == [
        (True, True),
        (True, True),
    ]


def test_an_image_that_two_records_name_is_shown_once() -> None:
    arrival = SimulatedDevice().arrival().record

    shown = occasions([seen(arrival), seen(arrival)])

    assert len(shown) == 1


def test_two_images_of_one_record_and_moment_are_both_shown() -> None:
    record = SimulatedDevice().arrival().record
    wide = record.exhibits[0]
    again = wide.model_copy(update={"sha256": "ef" * 32})
    doubled = record.model_copy(update={"exhibits": [wide, again]})

    shown = occasions([seen(doubled)])

    names = [occasion.wide.exhibit.sha256 for occasion in shown if occasion.wide]
    assert names == [wide.sha256, again.sha256]


def test_the_digest_changes_when_an_image_arrives() -> None:
    record = SimulatedDevice().arrival().record
    missing = occasions([seen(record, frozenset())])
    complete = occasions([seen(record)])

    assert digest(missing) != digest(complete)
    assert digest(complete) == digest(occasions([seen(record)]))


def test_a_camera_that_moved_is_told_in_words(staff: Staff, teller: Teller) -> None:
    device = teller.device("gate-1", "望江花园", 1)
    lane = drawn_lane(device)
    moved = LaneMoved(drawn_version=lane.version, right_px=-40, down_px=12)
    shots = teller.shots("arrival", RED)
    teller.deliver(device.arrival(shots, lane=lane.model_copy(update={"moved": moved})))
    with staff.signed_in() as client:
        page = client.get(f"/cases/{staff.case_id()}").text

    assert "摄像机画面移动了：向左 40 像素，向下 12 像素" in page


def test_by_which_signs_a_vehicle_was_seen_is_told_in_words(staff: Staff, teller: Teller) -> None:
    device = teller.device("gate-1", "望江花园", 1)
    stay = SimulatedDevice().arrival().record.stay
    signs = ([Cue.DETECTOR], [Cue.DETECTOR, Cue.BACKGROUND], [Cue.BACKGROUND, Cue.APPEARANCE])
    looks = [
        stay.samples[0].model_copy(update={"offset_ms": 1000 * i, "cues": cues})
        for i, cues in enumerate(signs)
    ]
    stay = stay.model_copy(update={"samples": looks})
    shots = teller.shots("arrival", RED)
    teller.deliver(device.arrival(shots, lane=drawn_lane(device), stay=stay))
    with staff.signed_in() as client:
        page = client.get(f"/cases/{staff.case_id()}").text

    assert "2 次识别到车辆，2 次停放处与空通道不同，1 次停放处的画面与此前一致" in page
    assert "本记录保存了 3 次查看" in page
