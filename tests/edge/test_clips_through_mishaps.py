"""What the world does to a camera and to the box, done to rendered clips: the project's own
detector and rules on pictures, against the exact truth."""

import random
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import pytest

from edge.camera import Look, Outage
from edge.clock import SystemClock
from edge.database import open_database
from edge.post import Boot, NoticeBoard, Post, PostParts
from edge.stay_events import StayEvent
from edge.stay_memory import StayMemory
from tests.edge import clips, yard

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NEAR = ((273.0, 360.0), (356.0, 247.0), (165.0, 220.0), (0.0, 329.0), (0.0, 360.0))
FAR = ((308.0, 313.0), (472.0, 89.0), (371.0, 82.0), (85.0, 272.0))
"""Two lanes of `half_in`, in pixels. The suv stands in the near one, and with half of its ground
where both overlap."""


def told(events: Sequence[StayEvent]) -> list[tuple[str, str]]:
    """Lane and kind of each event that is told to the server."""
    return [(one.lane, one.kind.value) for one in events if one.kind.value != "settled"]


def at_random(seed: int, until_s: float) -> list[float]:
    """Times 0.1 to 3 s apart."""
    steps = random.Random(seed)
    return [t_s for t_s in accumulate(steps.uniform(0.1, 3) for _ in range(1000)) if t_s < until_s]


@pytest.mark.parametrize(
    ("looks_s", "late_s"),
    [(clips.every(2, 0, 27), 1.0), (at_random(0, 32), 3.0)],
    ids=["two a second", "irregular"],
)
def test_of_a_bus_half_in_and_cars_beside_overlapping_lanes_each_is_told_for_what_it_does(
    looks_s: list[float], late_s: float
) -> None:
    """A suv stands in both lanes, mostly in the near one, hidden by the passing bus from 2 to 5;
    the bus stands with half its width in the far one from 6 to 22, three stops darker from 12 to
    20; a hatchback and, from 9 to 26, a van stand beside them, their boxes over the polygons."""
    events = clips.seen(clips.film("half_in", looks_s), [NEAR, FAR])

    suv = [one for one in events if one.lane == "lane-1"]
    bus = [one for one in events if one.lane == "lane-2"]
    assert told(suv) == [("lane-1", "arrival"), ("lane-1", "overstay")]
    assert 0.0 <= suv[-1].begin_s <= (5.0 if late_s > 1 else 0.0)
    assert told(bus) == [("lane-2", "arrival"), ("lane-2", "departure")]
    assert bus[-1].begin_s == pytest.approx(6.0, abs=late_s)
    assert bus[-1].end_s == pytest.approx(22.0, abs=late_s)
    assert not [gap for one in events for gap in one.gaps]


def test_a_car_hidden_by_lorries_and_a_bus_is_one_stay_and_they_beside_the_lane_are_none() -> None:
    """Hidden from 6 to 10, 15 to 28 and 31.5 to 50: over its deadline, which is 50 here."""
    events = clips.seen(
        clips.film("hidden", clips.every(2, 0, 54)), [clips.lane_of("hidden")], "grace_s=46"
    )

    assert told(events) == [("lane-1", "arrival"), ("lane-1", "overstay")]
    overstay = events[-1]
    assert overstay.begin_s == 0.0
    assert overstay.t_s == pytest.approx(50.0, abs=1.0)
    assert [(gap.reason.value, gap.proof.value) for gap in overstay.gaps] == [
        ("occluded", "appearance")
    ] * 3
    hidden_s = [6.0, 10.0, 15.0, 28.0, 31.5, 50.0]
    assert [t for gap in overstay.gaps for t in (gap.begin_s, gap.end_s)] == [
        pytest.approx(t_s, abs=1.0) for t_s in hidden_s
    ]


def test_one_that_leaves_and_returns_has_two_stays() -> None:
    events = clips.seen(clips.film("returns", clips.every(2, 0, 28)), [clips.lane_of("returns")])

    assert [kind for _, kind in told(events)] == ["arrival", "departure", "arrival"]
    departure, again = events[2], events[-1]
    assert departure.begin_s == 0.0
    assert departure.end_s == pytest.approx(10.0, abs=1.5)
    assert again.begin_s == pytest.approx(22.0, abs=1.0)


def test_with_twice_as_many_looks_one_that_returns_to_the_same_spot_names_its_earlier_stay() -> (
    None
):
    """It is gone from 13.6 on, and back at 18 as it stood before."""
    gone = clips.film("returns", clips.every(4, 5, 18))
    back = clips.film("returns", clips.every(4, 5, 9.5), begin_s=18)

    events = clips.seen([*gone, *back], [clips.lane_of("returns")])

    assert [kind for _, kind in told(events)] == ["arrival", "departure", "arrival"]
    departure, again = events[2], events[-1]
    assert departure.begin_s == 5.0
    assert departure.end_s == pytest.approx(10.0, abs=1.25)
    assert (again.begin_s, again.previous_stay) == (18.0, departure.stay_id)


def test_one_that_creeps_along_the_lane_stands_in_it_until_it_drives_off() -> None:
    """55 mm a second, for half a minute: a fire engine could not pass all the while. Half as many
    looks as usual."""
    events = clips.seen(clips.film("creeping", clips.every(1, 0, 40)), [clips.lane_of("creeping")])

    assert [kind for _, kind in told(events)] == ["arrival", "overstay", "departure"]
    assert events[-1].begin_s == 0.0
    assert events[-1].end_s == pytest.approx(30.0, abs=1.5)


