"""A short run of scripts/faults: nothing is lost, doubled or invented, and without a safeguard
something is. The long run is for the night."""

import random
from pathlib import Path

import pytest

from scripts.faults_lab import __main__ as lab
from scripts.faults_lab import kills
from scripts.faults_lab.invariant import Verdict
from scripts.faults_lab.outcome import Outcome, Row, Scenario, read_book, rows, table

CLEAN = Verdict(packets=3, lost=0, doubled=0, phantom=0)


BY_NAME = {scenario.name: scenario for scenario in lab.ALL}
SHORT = [each for each in lab.ALL if each.short]
"""The others take hours."""


def test_every_step_of_the_path_has_a_point() -> None:
    assert len(kills.points("edge")) >= 24
    assert len(kills.points("central")) >= 20


def test_every_point_gets_its_turn_and_the_seed_decides_when() -> None:
    names = kills.points("central")
    first = list(kills.places("central", random.Random(1), len(names)))

    assert [place.split(":", maxsplit=1)[0] for place in first] == names
    assert first == list(kills.places("central", random.Random(1), len(names)))


@pytest.mark.broker
@pytest.mark.parametrize("name", [each.name for each in SHORT if not each.control])
def test_whatever_happens_nothing_is_lost_doubled_or_invented(name: str, tmp_path: Path) -> None:
    entry = lab.run(BY_NAME[name], tmp_path / "site", 3, 0, BY_NAME[name].short)

    assert entry.outcome.stuck == ""
    assert entry.outcome.verdict.packets > 0
    assert entry.outcome.verdict.holds, entry.outcome.verdict


@pytest.mark.broker
@pytest.mark.parametrize("name", [each.name for each in SHORT if each.control])
def test_without_its_safeguard_a_site_breaks(name: str, tmp_path: Path) -> None:
    entry = lab.run(BY_NAME[name], tmp_path / "site", 3, 0, BY_NAME[name].short)

    assert rows([entry], [name])[0].good, entry.outcome


@pytest.mark.parametrize(
    ("verdict", "control", "good"),
    [
        (CLEAN, False, True),
        (CLEAN, True, False),
        (Verdict(3, 1, 0, 0), False, False),
        (Verdict(3, 1, 0, 0), True, True),
        (Verdict(3, 0, 1, 0), False, False),
        (Verdict(3, 0, 0, 1), False, False),
        (Verdict(3, 0, 0, 0, ("the log is damaged",)), False, False),
    ],
)
def test_a_control_that_loses_nothing_is_as_bad_as_a_scenario_that_does(
    verdict: Verdict, control: bool, good: bool
) -> None:
    row = Row("x", control, Outcome(1, verdict))

    assert row.good is good
    assert table([row]).endswith("yes |  |" if good else "NO |  |")


def test_a_scenario_in_which_something_never_came_is_no_good() -> None:
    assert not Row("x", False, Outcome(1, CLEAN, stuck="the last receipt")).good


def test_words_choose_scenarios() -> None:
    assert [each.name for each in lab.scenarios(["power cut at the box"])] == [
        "power cut at the box",
        "no fsync of files, power cut at the box",
    ]
    assert lab.scenarios([]) == lab.ALL


def test_the_batches_of_a_long_run_add_up() -> None:
    scenario = Scenario("x", lambda *_: Outcome(1, CLEAN), 1, 1, batch=40)

    assert scenario.batches(100) == [40, 40, 20]
    assert scenario.batches(40) == [40]


def test_what_is_in_the_book_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def noted(folder: Path, _chance: random.Random, trials: int) -> Outcome:
        ran.append(folder.name)
        return Outcome(trials, CLEAN, (1.5, 0.5), note="a note", deaths={"point": 2})

    monkeypatch.setattr(lab, "ALL", [Scenario("quiet", noted, 5, 9, batch=3)])
    book = tmp_path / "book"

    assert lab.main(["--book", str(book)]) == 0
    with book.open("a") as file:
        file.write('{"scenario": "quiet", "cut')  # the run ended in the middle of a line
    assert lab.main(["--book", str(book)]) == 0

    assert ran == ["0-0", "0-1"]
    assert [entry.outcome.trials for entry in read_book(book)] == [3, 2]
    assert (
        "| quiet | 5 | 6 | 0 | 0 | 0 | 1.5 s (median 1.0 s) | yes | a note |"
        in capsys.readouterr().out
    )


def test_the_command_fails_where_a_control_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    harmless = Scenario("harmless", lambda *_: Outcome(1, CLEAN), 1, 1)
    monkeypatch.setattr(lab, "ALL", [harmless])
    assert lab.main([]) == 0

    control = Scenario("harmless", lambda *_: Outcome(1, CLEAN), 1, 1, control=True)
    monkeypatch.setattr(lab, "ALL", [control])
    assert lab.main([]) == 1
