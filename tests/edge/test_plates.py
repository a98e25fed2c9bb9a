from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.plates import PlateVote, Reading
from edge.wire.plates import (
    COLOURS,
    LOOK_ALIKES,
    alike,
    classify,
    consistent,
    look_alikes,
    norm,
)

PLATES = [
    ("浙B12345", "civil"),
    ("浙B·A1B23", "civil"),
    ("浙b12345", "civil"),
    ("浙Ｂ12345", "civil"),
    ("浙BD12345", "nev_small"),
    ("浙BDA1234", "nev_small"),
    ("浙BF12345", "nev_small"),
    ("浙BG12345", "nev_small"),
    ("浙B12345D", "nev_large"),
    ("浙B1234警", "police"),
    ("浙O1234警", "police"),
    ("浙B1234学", "trainer"),
    ("浙B1234挂", "trailer"),
    ("粤Z1234港", "hkmo"),
    ("粤ZAB12澳", "hkmo"),
    ("使014578", "embassy"),
    ("014578使", "embassy"),
    ("沪A0023领", "consulate"),
    ("浙·X1234应急", "fire_rescue"),
    ("京·12345应急", "ministry"),
    ("应急浙123X", "fire_moto"),
    ("WJ浙8888X", "wj"),
    ("WJ12345", "wj"),
    ("KA12345", "military"),
    ("浙B1234临", "temp"),
]
NO_PLATES = ["浙BABC12", "浙BI2345", "浙BL12345", "浙B1234", "港B12345", "浙B1234O", "浙BDO1234"]


@pytest.mark.parametrize(("text", "grammar"), PLATES)
def test_a_plate_belongs_to_its_class(text: str, grammar: str) -> None:
    assert classify(text) == grammar


@pytest.mark.parametrize("text", [*NO_PLATES, "", "京", "12345", "浙B12345X9", "渐B12345"])
def test_what_is_no_plate_has_no_class(text: str) -> None:
    assert classify(text) is None


def test_spaces_dots_and_full_width_forms_are_taken_away() -> None:
    assert norm(" 浙 Ｂ·ａ1・b-23 ") == "浙BA1B23"


@pytest.mark.parametrize(
    ("text", "colour", "expected"),
    [
        ("浙B12345", "blue", True),
        ("浙B12345", "yellow", True),
        ("浙B12345", "green", False),
        ("浙BD12345", "green", True),
        ("浙BD12345", "blue", False),
        ("浙B12345D", "yellow-green", True),
        ("浙B1234警", "white", True),
        ("粤Z1234港", "black", True),
        ("nonsense", "blue", False),
    ],
)
def test_text_and_colour_must_fit(text: str, colour: str, expected: bool) -> None:
    assert consistent(text, colour) is expected


def test_every_class_has_a_colour() -> None:
    assert all(COLOURS[grammar] for _, grammar in PLATES)


def test_look_alikes_of_a_plate_are_plates_themselves() -> None:
    found = look_alikes("浙B1A234")

    assert "浙81A234" not in found
    assert "浙BTA234" in found
    assert "浙B1A234" not in found
    assert all(alike("浙B1A234", other) and classify(other) for other in found)


def test_plates_that_differ_in_other_characters_are_not_alike() -> None:
    assert alike("浙B80D23", "浙BB0023")
    assert not alike("浙B12345", "浙B12346")
    assert not alike("浙B12345", "浙B1234")
    assert all(len(group) >= 2 for group in LOOK_ALIKES)


def look(text: str, sure: float = 0.95, colour: str = "blue") -> Reading:
    return Reading(text, (sure,) * len(text), colour, 0.9)


def vote(readings: Sequence[Reading], weights: Sequence[float] = ()) -> PlateVote:
    votes = PlateVote()
    for i, reading in enumerate(readings):
        votes.add(reading, weights[i] if weights else 1.0)
    return votes


def test_many_equal_looks_give_the_plate_with_its_confidences() -> None:
    result = vote([look("浙B12345")] * 5).result()

    assert (result.status, result.text, result.grammar) == ("read", "浙B12345", "civil")
    assert (result.colour, result.frames) == ("blue", 5)
    assert result.chars_pm == [950] * 7
    assert result.confidence_pm == 698


