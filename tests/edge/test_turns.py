"""Cameras share one detector: none of them keeps another waiting for more than its turn."""

import threading

import pytest

from edge.turns import Turns
from tests.waiting import until


def test_whoever_lets_go_comes_after_those_who_wait() -> None:
    turns, order = Turns(), []

    def other() -> None:
        with turns:
            order.append("other")

    thread = threading.Thread(target=other)
    with turns:
        thread.start()
        assert until(lambda: turns.waiting == 1)
        order.append("busy")
    with turns:
        order.append("busy again")
    thread.join(10)

    assert order == ["busy", "other", "busy again"]


def test_a_turn_that_fails_is_over_too() -> None:
    turns = Turns()

    with pytest.raises(RuntimeError), turns:
        raise RuntimeError

    with turns:
        assert turns.waiting == 0
