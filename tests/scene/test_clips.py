"""Every committed clip agrees with its truth, and the truth with its scene."""

from pathlib import Path

import av
import pytest

from scripts.scene.model import load_scene
from scripts.scene.timeline import ENTERS_AT, stays
from scripts.scene.truth import ClipTruth, read_truth

FOLDERS = (Path("configs/demo"), Path("tests/clips"))
TRUTHS = sorted(path for folder in FOLDERS for path in folder.glob("*.truth.json"))
LIMIT_BYTES, TOGETHER_BYTES = 3_000_000, 20_000_000
each = pytest.mark.parametrize("path", TRUTHS, ids=[p.name.split(".")[0] for p in TRUTHS])


def clip_of(path: Path) -> Path:
    return path.with_name(read_truth(path).clip)


def test_there_is_a_demo_clip() -> None:
    assert Path("configs/demo/demo.truth.json") in TRUTHS


def test_all_clips_together_are_small() -> None:
    assert sum(clip_of(p).stat().st_size for p in TRUTHS) <= TOGETHER_BYTES


@each
def test_the_video_has_the_frames_size_and_rate_that_the_truth_says(path: Path) -> None:
    truth = read_truth(path)
    assert clip_of(path).stat().st_size <= LIMIT_BYTES
    with av.open(str(clip_of(path))) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (truth.width, truth.height)
        assert stream.time_base is not None
        packets = [p for p in container.demux(stream) if p.pts is not None]
        times = sorted(float((p.pts or 0) * stream.time_base) for p in packets)
        keys = sorted(float((p.pts or 0) * stream.time_base) for p in packets if p.is_keyframe)
    assert len(times) == len(truth.frames) == round(truth.seconds * truth.fps)
    assert times == pytest.approx([f.t for f in truth.frames], abs=0.002)
    assert keys == pytest.approx([2.0 * i for i in range(len(keys))], abs=0.002)


@each
def test_the_truth_has_the_stays_and_events_of_its_scene(path: Path) -> None:
    truth = read_truth(path)
    scene = load_scene(path.with_name(truth.clip.replace(".mp4", ".yaml")))
    told = [(s.vehicle, s.begin, s.end) for s in truth.stays]
    assert told == [(s.vehicle, s.begin, s.end) for s in stays(scene)]
    assert (truth.fps, truth.seconds) == (scene.fps, scene.seconds)


def stands_by_frames(truth: ClipTruth, vehicle: str) -> list[float]:
    return [
        frame.t
        for frame in truth.frames
        for v in frame.vehicles
        if v.id == vehicle and v.standing and v.ground_in_lane >= ENTERS_AT
    ]


@each
def test_frames_show_each_stay_from_its_begin_to_its_end(path: Path) -> None:
    truth = read_truth(path)
    for vehicle in {s.vehicle for s in truth.stays}:
        own = [s for s in truth.stays if s.vehicle == vehicle]
        seen = stands_by_frames(truth, vehicle)
        slack = 0.5
        assert seen
        assert abs(seen[0] - own[0].begin) <= slack
        assert abs(seen[-1] - (own[-1].end or truth.seconds)) <= slack
        for t in seen:
            assert any(s.begin - slack <= t <= (s.end or truth.seconds) + slack for s in own)


@each
def test_nobody_stands_in_the_lane_without_a_stay(path: Path) -> None:
    truth = read_truth(path)
    staying = {s.vehicle for s in truth.stays}
    for frame in truth.frames:
        standing = {v.id for v in frame.vehicles if v.standing and v.ground_in_lane >= ENTERS_AT}
        assert standing <= staying


@each
def test_boxes_and_plates_lie_in_the_picture(path: Path) -> None:
    truth = read_truth(path)
    for frame in truth.frames:
        for v in frame.vehicles:
            x0, y0, x1, y1 = v.box
            assert 0 <= x0 < x1 <= truth.width
            assert 0 <= y0 < y1 <= truth.height
            assert 0 <= v.visible <= 1
            slack = 0.01 * truth.width
            for x, y in v.plate_corners or ():
                assert x0 - slack <= x <= x1 + slack
                assert y0 - slack <= y <= y1 + slack


@each
def test_the_lane_lies_in_the_picture(path: Path) -> None:
    truth = read_truth(path)
    assert len(truth.lane) >= 3
    assert all(0 <= x <= truth.width and 0 <= y <= truth.height for x, y in truth.lane)


def test_the_demo_tells_the_story_of_the_demo() -> None:
    """One sedan stays past 3 + 10 + 30 s, a second car stops for less than is confirmed."""
    truth = read_truth(Path("configs/demo/demo.truth.json"))
    told = {s.vehicle: s for s in truth.stays}
    assert set(told) == {"sedan", "suv"}
    sedan, suv = told["sedan"], told["suv"]
    assert sedan.end is not None
    assert suv.end is not None
    assert sedan.end - sedan.begin > 3 + 10 + 30
    assert suv.end - suv.begin < 3 + 10
    assert sedan.end < truth.seconds - 10


def test_the_demo_shows_the_plate_large_and_hides_the_sedan_for_a_moment() -> None:
    truth = read_truth(Path("configs/demo/demo.truth.json"))
    views = [v for f in truth.frames for v in f.vehicles if v.id == "sedan" and v.standing]
    widths = [v.plate_corners[1][0] - v.plate_corners[0][0] for v in views if v.plate_corners]
    assert min(widths) >= 90
    assert min(v.visible for v in views) < 0.3
