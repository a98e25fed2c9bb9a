"""Which packet goes next: every pair of step and event, and how patience and windows work."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.delivery_rules import (
    MOVES,
    Announce,
    Chunk,
    Courier,
    Event,
    Pace,
    Step,
    reconnect_delay,
)
from edge.outbox import Waiting
from edge.wire.limits import CHUNK_BYTES
from edge.wire.replies import MissingChunks, Need
from tests.packets import uuid

PACE = Pace(
    open_packets=2,
    ahead=4,
    reply_s=10.0,
    again_s=(5.0, 40.0),
    quick_s=1.0,
    slow_s=3.0,
    resume_s=0.5,
)


def sha(number: int) -> str:
    return f"{number:064x}"


def packet(seq: int, chunks: int = 3) -> Waiting:
    return Waiting(seq, uuid(seq), sha(1000 + seq), {sha(seq): chunks * CHUNK_BYTES - 5})


def need(seq: int, ranges: list[tuple[int, int]], pause_ms: int = 0) -> Need:
    return Need(
        v=1,
        device="gate-1",
        record_id=uuid(seq),
        record_sha256=sha(1000 + seq),
        missing=[MissingChunks(sha256=sha(seq), ranges=ranges)],
        pause_ms=pause_ms,
    )


def courier(*packets: Waiting) -> Courier:
    made = Courier(PACE, lambda: 1.0)
    made.offer(packets)
    return made


def drained(made: Courier, now_s: float) -> list[Announce | Chunk]:
    return list(iter(lambda: made.next(now_s), None))


def test_only_an_answer_or_its_absence_moves_a_packet_on() -> None:
    """Out of 20 pairs these nine move; whatever else comes is late, doubled or foreign."""
    onward = {
        (Step.WAITING, Event.ANNOUNCE): Step.ANNOUNCED,
        (Step.ANNOUNCED, Event.NEED): Step.SENDING,
        (Step.SENDING, Event.ALL_ACKED): Step.SENT,
    }
    under_way = (Step.ANNOUNCED, Step.SENDING, Step.SENT)
    back = {
        (step, event): Step.WAITING for step in under_way for event in (Event.TIMEOUT, Event.CUT)
    }

    assert onward | back == MOVES


def test_a_link_that_is_quick_has_more_packets_open_and_a_slow_one_fewer() -> None:
    made = Courier(Pace(open_packets=5, ahead=9), lambda: 1.0)
    made.offer([packet(seq, 9) for seq in range(1, 10)])
    first = drained(made, 0.0)
    made.need(0.0, need(1, [(0, 8)]))
    quick = [made.next(0.0) for _ in range(2)]
    for chunk in quick:
        assert isinstance(chunk, Chunk)
        made.acked(0.1, chunk)
    wider = drained(made, 0.1)

    assert first == [Announce(1), Announce(2), Announce(3), Announce(4)]
    assert [each for each in wider if isinstance(each, Announce)] == [Announce(5)]

    for chunk in wider:
        if isinstance(chunk, Chunk):
            made.acked(9.0, chunk)
    assert made.window == 1
    for seq in range(1, 6):
        made.forget(seq)
    assert drained(made, 9.0) == [Announce(6), Announce(7)]


def test_a_packet_is_announced_then_its_chunks_go_in_order() -> None:
    made = courier(packet(1))

    first = drained(made, 0.0)
    made.need(0.1, need(1, [(0, 2)]))
    chunks = drained(made, 0.1)
    for chunk in chunks:
        assert isinstance(chunk, Chunk)
        made.acked(0.2, chunk)
    rest = drained(made, 0.2)

    assert first == [Announce(1)]
    assert chunks == [Chunk(1, sha(1), 0), Chunk(1, sha(1), 1)]
    assert rest == [Chunk(1, sha(1), 2)]
    made.acked(0.3, Chunk(1, sha(1), 2))
    assert made.steps() == {1: Step.SENT}


def test_only_what_the_server_lacks_is_sent() -> None:
    made = courier(packet(1, chunks=10))
    drained(made, 0.0)

    made.need(0.0, need(1, [(3, 3), (9, 9)]))

    assert drained(made, 0.0) == [Chunk(1, sha(1), 3), Chunk(1, sha(1), 9)]


def test_chunks_that_a_packet_does_not_have_are_never_sent() -> None:
    made = courier(packet(1, chunks=3))
    drained(made, 0.0)

    made.need(0.0, need(1, [(2, 100)]))

    assert drained(made, 0.0) == [Chunk(1, sha(1), 2)]


def test_the_same_need_twice_sends_nothing_twice() -> None:
    made = courier(packet(1, chunks=2))
    drained(made, 0.0)
    made.need(0.0, need(1, [(0, 1)]))
    sent = drained(made, 0.0)

    made.need(0.1, need(1, [(0, 1)]))

    assert len(sent) == 2
    assert drained(made, 0.1) == []


def test_the_window_opens_with_quick_answers_and_closes_with_slow_ones() -> None:
    made = courier(packet(1, chunks=100))
    drained(made, 0.0)
    made.need(0.0, need(1, [(0, 99)]))
    widths = []
    for now_s in range(8):
        for chunk in drained(made, float(now_s)):
            assert isinstance(chunk, Chunk)
            made.acked(now_s + 0.1, chunk)
        widths.append(made.window)
    slow = drained(made, 100.0)
    for chunk in slow[:3]:
        assert isinstance(chunk, Chunk)
        made.acked(104.0, chunk)

    assert widths[:3] == [4, 8, 8]
    assert len(slow) == 8
    assert made.window == 1


def test_no_more_packets_are_open_than_the_pace_allows() -> None:
    made = courier(*(packet(seq) for seq in (1, 2, 3)))

    assert drained(made, 0.0) == [Announce(1), Announce(2)]
    made.forget(1)
    assert drained(made, 0.0) == [Announce(3)]


def test_a_packet_that_nobody_answers_waits_longer_each_time_and_blocks_none() -> None:
    made = courier(packet(1))
    announced = []
    made.offer([packet(2)])
    for now_s in range(0, 300):
        for action in drained(made, float(now_s)):
            if action == Announce(1):
                announced.append(now_s)
            else:
                made.forget(2)
        made.tick(float(now_s))

    gaps = [after - before for before, after in itertools.pairwise(announced)]
    assert gaps == [15, 20, 30, 50, 50, 50, 50]
    assert made.steps().keys() == {1}


def test_packets_that_wait_do_not_keep_others_from_being_looked_up() -> None:
    made = courier(*(packet(seq) for seq in (1, 2, 3, 4)))
    assert made.wants(0.0) == 0

    drained(made, 0.0)
    made.tick(10.0)

    assert made.wants(10.0) == 2


def test_after_a_cut_everything_not_receipted_begins_again_at_once() -> None:
    made = courier(packet(1), packet(2))
    drained(made, 0.0)
    made.need(0.0, need(1, [(0, 2)]))
    drained(made, 0.0)

    made.cut()

    assert made.in_flight == 0
    assert drained(made, 0.5) == [Announce(1), Announce(2)]


def test_the_server_may_ask_for_a_pause() -> None:
    made = courier(packet(1))
    drained(made, 0.0)

    made.need(0.0, need(1, [(0, 0)], pause_ms=4_000))

    assert drained(made, 3.9) == []
    assert drained(made, 4.0) == [Chunk(1, sha(1), 0)]


def test_a_refused_chunk_makes_its_packet_wait_and_frees_the_window() -> None:
    made = courier(packet(1))
    drained(made, 0.0)
    made.need(0.0, need(1, [(0, 2)]))
    drained(made, 0.0)

    made.failed(0.0, 1)

    assert made.in_flight == 0
    assert drained(made, 4.9) == []
    assert drained(made, 5.0) == [Announce(1)]


@pytest.mark.parametrize(
    ("failures", "jitter", "expected"),
    [
        (0, 0.0, 0.25),
        (0, 1.0, 1.0),
        (3, 0.0, 0.25),
        (3, 1.0, 8.0),
        (3, 0.5, 4.125),
        (50, 1.0, 60.0),
    ],
)
def test_reconnecting_waits_somewhere_between_a_quarter_second_and_a_growing_limit(
    failures: int, jitter: float, expected: float
) -> None:
    assert reconnect_delay(failures, (1.0, 60.0), jitter) == expected


def test_a_server_that_is_back_is_told_at_once_what_would_have_waited() -> None:
    made = courier(packet(1), packet(2))
    drained(made, 0.0)
    for _ in range(3):
        made.failed(0.0, 1)
    made.need(0.0, need(2, [(0, 2)]))
    drained(made, 0.0)

    made.afresh(1.0)

    assert made.in_flight == 0
    assert drained(made, 1.4) == []
    assert drained(made, 1.5) == [Announce(1), Announce(2)]


def test_the_waits_of_a_server_that_is_back_begin_short_again() -> None:
    made = courier(packet(1))
    for now_s in (0.0, 5.0, 15.0):
        drained(made, now_s)
        made.failed(now_s, 1)

    made.afresh(20.0)
    drained(made, 20.5)
    made.failed(20.5, 1)

    assert drained(made, 25.4) == []
    assert drained(made, 25.5) == [Announce(1)]


steps = st.lists(
    st.tuples(
        st.sampled_from(["next", "need", "ack", "ack", "next", "fail", "cut", "tick", "forget"]),
        st.integers(1, 4),
        st.floats(0.01, 20.0),
    ),
    max_size=80,
)


@settings(deadline=None)
@given(steps)
def test_whatever_comes_in_whatever_order_every_packet_is_still_carried(
    story: list[tuple[str, int, float]],
) -> None:
    """After any story, a server that receipts everything gets all that was not let go before."""
    made = courier(*(packet(seq) for seq in (1, 2, 3, 4)))

    now_s, gone = played(made, story)

    assert gone | served(made, now_s) == {1, 2, 3, 4}


def played(made: Courier, story: list[tuple[str, int, float]]) -> tuple[float, set[int]]:
    """Live through the story; gives the time at its end and the packets let go in it."""
    now_s, flying, gone = 0.0, list[Chunk](), set[int]()
    for what, seq, dt_s in story:
        now_s += dt_s
        if what == "next":
            action = made.next(now_s)
            flying += [action] if isinstance(action, Chunk) else []
        elif what == "ack" and flying:
            made.acked(now_s, flying.pop(0))
        elif what == "forget":
            made.forget(seq)
            gone.add(seq)
        else:
            happen(made, what, seq, now_s)
        assert made.in_flight <= 8
    return now_s, gone


def happen(made: Courier, what: str, seq: int, now_s: float) -> None:
    if what == "need":
        made.need(now_s, need(seq, [(0, 2)]))
    elif what == "fail":
        made.failed(now_s, seq)
    elif what == "tick":
        made.tick(now_s)
    elif what == "cut":
        made.cut()


def served(made: Courier, now_s: float) -> set[int]:
    """A server that answers everything at once; gives the packets it completes."""
    gone = set[int]()
    for _ in range(1000):
        now_s += 1.0
        made.tick(now_s)
        for action in drained(made, now_s):
            if isinstance(action, Announce):
                made.need(now_s, need(action.seq, [(0, 2)]))
            else:
                made.acked(now_s, action)
        for seq, step in made.steps().items():
            if step is Step.SENT:
                made.forget(seq)
                gone.add(seq)
    return gone


def test_the_page_shows_the_table_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "edge" / "DELIVERY.md").read_text(encoding="utf-8")
    rows = [
        f"| **{step}** | " + " | ".join(MOVES.get((step, event), "") for event in Event) + " |"
        for step in Step
    ]
    head = "| | " + " | ".join(Event) + " |\n| --- " + "| --- " * len(Event) + "|"
    shown = page.split("<!-- way of a packet -->\n")[1].split("<!-- end of way of a packet -->")[0]

    assert shown == "\n".join([head, *rows]) + "\n"
