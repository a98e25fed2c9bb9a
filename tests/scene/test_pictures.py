"""Crops go back in their place, effects begin and end when they should, clips keep their size."""

import cv2
import numpy as np
import pytest

from scripts.scene.compose import Picture, laid_over
from scripts.scene.effects import Mishaps, active
from scripts.scene.model import Camera, Effect, EffectKind, Lane, Scene
from scripts.scene.optics import NIGHT_NOISE, Sensor, clock_text, expose, to_light

SIZE = (320, 180)


def scene(*effects: tuple[EffectKind, float, float, float]) -> Scene:
    return Scene(
        name="t",
        seconds=30,
        camera=Camera(at=(-9, -4, 5), aim=(0, 1, 0), hfov_deg=40, size=SIZE),
        lane=Lane(polygon=[(0, 0), (1, 0), (1, 1)]),
        effects=[Effect(kind=k, begin=b, end=e, strength=s) for k, b, e, s in effects],
    )


def chequer() -> Picture:
    yy, xx = np.mgrid[: SIZE[1], : SIZE[0]]
    grey = (((xx // 10 + yy // 10) % 2) * 200 + 20).astype(np.uint8)
    return np.repeat(grey[..., None], 3, 2)


def test_a_crop_fills_its_middle_and_leaves_the_rest() -> None:
    base = np.zeros((100, 160, 3), np.uint8)
    crop = np.full((60, 60, 3), 200, np.uint8)
    result = laid_over(base, crop, (40, 20, 100, 80))
    assert (result[50, 70] == 200).all()
    assert result[:20].max() == 0
    assert 0 < result[50, 42].max() < 200


def test_a_crop_at_the_edge_of_the_frame_is_not_faded_there() -> None:
    base = np.zeros((100, 160, 3), np.uint8)
    result = laid_over(base, np.full((50, 60, 3), 200, np.uint8), (0, 0, 60, 50))
    assert (result[0, 0] == 200).all()


def test_a_smaller_crop_is_enlarged_to_its_border() -> None:
    base = np.zeros((100, 160, 3), np.uint8)
    result = laid_over(base, np.full((30, 36, 3), 200, np.uint8), (40, 20, 100, 70))
    assert (result[45, 70] == 200).all()


def test_a_smaller_crop_keeps_the_detail_of_ground_that_did_not_change() -> None:
    base = chequer()
    small = np.asarray(cv2.resize(base, (160, 90), interpolation=cv2.INTER_AREA), np.uint8)
    small[30:60, 60:100] = 128
    result = laid_over(base, small, (0, 0, *SIZE)).astype(int)
    assert np.abs(result[:, :80] - base[:, :80]).max() <= 2
    assert np.abs(result[80:100, 140:180] - 128).max() <= 2


def test_effects_hold_from_begin_until_before_end() -> None:
    plan = scene(("rain", 5, 10, 0.5))
    assert [len(active(plan, t)) for t in (4.9, 5.0, 9.9, 10.0)] == [0, 1, 1, 0]


def test_a_knocked_camera_shows_the_picture_moved_by_that_share() -> None:
    moved = Mishaps(scene(("shift", 0, 20, 0.125))).apply(chequer(), 10.0)
    assert (moved[40:100, 100:200] == chequer()[48:108, 140:240]).mean() > 0.85
    assert (moved[40:100, 100:200] == chequer()[40:100, 100:200]).mean() < 0.7


def test_a_frozen_camera_repeats_its_last_picture() -> None:
    mishaps = Mishaps(scene(("frozen", 5, 10, 0.5)))
    dimmed = np.asarray(chequer() // 2, np.uint8)
    before = mishaps.apply(chequer(), 4.9)
    assert (mishaps.apply(dimmed, 6.0) == before).all()
    assert (mishaps.apply(dimmed, 10.0) == dimmed).all()


def test_black_and_covered_lenses_show_nothing_of_the_scene() -> None:
    assert Mishaps(scene(("black", 0, 5, 0.5))).apply(chequer(), 2.0).max() == 0
    covered = Mishaps(scene(("covered", 0, 5, 0.5))).apply(chequer(), 2.5)
    assert covered.astype(float).std() < 12


def test_defocus_takes_the_detail_away() -> None:
    blurred = Mishaps(scene(("defocused", 0, 10, 0.6))).apply(chequer(), 5.0)
    assert blurred.astype(float).std() < 0.5 * chequer().astype(float).std()


def test_infrared_pictures_are_grey_and_noisier() -> None:
    rng = np.random.default_rng(0)
    flat = to_light(np.full((90, 160, 3), (60, 120, 90), np.uint8))
    day = expose(flat, Sensor(), rng)
    night = expose(flat, Sensor(grey=True, noise=NIGHT_NOISE), rng)
    assert (night[..., 0] == night[..., 1]).all()
    middle = slice(30, 60), slice(60, 100), 1
    assert night[middle].astype(float).std() > 1.2 * day[middle].astype(float).std()


@pytest.mark.parametrize(("t", "text"), [(0.9, "2026-05-12 23:59:30"), (31, "2026-05-13 00:00:01")])
def test_the_burnt_in_clock_runs_in_whole_seconds(t: float, text: str) -> None:
    assert clock_text("2026-05-12 23:59:30", t) == text
