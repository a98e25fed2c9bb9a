"""Random scenes repeat by their seed and their labels are right."""

import itertools

import pytest

from scripts.scene.invent import SIZE, invented_stage, invented_still
from scripts.scene.stills import CLASSES, yolo_lines
from scripts.scene.timeline import footprint, overlap
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
