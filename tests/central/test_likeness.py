"""Which vehicles seen can be the registered one, and which cannot."""

import pytest

from central.likeness import (
    LETTERS,
    TAKEN_FOR,
    BodyColour,
    Part,
    Registered,
    Seen,
    SeenKind,
    compared,
    differs,
)

C, K = BodyColour, SeenKind
UNSEEN = {C.OTHER, C.UNTOLD}


def seen(*colours: BodyColour | None) -> list[Seen]:
    return [Seen(colour, K.CAR) for colour in colours]


def of_kind(*kinds: SeenKind) -> list[Seen]:
    return [Seen(C.WHITE, kind) for kind in kinds]


def test_the_letters_are_those_of_the_registers_standard() -> None:
    assert {letter: colour.value for letter, colour in LETTERS.items()} == {
        "A": "white",
        "B": "grey",
        "C": "yellow",
        "D": "pink",
        "E": "red",
        "F": "purple",
        "G": "green",
        "H": "blue",
        "I": "brown",
        "J": "black",
        "Z": "other",
    }


def test_what_is_taken_for_another_colour_is_taken_for_it_both_ways() -> None:
    assert set(TAKEN_FOR) == set(C) - UNSEEN
    assert all(one in TAKEN_FOR[other] for one, others in TAKEN_FOR.items() for other in others)
    assert all(one not in others for one, others in TAKEN_FOR.items())


@pytest.mark.parametrize(
    ("colours", "letters"),
    [
        ((C.WHITE, C.WHITE), "J"),
        ((C.BLACK, C.BLACK), "A"),
        ((C.WHITE, C.GREY), "E"),
        ((C.RED, C.RED), "H"),
        ((C.BLUE, C.GREEN), "D"),
        ((C.YELLOW, C.YELLOW), "J"),
        ((C.WHITE, C.UNTOLD), "J"),
        ((C.WHITE, None), "J"),
        ((C.WHITE, C.WHITE), "JE"),
    ],
)
def test_a_colour_that_no_light_explains_contradicts_the_register(
    colours: tuple[BodyColour | None, ...], letters: str
) -> None:
    assert differs(seen(*colours), Registered(letters)) == (Part.COLOUR,)


@pytest.mark.parametrize(
    ("colours", "letters"),
    [
        ((C.WHITE, C.WHITE), "A"),
        ((C.WHITE, C.WHITE), "B"),
        ((C.GREY, C.BLACK), "J"),
        ((C.BROWN, C.RED), "C"),
        ((C.BLUE, C.BLUE), "F"),
        ((C.GREEN, C.GREEN), "H"),
        ((C.BLACK, C.BLACK), "H"),
        ((C.WHITE, C.WHITE), "JA"),
    ],
)
def test_a_colour_that_light_makes_of_the_registered_one_does_not(
    colours: tuple[BodyColour, ...], letters: str
) -> None:
    assert differs(seen(*colours), Registered(letters)) == ()


def test_where_it_fits_what_one_officer_saw_nothing_is_clear() -> None:
    assert differs(seen(C.WHITE, C.BLACK), Registered("J")) == ()


@pytest.mark.parametrize(
    ("colours", "letters"),
    [
        ((C.UNTOLD, C.UNTOLD), "J"),
        ((C.OTHER, C.OTHER), "J"),
        ((None, None), "J"),
        ((), "J"),
        ((C.WHITE, C.WHITE), ""),
        ((C.WHITE, C.WHITE), "Z"),
        ((C.WHITE, C.WHITE), "JZ"),
    ],
)
def test_nothing_counts_where_nobody_can_tell_or_the_register_does_not_say(
    colours: tuple[BodyColour | None, ...], letters: str
) -> None:
    assert differs(seen(*colours), Registered(letters)) == ()
    assert not compared(seen(*colours), Registered(letters))


def test_a_colour_was_compared_once_one_officer_could_tell() -> None:
    assert compared(seen(C.UNTOLD, C.WHITE), Registered("A"))


@pytest.mark.parametrize(
    ("kinds", "vehicle_class", "expected"),
    [
        ((K.CAR, K.VAN), "large-truck", (Part.KIND,)),
        ((K.BUS, K.BUS), "small-car", (Part.KIND,)),
        ((K.TRUCK, K.TRUCK), "motorcycle", (Part.KIND,)),
        ((K.MOTORCYCLE, K.UNTOLD), "small-car", (Part.KIND,)),
        ((K.CAR, K.BUS), "large-bus", ()),
        ((K.CAR, K.CAR), "small-car", ()),
        ((K.TRUCK, K.TRUCK), "light-truck", ()),
        ((K.CAR, K.CAR), "K33", ()),
        ((K.CAR, K.CAR), "", ()),
        ((K.OTHER, K.UNTOLD), "large-bus", ()),
    ],
)
def test_kinds_contradict_only_where_two_people_cannot_both_be_wrong(
    kinds: tuple[SeenKind, ...], vehicle_class: str, expected: tuple[Part, ...]
) -> None:
    assert differs(of_kind(*kinds), Registered("A", vehicle_class)) == expected


def test_colour_and_kind_may_both_contradict() -> None:
    both = [Seen(C.WHITE, K.CAR), Seen(C.GREY, K.VAN)]

    assert differs(both, Registered("E", "large-bus")) == (Part.COLOUR, Part.KIND)
