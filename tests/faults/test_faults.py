"""A short run of scripts/faults: nothing is lost, doubled or invented, and without a safeguard
something is. The long run is for the night."""

import random
from pathlib import Path

import pytest

from scripts.faults_lab import kills, power
from scripts.faults_lab.__main__ import Row, main, run, scenarios, table
from scripts.faults_lab.invariant import Verdict
from scripts.faults_lab.order import shuffled

CLEAN = Verdict(packets=3, lost=0, doubled=0, phantom=0)


def trials(count: int) -> dict[str, int]:
    return dict.fromkeys(("box", "server", "broker", "link", "power", "messages", "control"), count)


def test_every_step_of_the_path_has_a_point() -> None:
    assert len(kills.points("edge")) >= 24
    assert len(kills.points("central")) >= 20


def test_every_point_gets_its_turn_and_the_seed_decides_when() -> None:
    names = kills.points("central")
    first = list(kills.places("central", random.Random(1), len(names)))

    assert [place.split(":", maxsplit=1)[0] for place in first] == names
    assert first == list(kills.places("central", random.Random(1), len(names)))


@pytest.mark.broker
@pytest.mark.parametrize("name", [*kills.SCENARIOS])
def test_whoever_dies_nothing_is_lost_doubled_or_invented(name: str, tmp_path: Path) -> None:
    row = run(name, tmp_path / "site", seed=3, sizes=trials(2))

    assert row.stuck == ""
    assert row.verdict.packets > 0
    assert row.verdict.holds, row.verdict


@pytest.mark.broker
@pytest.mark.slow
def test_a_box_that_believes_paho_loses_what_it_handed_over(tmp_path: Path) -> None:
    """The control: the same deaths, without the receipt."""
    row = run("paho's own queue, box killed", tmp_path / "site", seed=3, sizes=trials(3))

    assert row.verdict.lost > 0
    assert row.good


@pytest.mark.parametrize("name", [*power.SCENARIOS])
def test_a_power_cut_takes_nothing_that_was_promised(name: str, tmp_path: Path) -> None:
    verdict = power.run(name, tmp_path / "cut", seed=3, trials=6)

    assert verdict.packets > 0
    assert verdict.holds, verdict


@pytest.mark.parametrize("name", [*power.CONTROLS])
def test_without_flushing_a_power_cut_takes_what_was_promised(name: str, tmp_path: Path) -> None:
    verdict = power.run(name, tmp_path / "cut", seed=3, trials=12)

    assert verdict.lost > 0


def test_messages_that_come_often_and_in_no_order_store_each_packet_once(tmp_path: Path) -> None:
    assert shuffled(tmp_path / "site", seed=3, packets=6) == Verdict(6, 0, 0, 0)


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
    row = Row("x", control, 1, verdict, None, 1.0)

    assert row.good is good
    assert table([row]).endswith("yes |" if good else "NO |")


def test_words_choose_scenarios() -> None:
    assert scenarios(["power cut at the box"]) == [
        "power cut at the box",
        "no fsync of files, power cut at the box",
    ]
    assert len(scenarios([])) == len(kills.SCENARIOS) + len(kills.CONTROLS) + 5


def test_the_command_prints_the_table_and_fails_where_a_control_does_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def harmless(name: str, _folder: Path, _seed: int, _sizes: dict[str, int]) -> Row:
        return Row(name, name in power.CONTROLS, 1, CLEAN, None, 0.1)

    monkeypatch.setattr("scripts.faults_lab.__main__.run", harmless)

    assert main(["shuffled"]) == 0
    assert main(["no fsync"]) == 1
    assert "| control: no fsync of files, power cut at the box | 1 | 3 | 0 |" in (
        capsys.readouterr().out
    )
