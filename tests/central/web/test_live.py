"""Open pages hear that something changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.views import Mark
from central.web.live import events, mark_text, parse_mark
from edge.wire.topics import Kind
from tests.staff import Staff
from tests.stories import Teller, health


def lines_until(lines: object, wanted: str) -> list[str]:
    found = []
    for line in lines:  # type: ignore[attr-defined]
        found.append(line)
        if line == wanted:
            return found
    raise AssertionError(f"the stream ended without {wanted!r}: {found}")


def test_an_open_page_hears_of_a_new_case(staff: Staff, teller: Teller) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    mark = mark_text(staff.office.lookup.mark())
    with staff.signed_in() as client, client.stream("GET", f"/live?since={mark}") as stream:
        lines = stream.iter_lines()
        lines_until(lines, "retry: 1000")
        teller.arrive(gate)
        heard = lines_until(lines, "event: cases")

    assert "event: fleet" not in heard


def test_a_change_between_making_and_listening_is_not_missed(staff: Staff, teller: Teller) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    mark = mark_text(staff.office.lookup.mark())
    teller.say(gate, Kind.BIRTH, gate.birth())
    teller.say(gate, Kind.HEALTH, health(gate, staff.office.clock.utc_ms()))
    with staff.signed_in() as client, client.stream("GET", f"/live?since={mark}") as stream:
        lines_until(stream.iter_lines(), "event: fleet")


def test_a_page_that_missed_nothing_is_only_greeted(staff: Staff) -> None:
    mark = mark_text(staff.office.lookup.mark())
    with staff.signed_in() as client, client.stream("GET", "/live?since=nonsense") as stream:
        heard = lines_until(stream.iter_lines(), f"data: {mark}")

    assert [line for line in heard if line.startswith("event")] == ["event: hello"]


def test_nobody_hears_anything_without_signing_in(staff: Staff) -> None:
    with staff.visitor() as client:
        answer = client.get("/live", headers={"accept": "text/event-stream"})

    assert answer.status_code == 401


def test_stopping_the_server_ends_open_streams(staff: Staff) -> None:
    """The fixture's own stop waits for this stream; it would time out if the stream stayed."""
    with staff.signed_in() as client, client.stream("GET", "/live") as stream:
        lines_until(stream.iter_lines(), "event: hello")


@given(st.text(max_size=50))
def test_a_mark_from_outside_is_a_mark_or_nothing(text: str) -> None:
    mark = parse_mark(text)

    assert mark is None or isinstance(mark.cases, int)


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_mark_survives_being_written(cases: int, fleet: int) -> None:
    assert parse_mark(mark_text(Mark(cases, fleet))) == Mark(cases, fleet)


@pytest.mark.parametrize(
    ("now", "kinds"),
    [
        (Mark(1, 1), []),
        (Mark(2, 1), ["cases"]),
        (Mark(1, 2), ["fleet"]),
        (Mark(2, 2), ["cases", "fleet"]),
    ],
)
def test_a_page_hears_only_of_what_changed(now: Mark, kinds: list[str]) -> None:
    told = events(Mark(1, 1), now)

    assert [line[7:] for line in told.splitlines() if line.startswith("event: ")] == kinds
