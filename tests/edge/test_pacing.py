"""Only what somebody will look at is decoded, and no look comes later than it is due."""

from itertools import pairwise

from edge.pacing import Pacer, Wish


def looked_at(
    pacer: Pacer, wish: Wish, begin: int, end: int, gop: int = 50, fps: int = 25
) -> list[float]:
    """The times of the frames that are wanted of those numbered from begin to end."""
    pacer.ask(wish)
    wanted = []
    for number in range(begin, end):
        t_s = number / fps
        keyframe = number % gop == 0
        if keyframe:
            pacer.keyframe(t_s)
        if pacer.wants(t_s, keyframe):
            pacer.give(t_s)
            wanted.append(round(t_s, 3))
    return wanted


def test_every_frame_is_wanted_where_nothing_is_said() -> None:
    assert looked_at(Pacer(), Wish(), 0, 5) == [0, 0.04, 0.08, 0.12, 0.16]


def test_looks_are_laid_onto_the_keyframes_and_a_step_apart() -> None:
    pacer = Pacer()
    looked_at(pacer, Wish(step_s=0.5), 0, 100)

    assert looked_at(pacer, Wish(step_s=0.5), 100, 200) == [
        4, 4.52, 5, 5.52, 6, 6.52, 7, 7.52
    ]  # fmt: skip
    assert looked_at(pacer, Wish(step_s=1.0), 200, 300) == [8, 9, 10, 11]


def test_while_nothing_changes_keyframes_alone_are_wanted() -> None:
    pacer = Pacer()

    assert looked_at(pacer, Wish(step_s=1.0, keyframes_only=True), 0, 200) == [0, 2, 4, 6]


def test_a_nearer_look_is_due_at_once_in_the_middle_of_a_group() -> None:
    pacer = Pacer()
    looked_at(pacer, Wish(step_s=1.0, keyframes_only=True), 0, 120)

    assert looked_at(pacer, Wish(step_s=0.5), 120, 160) == [4.8, 5, 5.52, 6]


def test_a_keyframe_that_does_not_come_when_expected_delays_no_look_by_a_step() -> None:
    pacer = Pacer()
    looked_at(pacer, Wish(step_s=0.5), 0, 100)
    late = looked_at(pacer, Wish(step_s=0.5), 100, 250, gop=240)

    assert max(b - a for a, b in pairwise(late)) < 0.7


def test_keyframes_that_come_oftener_than_looks_are_not_all_looked_at() -> None:
    pacer = Pacer()
    looked_at(pacer, Wish(step_s=0.5), 0, 25, gop=1)

    assert looked_at(pacer, Wish(step_s=0.5), 25, 75, gop=1) == [1.04, 1.56, 2.08, 2.6]


def test_a_stream_clock_that_jumps_back_is_looked_at_at_once() -> None:
    pacer = Pacer()
    looked_at(pacer, Wish(step_s=0.5), 5000, 5100)

    assert looked_at(pacer, Wish(step_s=0.5), 0, 20) == [0, 0.52]
