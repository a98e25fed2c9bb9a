import json
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.camera import Frame, Look, Outage
from edge.pacing import Pace
from edge.pipeline import Rig, watch
from edge.stay_events import StayEvent, StayEventKind
from edge.wire.records import Ending, GapReason, Proof
from tests.edge import yard

STAY = yard.visit(arrive_s=10, leave_s=50)


def only(events: list[StayEvent], kind: StayEventKind) -> StayEvent:
    (found,) = [event for event in events if event.kind is kind]
    return found


def darkened(look: Look, begin_s: float, end_s: float) -> Look:
    if isinstance(look, Frame) and begin_s <= look.t_s < end_s:
        return replace(look, image=(look.image // 40).astype(np.uint8))
    return look


def test_a_vehicle_that_comes_stands_and_leaves_is_one_stay_with_its_times() -> None:
    kept, _ = yard.run(yard.film(60, STAY))

    assert [kind for kind, _ in kept.told()] == ["settled", "arrival", "overstay", "departure"]
    departure = kept.events[-1]
    assert departure.begin_s == pytest.approx(10, abs=0.6)
    assert departure.end_s == pytest.approx(50, abs=0.6)
    assert only(kept.events, StayEventKind.ARRIVAL).t_s == pytest.approx(18, abs=0.6)
    assert only(kept.events, StayEventKind.OVERSTAY).t_s == pytest.approx(38, abs=0.6)
    assert departure.gaps == ()
    assert departure.ending in (Ending.LANE_EMPTY, Ending.SEEN_OUTSIDE)


@pytest.mark.parametrize("hz", [1.0, 4.0])
def test_the_sampling_rate_changes_no_time(hz: float) -> None:
    kept, _ = yard.run(yard.film(60, STAY, hz))

    assert kept.events[-1].begin_s == pytest.approx(10, abs=1 / hz + 0.1)
    assert kept.events[-1].end_s == pytest.approx(50, abs=1 / hz + 0.1)


def test_a_vehicle_that_passes_makes_no_stay() -> None:
    def through(t_s: float) -> tuple[int, int] | None:
        x = round((t_s - 10) * 80 - 90)
        return (x, yard.PLACE[1]) if -90 < x < 320 else None

    kept, _ = yard.run(yard.film(30, through))

    assert kept.told() == []


def test_an_empty_lane_is_searched_by_the_heartbeat_alone_and_keyframes_suffice() -> None:
    detector = yard.RedDetector()
    _, script = yard.run(yard.film(60, lambda _: None), detector)

    assert detector.calls <= 1 + 8 + 60 / 5
    assert script.paces[-1] is Pace.IDLE


def test_a_vehicle_that_moves_wants_every_frame() -> None:
    _, script = yard.run(yard.film(12, yard.visit(arrive_s=11, leave_s=50)))

    assert script.paces[-1] is Pace.FULL


def test_a_detector_that_goes_blind_loses_no_stay_while_the_place_looks_the_same() -> None:
    detector = yard.RedDetector()
    kept = yard.Kept()
    looks = yard.film(60, STAY)

    class BlindLater(yard.Script):
        def frames(self):  # type: ignore[no-untyped-def]
            for look in super().frames():
                detector.blind = 20 <= look.t_s < 45
                yield look

    watch(Rig(BlindLater(looks), yard.begin(detector), kept))

    assert [kind for kind, _ in kept.told()] == ["settled", "arrival", "overstay", "departure"]
    assert kept.events[-1].end_s == pytest.approx(50, abs=0.6)


def test_a_stream_that_is_down_is_a_gap_that_the_same_vehicle_survives() -> None:
    looks = yard.film(60, STAY)
    last = next(one for one in reversed(looks) if one.t_s < 22 and isinstance(one, Frame))
    down = [Outage(look.t_s, "timeout", last) if 22 <= look.t_s < 40 else look for look in looks]

    kept, _ = yard.run(down)

    departure = only(kept.events, StayEventKind.DEPARTURE)
    assert departure.begin_s == pytest.approx(10, abs=0.6)
    (gap,) = departure.gaps
    assert gap.reason is GapReason.STREAM_DOWN
    assert gap.begin_s == pytest.approx(21.5, abs=0.6)
    assert gap.end_s == pytest.approx(40, abs=0.6)


def test_a_picture_is_let_go_before_the_next_one_is_made() -> None:
    """Two pictures of a 1080p camera at once would be twelve megabytes, for each camera."""
    held: list[bool] = []

    class Lean(yard.Script):
        def frames(self) -> Iterator[Look]:
            given: list[Callable[[], object]] = []
            for n in range(6):
                held.append(any(one() is not None for one in given))
                made = yard.frame(n / 2, yard.picture(yard.PLACE, number=n), n)
                given.append(weakref.ref(made.image))
                yield made
                del made

    watch(Rig(Lean([]), yard.begin(yard.RedDetector()), yard.Kept()))

    assert held == [False] * 6


def test_a_camera_gone_dark_is_a_gap_and_accuses_nobody_in_it() -> None:
    kept, _ = yard.run([darkened(look, 25, 35) for look in yard.film(60, STAY)])

    departure = only(kept.events, StayEventKind.DEPARTURE)
    assert departure.begin_s == pytest.approx(10, abs=0.6)
    assert [gap.reason for gap in departure.gaps] == [GapReason.CAMERA_DARK]


def bumped(look: Look, begin_s: float, share: float) -> Look:
    if isinstance(look, Frame) and look.t_s >= begin_s:
        by = round(share * look.image.shape[1])
        return replace(look, image=np.asarray(np.roll(look.image, by, axis=1), np.uint8))
    return look


def test_a_bump_of_a_twentieth_of_the_view_is_a_short_gap_and_the_stay_goes_on() -> None:
    kept, _ = yard.run([bumped(look, 22, 0.05) for look in yard.film(60, STAY)])

    departure = only(kept.events, StayEventKind.DEPARTURE)
    assert departure.begin_s == pytest.approx(10, abs=0.6)
    assert departure.end_s == pytest.approx(50, abs=0.6)
    (gap,) = departure.gaps
    assert (gap.reason, gap.proof) == (GapReason.CAMERA_MOVED, Proof.APPEARANCE)
    assert gap.end_s - gap.begin_s == pytest.approx(5, abs=1.1)
    shown = {event.kind: what for event, what in zip(kept.events, kept.shown, strict=True)}
    assert shown[StayEventKind.ARRIVAL].lane.moved == (0, 0)
    assert shown[StayEventKind.OVERSTAY].lane.moved == (16, 0)
    assert shown[StayEventKind.OVERSTAY].subject.x1 == pytest.approx(yard.PLACE[0] + 16, abs=2)


def test_a_turn_by_a_third_of_the_view_holds_the_lane() -> None:
    kept, _ = yard.run([bumped(look, 22, 0.3) for look in yard.film(100, STAY)])

    last = kept.events[-1]
    assert (last.kind, last.ending) == (StayEventKind.BROKEN, Ending.GAP_TOO_LONG)
    assert last.end_s == pytest.approx(21.5, abs=0.6)
    assert [gap.reason for gap in last.gaps] == [GapReason.CAMERA_MOVED]


def test_a_stream_that_changes_its_size_keeps_the_lane() -> None:
    def doubled(look: Look) -> Look:
        if isinstance(look, Frame) and look.t_s >= 25:
            return replace(look, image=np.asarray(cv2.resize(look.image, (640, 480)), np.uint8))
        return look

    kept, _ = yard.run([doubled(look) for look in yard.film(60, STAY)])

    assert kept.events[-1].kind is StayEventKind.DEPARTURE
    assert kept.events[-1].end_s == pytest.approx(50, abs=1.1)


def test_nothing_is_asked_of_a_camera_that_never_gave_a_frame() -> None:
    kept, _ = yard.run([Outage(float(t), "refused") for t in range(60)])

    assert kept.events == []


def test_a_replay_writes_events_packets_and_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command itself, with a detector for red blocks in place of the model's."""
    from edge import replay
    from edge.__main__ import main
    from tests import videos

    film = [look for look in yard.film(60, STAY) if isinstance(look, Frame)]
    clip = videos.write(tmp_path / "yard.mp4", len(film), 2, gop=4, picture=lambda n: film[n].image)
    monkeypatch.setattr(replay, "open_detector", lambda config: _Loaded())
    monkeypatch.setattr(replay, "SharedDetector", lambda detector, clock: detector)
    lane = ",".join(f"{c:.0f}" for point in yard.LANE for c in point)
    times = ["settle_s=4", "confirm_s=8", "grace_s=20", "scan_s=5"]
    sets = [part for each in times for part in ("--set", f"stays.{each}")]
    sets += ["--set", "plates.corners=null"]

    code = main(
        [
            "replay",
            str(clip),
            "--lane",
            lane,
            "--out",
            str(tmp_path / "out"),
            "--explain",
            *sets,
            "--set",
            "plates.corners=null",
        ]
    )

    assert code == 0
    lines = (tmp_path / "out" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["type"] for event in events] == ["settled", "arrival", "overstay", "departure"]
    assert set(events[0]) == {
        "clip", "type", "stay", "lane", "t", "begin", "end", "box", "plate", "plate_confidence"
    }  # fmt: skip
    assert {event["clip"] for event in events} == {"yard.mp4"}
    assert events[-1]["begin"] == pytest.approx(10, abs=0.6)
    assert events[-1]["end"] == pytest.approx(50, abs=0.6)
    packets = tmp_path / "out" / "packets"
    assert len(list((packets / "records").glob("*.dsse"))) == 3
    assert len(list((packets / "exhibits").rglob("*.jpg"))) >= 4
    assert "arrival" in (tmp_path / "out" / "decisions.txt").read_text()
    assert (tmp_path / "out" / "explain.mp4").stat().st_size > 10_000


class _Loaded(yard.RedDetector):
    """What software_of() asks of a loaded detector."""

    class model:  # noqa: N801
        sha256 = "a" * 64
        runtime = "fake"

    @property
    def detector(self) -> "_Loaded":
        return self


@pytest.mark.parametrize(
    ("lane", "code", "sentence"),
    [
        ("0,0,100,0", 2, "--lane: lane must be at least three corners"),
        ("0,0,100,100,100,0,0,100", 2, "--lane: sides of a polygon must not cross"),
        ("0,0,5000,0,5000,100", 1, "lane lane lies outside the frame: corner (5000, 0)"),
    ],
)
def test_a_replay_refuses_a_lane_that_is_none(
    lane: str,
    code: int,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from edge import replay
    from edge.__main__ import main
    from tests import videos

    monkeypatch.setattr(replay, "open_detector", lambda config: _Loaded())
    monkeypatch.setattr(replay, "SharedDetector", lambda detector, clock: detector)
    clip = videos.write(tmp_path / "c.mp4", 10)

    assert main(["replay", str(clip), "--lane", lane, "--out", str(tmp_path / "o")]) == code

    assert sentence in capsys.readouterr().err


def test_a_replay_of_something_unreadable_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from edge import replay
    from edge.__main__ import main

    monkeypatch.setattr(replay, "open_detector", lambda config: _Loaded())
    monkeypatch.setattr(replay, "SharedDetector", lambda detector, clock: detector)
    (tmp_path / "zero.mp4").write_bytes(b"")

    code = main(
        [
            "replay",
            str(tmp_path / "zero.mp4"),
            "--lane",
            "0,0,1,0,1,1",
            "--out",
            str(tmp_path / "o"),
        ]
    )

    assert code == 1
    assert "zero.mp4: is empty (0 bytes); a video was expected" in capsys.readouterr().err
