"""A clip needs few pictures: a still for each set of standing actors, crops of what moves."""

from pathlib import Path

import numpy as np

from scripts.scene.model import Actor, Camera, Effect, Lane, Light, Pose, Scene
from scripts.scene.outline import Solid, View
from scripts.scene.render import work_folder
from scripts.scene.shots import plan_ticks, wanted

EYE = np.array((-20.0, 0, 5))
TURN = np.array([(0, -1, 0), (0.2, 0, 0.98), (-0.98, 0, 0.2)])
VIEW = View(TURN, -TURN @ EYE, 300.0, (320, 180))
CUBE = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (0, 2)], float)
QUADS = ((0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (1, 3, 7, 5), (0, 2, 6, 4))
SOLID = Solid(
    CUBE, np.array([t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))], np.int32), {}
)


def scene(*poses: tuple[float, float, float], lights: tuple[Light, ...] = (Light(),)) -> Scene:
    path = [Pose(t=t, at=(x, y)) for t, x, y in poses]
    return Scene(
        name="t",
        seconds=20,
        motion_fps=2,
        camera=Camera(at=(-20, 0, 5), aim=(0, 0, 0), hfov_deg=40, size=(320, 180)),
        lane=Lane(polygon=[(-9, -2), (9, -2), (9, 2), (-9, 2)]),
        lights=list(lights),
        actors=[Actor(id="car", model="sedan", path=path)],
    )


def test_a_scene_in_which_nothing_moves_needs_one_picture() -> None:
    shots = wanted(plan_ticks(scene((0, 0, 0)), {"car": SOLID}, VIEW))
    assert [shot.border for shot in shots] == [None]


def test_each_light_needs_its_own_still() -> None:
    lights = (Light(), Light(kind="ir", since=8))
    shots = wanted(plan_ticks(scene((0, 0, 0), lights=lights), {"car": SOLID}, VIEW))
    assert len(shots) == 2


def test_a_moving_car_is_a_crop_over_the_empty_ground() -> None:
    plan = scene((4, 0, 2), (6, 0, -2), (12, 0, -2), (14, 0, 2))
    ticks = plan_ticks(plan, {"car": SOLID}, VIEW)
    stills = [shot for shot in wanted(ticks) if shot.border is None]
    assert len(stills) == 2
    moving = [tick for tick in ticks if tick.crop]
    assert [tick.moment.t for tick in moving] == [4.0, 4.5, 5.0, 5.5, 12.5, 13.0, 13.5, 14.0]
    assert all(tick.base.moment.placed == {} for tick in moving)


def test_a_border_holds_the_car_and_stays_in_the_frame() -> None:
    ticks = plan_ticks(scene((4, 0, 2), (6, 0, -2)), {"car": SOLID}, VIEW)
    for tick in ticks:
        if tick.crop:
            assert tick.crop.border is not None
            x0, y0, x1, y1 = tick.crop.border
            assert 0 <= x0 < x1 <= 320
            assert 0 <= y0 < y1 <= 180


def test_effects_and_length_do_not_ask_for_new_pictures_but_a_new_lens_does() -> None:
    plan = scene((0, 0, 0))
    rain = Effect(kind="rain", begin=1, end=2)
    base = work_folder(plan, Path("w"))
    assert (
        work_folder(plan.model_copy(update={"effects": [rain], "seconds": 9.0}), Path("w")) == base
    )
    lens = plan.camera.model_copy(update={"hfov_deg": 50.0})
    assert work_folder(plan.model_copy(update={"camera": lens}), Path("w")) != base