def test_another_that_takes_the_place_within_one_look_has_a_stay_of_its_own() -> None:
    """`replaced` without the seconds in between: the white one at 15.5, the red one at 16."""
    white = clips.film("replaced", clips.every(2, 8, 16))
    red = clips.film("replaced", clips.every(2, 22, 33), begin_s=16)

    events = clips.seen([*white, *red], [clips.lane_of("replaced")])

    assert [kind for _, kind in told(events)] == ["arrival", "departure", "arrival"]
    departure, arrival = events[2], events[-1]
    assert (departure.begin_s, departure.end_s) == (8.0, 15.5)
    assert departure.ending == "replaced"
    assert arrival.begin_s == 16.0
    assert arrival.stay_id != departure.stay_id


def down(after: Sequence[Look], until_s: float) -> list[Look]:
    """What a live camera gives while nothing comes."""
    last = after[-1]
    assert not isinstance(last, Outage)
    return [Outage(t_s, "timeout", last) for t_s in clips.every(4, last.t_s + 0.25, until_s)]


def test_a_stream_that_is_down_for_twenty_seconds_is_a_gap_bridged_by_appearance() -> None:
    before = clips.film("hidden", clips.every(2, 0, 5))
    later = clips.film("hidden", clips.every(2, 28.5, 31), begin_s=25)

    events = clips.seen(
        [*before, *down(before, 25), *later], [clips.lane_of("hidden")], "grace_s=22"
    )

    assert [kind for _, kind in told(events)] == ["arrival", "overstay"]
    assert (events[-1].begin_s, events[-1].t_s) == (0.0, 26.0)
    (gap,) = events[-1].gaps
    assert (gap.reason.value, gap.begin_s, gap.end_s) == ("stream-down", 4.5, 25.0)
    assert gap.proof.value == "appearance"


def test_a_stream_that_is_down_for_too_long_breaks_the_stay_and_counts_from_zero_again() -> None:
    before = clips.film("hidden", clips.every(2, 0, 5))
    later = clips.film("hidden", clips.every(2, 0, 4), begin_s=25)

    events = clips.seen(
        [*before, *down(before, 25), *later], [clips.lane_of("hidden")], "max_gap_s=10"
    )

    assert [one.kind.value for one in events] == ["settled", "arrival", "broken", "settled"]
    broken, anew = events[2:]
    assert (broken.begin_s, broken.end_s, broken.ending) == (0.0, 4.5, "gap-too-long")
    assert (anew.begin_s, anew.previous_stay) == (25.0, broken.stay_id)


class Box:
    """A box with one camera: it looks, is turned off, and looks again, with what it kept."""

    def __init__(self, folder: Path, clip: str) -> None:
        database, _ = open_database(folder / "box.db", 0)
        self._memory = StayMemory(database)
        self._folder = folder
        self._lane = clips.lane_of(clip)

    def watches(self, looks: Sequence[Look]) -> list[StayEvent]:
        kept = yard.Kept()
        parts = PostParts(
            clips.camera(self._lane),
            SystemClock(),
            Boot("boot-1", clock_trusted=False),
            clips.begin([self._lane]),
            kept,
            self._memory,
            NoticeBoard([]),
            self._folder,
        )
        post = Post(parts)
        post._rig.camera = yard.Script(looks)
        post._run()
        assert post.failure is None
        return kept.events


def test_a_box_that_was_off_goes_on_with_the_vehicle_that_is_still_there(tmp_path: Path) -> None:
    box = Box(tmp_path, "replaced")
    first = box.watches(clips.film("replaced", clips.every(2, 0, 6)))

    later = box.watches(clips.film("replaced", clips.every(2, 12, 16)) + _until_20(16))

    assert [kind for _, kind in told(first)] == ["arrival"]
    assert [kind for _, kind in told(later)] == ["overstay"]
    assert (later[0].stay_id, later[0].begin_s, later[0].t_s) == (first[0].stay_id, 0.0, 20.0)
    (gap,) = later[0].gaps
    assert (gap.reason.value, gap.end_s, gap.proof.value) == ("box-off", 12.0, "appearance")


def _until_20(begin_s: float) -> list[Look]:
    """More looks at the vehicle that stands still."""
    return clips.film("replaced", clips.every(2, 8, 8 + 20.5 - begin_s), begin_s=begin_s)


def test_after_a_box_was_off_nobody_goes_on_in_the_place_of_another(tmp_path: Path) -> None:
    box = Box(tmp_path, "replaced")
    first = box.watches(clips.film("replaced", clips.every(2, 0, 8)))

    later = box.watches(clips.film("replaced", clips.every(2, 24, 34)))

    mine = [one for one in later if one.stay_id == first[0].stay_id]
    theirs = [one for one in later if one.stay_id != first[0].stay_id]
    assert [kind for _, kind in told(mine)] == ["departure"]
    assert mine[0].end_s == pytest.approx(7.5, abs=0.5)
    assert [kind for _, kind in told(theirs)] == ["arrival"]
    assert theirs[-1].begin_s == pytest.approx(24.0, abs=0.5)


def test_after_a_box_was_off_one_that_is_gone_has_left_when_it_was_last_seen(
    tmp_path: Path,
) -> None:
    box = Box(tmp_path, "returns")
    first = box.watches(clips.film("returns", clips.every(2, 0, 8)))
    empty: list[Look] = []
    for begin_s in range(20, 44, 3):
        empty += clips.film("returns", clips.every(1, 14.5, 17.5), begin_s=begin_s)

    later = box.watches(empty)

    assert [kind for _, kind in told(first)] == ["arrival"]
    assert [kind for _, kind in told(later)] == ["departure"]
    assert later[0].stay_id == first[0].stay_id
    assert later[0].end_s == pytest.approx(7.5, abs=0.5)
