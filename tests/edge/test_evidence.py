"""A stay event becomes a record: what it states is what the rules saw, in whole numbers."""

from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest

from edge.evidence import (
    Findings,
    MomentLog,
    Moments,
    Place,
    Setting,
    build_record,
    record_kind,
    thin_gaps,
    thin_samples,
)
from edge.geometry import Box
from edge.stay_events import Gap, Reminder, Sample, StayEvent, StayEventKind
from edge.wire.fields import Moment
from edge.wire.records import (
    GENESIS,
    Clock,
    Cue,
    Ending,
    GapReason,
    Proof,
    RecordKind,
    Reminded,
    Software,
)
from edge.wire.replies import Notice
from tests.packets import BOOT, LANE, RULES, UNREAD, UTC_MS, exhibit, jpeg, moment, uuid

SETTING = Setting("gate-1", "front", LANE, RULES, Software(version="1", sha256="0" * 64, models=[]))
MOMENTS = Moments(moment(70_000), moment(), moment(69_500), Clock(state="synced", offset_ms=2))
PLACE = Place(uuid(1), 1, GENESIS)


def sample(t_s: float) -> Sample:
    return Sample(t_s, Box(-3.4, 10.5, 200.2, 90.9), 0.8126, 0.95, (Cue.DETECTOR,))


def event(kind: StayEventKind = StayEventKind.ARRIVAL) -> StayEvent:
    return StayEvent(
        kind=kind,
        stay_id=uuid(5),
        lane="lane-1",
        t_s=170.0,
        begin_s=100.0,
        last_seen_s=169.5,
        end_s=None,
        deadline_s=1060.0,
        box=Box(0, 10, 200, 90),
        reported=kind is not StayEventKind.ARRIVAL,
        label="car",
        plate=None,
        track=3,
        reminder=None,
        ending=None,
        gaps=(Gap(120.0, 123.5, GapReason.OCCLUDED, Proof.APPEARANCE),),
        samples=(sample(100.0), sample(169.5)),
        previous_stay=None,
        why="",
    )


def findings(notice: Notice | None = None) -> Findings:
    return Findings(MOMENTS, UNREAD, [exhibit(jpeg(1))], notice)


def test_times_count_from_the_beginning_of_the_stay_and_shares_are_per_mille() -> None:
    record = build_record(SETTING, event(), findings(), PLACE)

    stay = record.stay
    assert record.kind is RecordKind.ARRIVAL
    assert (stay.standing_ms, stay.unobserved_ms, stay.deadline_ms) == (69_500, 3_500, 960_000)
    assert [(gap.begin_ms, gap.end_ms) for gap in stay.gaps] == [(20_000, 23_500)]
    assert [each.offset_ms for each in stay.samples] == [0, 69_500]
    assert (stay.samples[0].overlap_pm, stay.samples[0].score_pm) == (813, 950)
    assert stay.samples[0].box == (0, 10, 200, 91)


def test_an_overstay_names_the_notice_and_the_servers_own_time_of_it() -> None:
    reminder = Reminder(uuid(9), 150.0, 900.0)
    overdue = replace(event(StayEventKind.OVERSTAY), reminder=reminder, deadline_s=1050.0)
    notice = Notice(
        v=1,
        device="gate-1",
        notice_id=uuid(9),
        stay_id=uuid(5),
        reminded_utc_ms=UTC_MS + 50_123,
        sent_utc_ms=UTC_MS + 51_000,
        grace_ms=900_000,
    )

    record = build_record(SETTING, overdue, findings(notice), PLACE)

    assert record.stay.reminded == Reminded(
        notice_id=uuid(9), reminded_utc_ms=UTC_MS + 50_123, offset_ms=50_000
    )
    assert record.stay.deadline_ms == 950_000


@pytest.mark.parametrize(
    ("kind", "ending", "expected"),
    [
        (StayEventKind.DEPARTURE, Ending.LANE_EMPTY, RecordKind.DEPARTURE),
        (StayEventKind.BROKEN, Ending.GAP_TOO_LONG, RecordKind.BROKEN),
    ],
)
def test_the_end_of_a_stay_says_how_it_ended(
    kind: StayEventKind, ending: Ending, expected: RecordKind
) -> None:
    record = build_record(SETTING, replace(event(kind), ending=ending), findings(), PLACE)

    assert (record.kind, record.stay.ending) == (expected, ending)


def test_a_stay_that_was_never_reported_makes_no_record() -> None:
    left = replace(event(StayEventKind.DEPARTURE), reported=False, ending=Ending.LANE_EMPTY)

    assert record_kind(left) is None
    assert record_kind(event(StayEventKind.SETTLED)) is None
    assert record_kind(event(StayEventKind.NOTICE)) is None
    with pytest.raises(ValueError, match="makes no record"):
        build_record(SETTING, left, findings(), PLACE)


def test_too_many_samples_are_thinned_evenly_with_both_ends() -> None:
    samples = [sample(float(t)) for t in range(1000)]

    kept = thin_samples(samples, 128)

    steps = [after.t_s - before.t_s for before, after in pairwise(kept)]
    assert (len(kept), kept[0].t_s, kept[-1].t_s) == (128, 0.0, 999.0)
    assert set(steps) == {7.0, 8.0}


def test_too_many_gaps_are_joined_so_that_less_counts_as_observed() -> None:
    gaps = [
        Gap(0.0, 10.0, GapReason.OCCLUDED, Proof.PLATE),
        Gap(11.0, 12.0, GapReason.STREAM_DOWN, Proof.NONE),
        Gap(50.0, 60.0, GapReason.OCCLUDED, Proof.APPEARANCE),
    ]

    assert thin_gaps(gaps, 3) == gaps
    assert thin_gaps(gaps, 2) == [Gap(0.0, 12.0, GapReason.OCCLUDED, Proof.NONE), gaps[2]]


def test_the_richest_possible_stay_still_fits_into_an_envelope() -> None:
    gaps = tuple(
        Gap(100.0 + 10 * n, 100.0 + 10 * n + 9.999, GapReason.CAMERA_COVERED, Proof.APPEARANCE)
        for n in range(300)
    )
    samples = tuple(sample(100.0 + n) for n in range(500))
    rich = replace(event(), gaps=gaps, samples=samples)
    exhibits = [exhibit(jpeg(n)) for n in range(16)]

    record = build_record(SETTING, rich, Findings(MOMENTS, UNREAD, exhibits, None), PLACE)

    assert (len(record.stay.gaps), len(record.stay.samples)) == (256, 128)
    assert len(record.to_bytes()) < 64 * 1024


def test_a_beginning_found_in_retrospect_has_its_own_frame() -> None:
    looks = MomentLog()
    for n in range(200):
        at_s = 50.0 + n / 2
        looks.note(at_s, Moment(utc_ms=UTC_MS + n * 500, mono_ns=n, boot=BOOT, frame=100 + n))

    assert looks.at(60.0).frame == 120
    assert looks.at(60.2).frame == 120
    assert looks.at(10_000.0).frame == 299


def test_a_beginning_before_all_looks_kept_is_reckoned_back_and_names_no_frame() -> None:
    looks = MomentLog()
    looks.note(100.0, Moment(utc_ms=UTC_MS, mono_ns=5 * 10**9, boot=BOOT, frame=9))

    assert looks.at(97.0) == Moment(
        utc_ms=UTC_MS - 3_000, mono_ns=2 * 10**9, boot=UUID(str(BOOT)), frame=0
    )
    with pytest.raises(LookupError):
        MomentLog().at(1.0)
