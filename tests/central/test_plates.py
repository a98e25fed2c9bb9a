"""What the office makes of a number plate."""

import pytest

from central import plates
from central.plates import Treatment
from edge.wire.plates import COLOURS


@pytest.mark.parametrize(
    ("plate", "wanted"),
    [
        ("浙B12345", Treatment.REMIND),
        ("浙BD12345", Treatment.REMIND),
        ("浙B12345D", Treatment.REMIND),
        ("浙B1234学", Treatment.REMIND),
        ("浙X1234应急", Treatment.EXEMPT),
        ("京12345应急", Treatment.EXEMPT),
        ("应急浙123X", Treatment.EXEMPT),
        ("浙B1234警", Treatment.EXEMPT),
        ("WJ浙8888X", Treatment.REFER),
        ("KA12345", Treatment.REFER),
        ("使014578", Treatment.REFER),
        ("沪A0023领", Treatment.REFER),
        ("浙B12345临", Treatment.NONE),
        ("浙BI2345", Treatment.NONE),
        ("", Treatment.NONE),
    ],
)
def test_only_plates_of_ordinary_classes_lead_to_a_reminder(plate: str, wanted: Treatment) -> None:
    assert plates.treatment(plate) is wanted


def test_every_grammar_class_has_been_thought_of() -> None:
    assert set(COLOURS) - set(plates._TREATMENT) == {"temp"}


def test_a_plate_has_one_spelling() -> None:
    assert plates.normal(" 浙b·１２３４５ ") == "浙B12345"


def test_known_plates_that_look_alike_are_found_whatever_their_spelling() -> None:
    known = ["浙B12345", "浙B·1Z345", "浙BI2345", "浙B1234S", "浙C12345", "浙B12346"]

    assert plates.alike("浙b12345", known) == ["浙B1234S", "浙B1Z345"]


def test_what_looks_alike_is_never_lost_by_the_narrowing_pattern() -> None:
    assert plates.pattern("浙B10A45") == "浙___A4_"


def test_a_form_says_its_colours() -> None:
    assert plates.colours("浙B12345") == ("blue", "yellow")
    assert plates.colours("浙BD12345") == ("green",)
    assert plates.colours("no plate") == ()
    assert not plates.consistent("浙B12345", "green")
