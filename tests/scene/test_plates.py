"""Plates have the proportions of GA 36 and the texts of the grammar."""

import random
import re

import numpy as np
import pytest

from scripts.scene.plates import (
    PROVINCES,
    STYLES,
    PlateError,
    Style,
    bare,
    draw,
    invent,
    layout,
    soiled,
)

GRAMMAR: dict[Style, str] = {
    "blue": "[P][A-HJ-NP-Z][A-HJ-NP-Z0-9]{5}",
    "yellow": "[P][A-HJ-NP-Z][A-HJ-NP-Z0-9]{5}",
    "yellow_two_line": "[P][A-HJ-NP-Z][A-HJ-NP-Z0-9]{5}",
    "green": "[P][A-HJ-NP-Z][DF][A-HJ-NP-Z0-9][0-9]{4}",
    "green_large": "[P][A-HJ-NP-Z][0-9]{5}[DF]",
    "police": "[P][A-HJ-NP-Z][A-HJ-NP-Z0-9]{4}警",
    "emergency": "[P][XS][0-9]{4}应急",
    "black": "粤Z[A-HJ-NP-Z0-9]{4}[港澳]",
    "trainer": "[P][A-HJ-NP-Z][A-HJ-NP-Z0-9]{4}学",
    "wj": "WJ[0-9]{4}[A-HJ-NP-Z0-9]",
}


def test_every_style_has_a_grammar() -> None:
    assert set(GRAMMAR) == set(STYLES)


@pytest.mark.parametrize("style", STYLES)
def test_invented_texts_fit_the_grammar_and_can_be_laid_out(style: Style) -> None:
    rng = random.Random(4)
    pattern = re.compile(GRAMMAR[style].replace("[P]", f"[{PROVINCES}]"))
    for _ in range(200):
        text = invent(style, rng)
        assert pattern.fullmatch(text), text
        assert len(layout(text, style).glyphs) == len(bare(text))


def test_serials_have_at_most_two_letters() -> None:
    rng = random.Random(1)
    texts = [invent("blue", rng)[2:] for _ in range(300)]
    assert max(sum(c.isalpha() for c in text) for text in texts) == 2


def test_the_same_seed_invents_the_same_plates() -> None:
    one, other = random.Random(9), random.Random(9)
    assert [invent("green", one) for _ in range(5)] == [invent("green", other) for _ in range(5)]


def test_a_blue_plate_is_440_by_140_with_the_dot_after_the_second_character() -> None:
    plan = layout("浙B·F1R25", "blue")
    assert (plan.width_mm, plan.height_mm) == (440, 140)
    assert plan.dot is not None
    assert plan.glyphs[1].x + plan.glyphs[1].width < plan.dot[0] < plan.glyphs[2].x
    last = plan.glyphs[-1]
    assert plan.width_mm - (last.x + last.width) == pytest.approx(15.5, abs=1)


def test_characters_of_every_style_stay_on_the_plate_and_apart() -> None:
    rng = random.Random(2)
    for style in STYLES:
        plan = layout(invent(style, rng), style)
        for glyph in plan.glyphs:
            assert glyph.x >= 0
            assert glyph.x + glyph.width <= plan.width_mm
            assert glyph.y + glyph.height <= plan.height_mm
        for a, b in zip(plan.glyphs, plan.glyphs[1:], strict=False):
            assert b.y > a.y or b.x >= a.x + a.width


def test_a_text_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(PlateError, match="has 7 characters, a green plate has 8"):
        layout("浙B12345", "green")


def test_colours_are_those_of_the_style() -> None:
    blue = draw("浙BF1R25", "blue", 1)[20, 220].astype(int)
    green = draw("浙BD12345", "green", 1).astype(int)
    assert blue[2] > blue[0] + 80
    assert green[10, 90].sum() > green[128, 90].sum()
    assert draw("浙B12345D", "green_large", 1)[20, 60].tolist() == [238, 176, 20]


def test_dirt_darkens_a_white_plate_and_none_changes_nothing() -> None:
    clean = draw("浙B1234警", "police", 1)
    rng = np.random.default_rng(0)
    assert (soiled(clean, 0.0, rng) == clean).all()
    assert soiled(clean, 0.9, rng).mean() < clean.mean() - 10
