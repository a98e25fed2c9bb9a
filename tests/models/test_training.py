"""What training rests on: the split by scene and by plate, and texts that plates may bear."""

import re

import numpy as np
import pytest

from models.training.plate_grammar import CHARACTERS, KINDS, PROVINCES, Kind, text
from models.training.splits import SOURCES, Split, plate_held

PLACES = {source.name: source.place for source in SOURCES}


def test_pictures_of_one_video_stay_on_one_side() -> None:
    place = PLACES["topview_vehicles"]
    sides = {place(f"{part}_10_mp4-{k}").held for part in ("train", "valid") for k in range(60)}
    assert sides == {True}
    assert place("train_1_mp4-3") == Split("1", False)


def test_the_fourth_fixed_camera_is_held_out_and_the_third_is_not() -> None:
    place = PLACES["atl_cctv"]
    assert place("atl_10260070014") == Split("highway-2", True)
    assert place("atl_10260020") == Split("highway-1", False)
    assert place("atl_57").scene == "curve"
    assert place("atl_102557").scene == "night"


def test_a_visit_to_a_car_park_stays_on_one_side() -> None:
    place = PLACES["acpds_lots"]
    assert {place(f"GOPR{n}").held for n in range(6661, 6673)} == {True}
    assert not place("GOPR6673").held
    assert not place("GOPR6660").held


def test_neighbouring_numbers_of_a_run_stay_together() -> None:
    place = PLACES["highway_id"]
    assert {place(f"hw_{n:04}").held for n in range(56, 84)} == {True}
    assert {place(f"hw_{n:04}").held for n in range(28, 56)} == {False}


def test_about_a_quarter_of_plate_numbers_is_held_out() -> None:
    held = sum(plate_held(f"浙A{n:05}") for n in range(4000))
    assert 900 < held < 1100


def test_a_plate_number_is_held_out_everywhere_or_nowhere() -> None:
    assert plate_held("浙B12345") == plate_held("浙B12345")
    assert {plate_held(f"浙B1234{n}") for n in range(10)} == {True, False}


FORMS = {
    "civil-blue": f"[{PROVINCES}][A-HJ-NP-ZO][A-HJ-NP-Z0-9]{{5}}",
    "nev-small": f"[{PROVINCES}][A-HJ-NP-ZO][ABCDEFGHJK][A-HJ-NP-Z0-9][0-9]{{4}}",
    "nev-large": f"[{PROVINCES}][A-HJ-NP-ZO][0-9]{{5}}[ABCDEFGHJK]",
    "police": f"[{PROVINCES}][A-HJ-NP-ZO][A-HJ-NP-Z0-9]{{4}}警",
    "rescue": f"[{PROVINCES}][XS][0-9]{{4}}应急",
    "embassy": "使[0-9]{6}|[0-9]{6}使",
    "hk-macao": "粤Z[A-HJ-NP-Z0-9]{4}[港澳]",
    "trailer": f"[{PROVINCES}][A-HJ-NP-ZO][A-HJ-NP-Z0-9]{{4}}挂",
}


@pytest.mark.parametrize("kind", [k for k in KINDS if k.name in FORMS], ids=lambda k: k.name)
def test_drawn_texts_have_the_form_of_their_kind(kind: Kind) -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        assert re.fullmatch(FORMS[kind.name], text(rng, kind))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_a_place_for_each_character_and_knows_them_all(kind: Kind) -> None:
    drawn = text(np.random.default_rng(2), kind)
    assert len(drawn) == len(kind.spots)
    assert set(drawn) <= set(CHARACTERS)
    assert all(x + wide <= kind.size[0] for x, _, wide, _ in kind.spots)


def test_a_civil_serial_has_at_most_two_letters() -> None:
    rng = np.random.default_rng(3)
    civil = next(kind for kind in KINDS if kind.name == "civil-blue")
    letters = [sum(c.isalpha() for c in text(rng, civil)[2:]) for _ in range(500)]
    assert max(letters) == 2
    assert min(letters) == 0


def test_no_character_is_listed_twice() -> None:
    assert len(set(CHARACTERS)) == len(CHARACTERS) == 76
