"""Shadows darken the ground where they lie, and leave no seams."""

import numpy as np

from scripts.scene.effects import Weather
from scripts.scene.model import Camera, Effect, EffectKind, Lane, Scene
from scripts.scene.optics import Light
from scripts.scene.outline import View

SIZE = (320, 180)
EYE = np.array((-12.0, 1.0, 6.0))
TURN = np.array([(0, -1, 0), (0.5, 0, 0.866), (-0.866, 0, 0.5)])
VIEW = View(TURN, -TURN @ EYE, 260.0, SIZE)


def under(kind: EffectKind, t: float) -> Light:
    plan = Scene(
        name="t",
        seconds=20,
        camera=Camera(at=(-12, 1, 6), aim=(0, 1, 0), hfov_deg=60, size=SIZE),
        lane=Lane(polygon=[(0, 0), (1, 0), (1, 1)]),
        effects=[Effect(kind=kind, begin=2, end=18, strength=0.5)],
    )
    grey = np.full((SIZE[1], SIZE[0], 3), 0.4, np.float32)
    return Weather(plan, VIEW).apply(grey, t)


def test_before_a_cloud_comes_the_light_is_as_it_was() -> None:
    assert (under("cloud", 1.0) == np.float32(0.4)).all()


def test_a_cloud_in_the_middle_of_its_time_darkens_the_whole_lane() -> None:
    assert under("cloud", 10.0).mean() < 0.3


def test_the_shade_of_leaves_is_dappled_and_has_no_hard_edges() -> None:
    light = under("tree_shadow", 10.0)[..., 1]
    assert light.min() < 0.26
    assert light.max() > 0.39
    assert np.abs(np.diff(light, axis=1)).max() < 0.09


def test_headlights_brighten_the_ground() -> None:
    assert under("headlights", 10.0).max() > 0.6
