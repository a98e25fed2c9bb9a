"""Positions, standing and stays follow from the poses alone."""

import math

import numpy as np
import pytest

from scripts.scene.model import Actor, Camera, Lane, Pose, Scene
from scripts.scene.timeline import Placed, Stay, Track, clipped, footprint, overlap, stays

LANE = [(-10.0, 0.0), (10.0, 0.0), (10.0, 4.0), (-10.0, 4.0)]


def actor(*poses: tuple[float, float, float], name: str = "car", **more: object) -> Actor:
    path = [Pose(t=t, at=(x, y)) for t, x, y in poses]
    return Actor.model_validate({"id": name, "model": "sedan", "path": path, **more})


def scene(*actors: Actor, seconds: float = 60) -> Scene:
    camera = Camera(at=(-9, -4, 5), aim=(0, 1, 0), hfov_deg=40)
    return Scene(
        name="t", seconds=seconds, camera=camera, lane=Lane(polygon=LANE), actors=list(actors)
    )


PARKS = ((2.0, 25.0, -1.7), (8.0, 0.0, 2.0), (40.0, 0.0, 2.0), (44.0, -25.0, -1.7))


def test_an_actor_is_absent_before_its_first_and_after_its_last_pose() -> None:
    track = Track(actor(*PARKS))
    assert track.at(1.9) is None
    assert track.at(44.1) is None


def test_two_equal_places_are_one_exact_stand() -> None:
    track = Track(actor(*PARKS))
    assert track.stands() == [(8.0, 40.0)]
    places = {(p.x, p.y, p.heading) for t in (8.0, 20.0, 40.0) if (p := track.at(t))}
    assert len(places) == 1


def test_a_car_faces_the_way_it_drives() -> None:
    early = Track(actor(*PARKS)).at(2.5)
    assert early is not None
    assert math.cos(early.heading) == pytest.approx(-1, abs=0.05)


def test_a_reversing_car_faces_the_other_way() -> None:
    early = Track(actor(*PARKS, reversing=True)).at(2.5)
    assert early is not None
    assert math.cos(early.heading) == pytest.approx(1, abs=0.05)


def test_heading_never_jumps() -> None:
    track = Track(actor(*PARKS))
    assert np.abs(np.diff(track.heading)).max() < math.radians(3)


def test_a_stay_has_the_times_of_the_stand() -> None:
    assert stays(scene(actor(*PARKS))) == [Stay("car", 8.0, 40.0)]


def test_standing_when_the_clip_ends_has_no_end() -> None:
    assert stays(scene(actor(*PARKS), seconds=30)) == [Stay("car", 8.0, None)]


def test_standing_beside_the_lane_is_no_stay() -> None:
    beside = actor((0, 25, -1.7), (6, 0, -1.7), (40, 0, -1.7))
    assert stays(scene(beside)) == []


def test_standing_when_the_clip_begins_counts_from_its_begin() -> None:
    assert stays(scene(actor((0, 0, 2), heading_deg=180))) == [Stay("car", 0.0, None)]


def test_a_person_in_the_lane_is_no_stay() -> None:
    walker = Actor(id="w", model="person", path=[Pose(t=0, at=(0, 2))])
    assert stays(scene(walker)) == []


def test_the_footprint_of_a_sedan_is_its_length_and_width() -> None:
    corners = footprint(actor((0, 0, 2)), Placed(3.0, 2.0, math.pi / 2, 0))
    assert corners[:, 0].max() - corners[:, 0].min() == pytest.approx(1.83)
    assert corners[:, 1].max() - corners[:, 1].min() == pytest.approx(4.74)


def test_half_a_footprint_in_the_lane_is_one_half() -> None:
    corners = footprint(actor((0, 0, 2)), Placed(0.0, 0.0, 0.0, 0))
    assert overlap(corners, [(float(x), float(y)) for x, y in LANE]) == pytest.approx(0.5)


def test_overlap_with_a_lane_of_concave_shape() -> None:
    unit = np.array([(0, 0), (2, 0), (2, 2), (0, 2)], float)
    corner = [(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0), (1.0, 2.0), (0.0, 2.0)]
    assert overlap(unit, corner) == pytest.approx(0.75)


def test_nothing_is_left_of_a_figure_outside() -> None:
    unit = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
    assert len(clipped(unit + 5.0, unit)) == 0
