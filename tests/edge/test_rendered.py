"""The rendered clips through the whole pipeline with the project's own models: real pictures in,
events out, against the exact truth of the renderer."""

import json
from pathlib import Path

import pytest

from edge.__main__ import main

DEMO = Path("configs/demo/demo.mp4")
CLIPS = Path("tests/clips")
TIMES = ("settle_s=3", "confirm_s=4", "grace_s=16", "scan_s=5", "max_gap_s=60")


def replayed(clip: Path, out: Path) -> list[dict[str, object]]:
    """The lines of events.jsonl."""
    truth = json.loads(clip.with_suffix(".truth.json").read_text(encoding="utf-8"))
    lane = ",".join(f"{max(0, c):.0f}" for point in truth["lane"] for c in point)
    sets = [part for each in TIMES for part in ("--set", f"stays.{each}")]
    assert main(["replay", str(clip), "--lane", lane, "--out", str(out), *sets]) == 0
    lines = (out / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "through"),
    [
        ("camera_events", "the camera bumped, turned, covered, sprayed, defocused, frozen, black"),
        ("headlights", "headlights that sweep over it at night"),
        ("ir_switch", "dusk, lamps, infrared"),
        ("rain", "rain in which the detector loses it again and again"),
    ],
)
def test_a_parked_vehicle_keeps_its_one_stay_through(
    name: str, through: str, tmp_path: Path
) -> None:
    events = replayed(CLIPS / f"{name}.mp4", tmp_path)

    assert [event["type"] for event in events] == ["settled", "arrival", "overstay"], through
    assert {event["begin"] for event in events} == {0.0}
    assert len({event["stay"] for event in events}) == 1


@pytest.mark.slow
def test_the_demo_shows_its_two_stays_at_their_times_and_no_other(tmp_path: Path) -> None:
    events = replayed(DEMO, tmp_path)

    ends = [event for event in events if event["type"] == "departure"]
    assert [event["type"] for event in events if event["type"] == "broken"] == []
    assert len({event["stay"] for event in events}) == 2
    times = sorted((event["begin"], event["end"]) for event in ends)
    assert times[0] == (pytest.approx(12.0, abs=1.5), pytest.approx(75.0, abs=1.5))
    assert times[1] == (pytest.approx(60.5, abs=1.5), pytest.approx(67.5, abs=1.5))


@pytest.mark.slow
def test_a_vehicle_that_takes_the_place_of_another_has_a_stay_of_its_own(tmp_path: Path) -> None:
    events = replayed(CLIPS / "replaced.mp4", tmp_path)

    last = {event["stay"]: event for event in events}
    assert [event["type"] for event in last.values()] == ["departure", "arrival"]
    first, second = last.values()
    assert (first["begin"], first["end"]) == (0.0, pytest.approx(16.0, abs=1.0))
    assert (second["begin"], second["end"]) == (pytest.approx(21.0, abs=1.0), None)