def test_characters_are_voted_one_by_one() -> None:
    looks = [look("浙B12345"), look("浙B12345"), look("浙B1Z345", 0.3), look("浙B12S45", 0.3)]

    assert vote(looks).result().status == "unread"
    assert vote([*looks, *[look("浙B12345")] * 4]).result().text == "浙B12345"


@pytest.mark.parametrize(
    "looks",
    [
        [],
        [look("浙B12345")] * 2,
        [look("浙B12345", 0.6)] * 20,
        [look("浙B12345")] * 10 + [look("浙B12346")] * 8,
        [look("浙B12345", colour="green")] * 10,
        [look("浙BI2345")] * 10,
        [look("浙BD12345", colour="green")] * 5 + [look("浙B12345")] * 5,
        [Reading("浙B12345", (0.95,) * 7)] * 10,
    ],
    ids=[
        "no look",
        "two looks",
        "unsure looks",
        "two plates",
        "a colour that does not fit",
        "no plate of any grammar",
        "two lengths",
        "no colour",
    ],
)
def test_what_is_in_doubt_is_unread(looks: list[Reading]) -> None:
    result = vote(looks).result()

    assert (result.status, result.text, result.confidence_pm) == ("unread", None, 0)


def test_one_unsure_character_keeps_the_whole_plate_unread() -> None:
    sure = (0.99, 0.99, 0.99, 0.55, 0.99, 0.99, 0.99)

    assert vote([Reading("浙B12345", sure, "blue", 0.9)] * 10).result().status == "unread"


def test_a_text_without_a_province_needs_a_sure_colour() -> None:
    """A pale green plate that lost its province reads as a white one of the forces."""
    plain = ("VD97808", (0.98,) * 7, "white")
    assert vote([Reading(*plain, 0.95)] * 4).result().text == "VD97808"
    assert vote([Reading(*plain, 0.5)] * 4).result().status == "unread"
    with_province = Reading("浙B1234警", (0.98,) * 7, "white", 0.5)
    assert vote([with_province] * 4).result().text == "浙B1234警"


def test_a_poor_look_weighs_less_than_a_good_one() -> None:
    looks = [look("浙B12345")] * 4 + [look("浙B12346")] * 4

    assert vote(looks, [1.0] * 4 + [0.05] * 4).result().text == "浙B12345"


def test_a_reading_without_a_confidence_for_each_character_is_refused() -> None:
    with pytest.raises(ValueError, match="each of its 7 characters, got 6"):
        Reading("浙B12345", (0.9,) * 6)


TEXTS = st.sampled_from(["浙B12345", "浙B12346", "浙BD12345", "浙B1234", "京A88888", ""])
READINGS = st.builds(
    lambda text, sure, colour: Reading(text, (sure,) * len(text), colour, sure),
    TEXTS,
    st.floats(0, 1),
    st.sampled_from(["blue", "green", "yellow", None]),
)


@given(st.lists(st.tuples(READINGS, st.floats(0, 1)), max_size=12), st.randoms())
def test_the_order_of_looks_does_not_matter(
    looks: list[tuple[Reading, float]], random: Random
) -> None:
    shuffled = looks[:]
    random.shuffle(shuffled)

    first = vote([r for r, _ in looks], [w for _, w in looks]).result()
    assert first == vote([r for r, _ in shuffled], [w for _, w in shuffled]).result()


@given(st.lists(READINGS, max_size=12))
def test_an_accepted_plate_was_read_as_a_whole_and_fits_its_grammar(looks: list[Reading]) -> None:
    result = vote(looks).result()

    if result.text is not None:
        assert sum(r.text == result.text for r in looks) >= 2
        assert classify(result.text) == result.grammar
        assert result.colour is not None
        assert consistent(result.text, result.colour)
    assert len(result.chars_pm) <= 10


@given(st.text(max_size=12))
def test_any_text_is_classified_or_refused(text: str) -> None:
    assert classify(text) in {None, *COLOURS}
