"""What is missing of a device's chain, and what is done about it."""

import pytest

from central.chain import ASK_AGAIN_MS, PATIENCE_MS, Chain, Gap, is_alarming, survey, to_ask

NOW = 1_795_000_000_000


@pytest.mark.parametrize(
    ("known", "contiguous", "expected", "chain"),
    [
        ([], 0, 0, Chain(0, ())),
        ([1, 2, 3], 0, 0, Chain(3, ())),
        ([3, 1, 2, 2], 0, 0, Chain(3, ())),
        ([6, 7], 5, 7, Chain(7, ())),
        ([2, 3], 0, 0, Chain(0, (Gap(1, 1, NOW),))),
        ([1, 4, 5, 9], 0, 0, Chain(1, (Gap(2, 3, NOW), Gap(6, 8, NOW)))),
        ([1, 2], 0, 5, Chain(2, (Gap(3, 5, NOW),))),
        ([], 4, 6, Chain(4, (Gap(5, 6, NOW),))),
        ([], 4, 2, Chain(4, ())),
    ],
)
def test_a_gap_is_what_lies_between_known_numbers_and_up_to_the_promised_one(
    known: list[int], contiguous: int, expected: int, chain: Chain
) -> None:
    assert survey(known, contiguous, expected, (), NOW) == chain


def test_what_is_left_of_a_gap_keeps_its_age() -> None:
    before = [Gap(2, 9, NOW, asked_utc_ms=NOW + 5, times_asked=1)]

    chain = survey([1, 5, 10], 0, 0, before, NOW + 100)

    assert chain.gaps == (Gap(2, 4, NOW, NOW + 5, 1), Gap(6, 9, NOW, NOW + 5, 1))


def test_a_gap_is_asked_for_when_no_transfer_takes_so_long() -> None:
    gap = Gap(2, 5, NOW)

    assert to_ask(gap, NOW + PATIENCE_MS - 1) is None
    assert to_ask(gap, NOW + PATIENCE_MS) == (2, 5)


def test_a_gap_is_asked_for_again_after_an_hour() -> None:
    asked = Gap(2, 5, NOW).asked(NOW + PATIENCE_MS)

    assert to_ask(asked, NOW + PATIENCE_MS + ASK_AGAIN_MS - 1) is None
    assert to_ask(asked, NOW + PATIENCE_MS + ASK_AGAIN_MS) == (2, 5)


def test_one_request_asks_for_a_thousand_records_at_most() -> None:
    assert to_ask(Gap(1, 5000, NOW), NOW + PATIENCE_MS) == (1, 1000)


def test_a_gap_alarms_only_when_the_device_had_time_to_answer() -> None:
    asked = Gap(2, 5, NOW).asked(NOW + PATIENCE_MS)

    assert not is_alarming(Gap(2, 5, NOW), NOW + 10 * PATIENCE_MS)
    assert not is_alarming(asked, NOW + 2 * PATIENCE_MS - 1)
    assert is_alarming(asked, NOW + 2 * PATIENCE_MS)


def test_an_alarm_stays_while_the_device_is_asked_again() -> None:
    twice = Gap(2, 5, NOW).asked(NOW).asked(NOW + ASK_AGAIN_MS)

    assert is_alarming(twice, NOW + ASK_AGAIN_MS)
