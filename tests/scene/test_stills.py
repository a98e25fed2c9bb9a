"""Random scenes repeat by their seed and their labels are right."""

import itertools
import math

import numpy as np
import pytest

from scripts.scene.catalogue import MODELS
from scripts.scene.invent import SIZE, invented_portrait, invented_stage, invented_still
from scripts.scene.model import Actor, Camera
from scripts.scene.outline import View
from scripts.scene.stills import CLASSES, metered, yolo_lines
from scripts.scene.timeline import Placed, footprint, height_of, overlap
from scripts.scene.truth import Box, VehicleTruth


def vehicle(box: Box, kind: str = "car", visible: float = 1.0) -> VehicleTruth:
    return VehicleTruth(
        id="a",
        vehicle_class=kind,
        model="sedan",
        box=box,
        visible=visible,
        plate=None,
        plate_style=None,
        plate_side=None,
        plate_corners=None,
        plate_visible=0,
        in_lane=0,
        ground_in_lane=0,
        standing=True,
    )


def box_of(camera: Camera, actor: Actor, where: Placed) -> Box:
    """The box around the corners of the vehicle's upright block."""
    ahead = np.array(camera.aim) - np.array(camera.at)
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, (0, 0, 1))
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(right, ahead), -ahead])
    focal = SIZE[0] / 2 / math.tan(math.radians(camera.hfov_deg) / 2)
    view = View(rotation, -rotation @ np.array(camera.at), focal, SIZE)
    ground = footprint(actor, where)
    corners = [(x, y, z) for x, y in ground for z in (0, height_of(actor))]
    pixels, _ = view.project(np.array(corners))
    (x0, y0), (x1, y1) = pixels.min(0), pixels.max(0)
    return float(x0), float(y0), float(x1), float(y1)


def test_the_same_seed_gives_the_same_stage_and_stills() -> None:
    assert invented_stage(5) == invented_stage(5)
    assert invented_still(invented_stage(5), 3) == invented_still(invented_stage(5), 3)


def test_other_seeds_and_indices_give_other_pictures() -> None:
    stage = invented_stage(5)
    assert invented_stage(6) != stage
    assert invented_still(stage, 1) != invented_still(stage, 2)


@pytest.mark.parametrize("seed", range(12))
def test_no_two_actors_stand_in_each_other(seed: int) -> None:
    stage = invented_stage(seed)
    by_id = {a.id: a for a in stage.actors}
    for index in range(6):
        placed = invented_still(stage, index).placed
        grounds = [footprint(by_id[n], p) for n, p in placed.items()]
        for one, other in itertools.combinations(grounds, 2):
            assert overlap(one, [(float(x), float(y)) for x, y in other]) == 0


def test_only_the_wanted_lights_are_drawn() -> None:
    kinds = {invented_still(invented_stage(1), i, ("overcast",)).light.kind for i in range(20)}
    assert kinds == {"overcast"}


def test_a_label_is_class_middle_and_size_as_shares() -> None:
    quarter = vehicle((0, 0, SIZE[0] / 2, SIZE[1] / 2), "bus")
    assert yolo_lines([quarter], SIZE) == ["2 0.25000 0.25000 0.50000 0.50000"]


def test_a_fire_engine_is_labelled_as_a_truck() -> None:
    line = yolo_lines([vehicle((0, 0, 100, 100), "fire_engine")], SIZE)[0]
    assert CLASSES[int(line[0])] == "truck"


def test_what_is_nearly_hidden_or_tiny_has_no_label() -> None:
    hidden = vehicle((0, 0, 100, 100), visible=0.1)
    tiny = vehicle((0, 0, 12, 7))
    assert yolo_lines([hidden, tiny], SIZE) == []


def test_portraits_take_the_models_in_turn_each_alone_under_one_light_a_turn() -> None:
    stage = invented_stage(5, portraits=("bus", "truck"))
    stills = [invented_portrait(stage, index) for index in range(4)]
    by_id = {a.id: a.model for a in stage.actors}
    assert [[by_id[name] for name in s.placed] for s in stills] == [["bus"], ["truck"]] * 2
    assert stills[0].light == stills[1].light != stills[2].light
    assert {s.light.kind for s in stills} <= {"sun", "overcast"}


@pytest.mark.parametrize("index", range(20))
def test_a_portrait_shows_the_whole_vehicle_large_enough_to_be_judged(index: int) -> None:
    stage = invented_stage(5, portraits=tuple(MODELS))
    still = invented_portrait(stage, index)
    actor = next(a for a in stage.actors if a.id in still.placed)
    x0, y0, x1, y1 = box_of(still.camera, actor, still.placed[actor.id])
    assert -20 <= x0 < x1 <= SIZE[0] + 20
    assert y1 - y0 >= 120


def test_a_dark_daylight_picture_is_lifted_and_a_night_is_left_dark() -> None:
    dark = np.full((4, 4, 3), 0.02, np.float32)
    assert float(metered(dark, "sun").mean()) == pytest.approx(0.02 * 4.0**0.7, rel=1e-3)
    assert float(metered(dark, "lamps").mean()) == pytest.approx(0.02)
