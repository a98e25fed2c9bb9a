import random
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import islice, pairwise
from pathlib import Path

import cv2
import pytest

from edge.camera import FileCamera, Frame, LiveCamera, Look, Outage, SessionClock
from edge.clock import SystemClock
from edge.config import CameraConfig
from edge.pacing import Wish
from edge.stream import StreamFault
from tests import videos
from tests.rtsp_server import RtspServer

LANE = {"id": "a", "polygon": [[0, 0], [1, 0], [1, 1]]}


def camera(source: object, **more: object) -> CameraConfig:
    return CameraConfig.model_validate(
        {"id": "cam", "source": str(source), "sample_hz": 10, "stall_s": 2, "lanes": [LANE], **more}
    )


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return videos.write(tmp_path_factory.mktemp("clips") / "h264.mp4")


@pytest.fixture(scope="module")
def hevc_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return videos.write(tmp_path_factory.mktemp("clips") / "hevc.mp4", codec="libx265")


def live(config: CameraConfig) -> LiveCamera:
    return LiveCamera(config, SystemClock(), random.Random(1))


def first(looks: Iterator[Look], kind: type[Look], tries: int = 400) -> Look:
    return next(look for look in islice(looks, tries) if isinstance(look, kind))


# ---- time of a session (pure)


def test_the_first_frame_anchors_the_session() -> None:
    times = SessionClock()

    assert [times.stamp(900 + i / 2, 50 + i / 2) for i in range(4)] == [50.0, 50.5, 51.0, 51.5]


def test_jitter_of_the_network_does_not_reach_the_times() -> None:
    times = SessionClock()
    late = [0.0, 0.3, 0.1, 0.45, 0.0, 0.2]

    stamps = [times.stamp(i / 2, 50 + i / 2 + late[i]) for i in range(6)]

    assert stamps == pytest.approx([50, 50.5, 51, 51.5, 52, 52.5], abs=0.003)


def test_a_late_first_frame_is_put_right_by_a_quicker_one() -> None:
    times = SessionClock()

    stamps = [times.stamp(0, 51), times.stamp(1, 51), times.stamp(2, 52), times.stamp(3, 53)]

    assert stamps == [51, 51, 52, 53]


def test_a_burst_after_a_stall_keeps_the_times_of_capture() -> None:
    times = SessionClock()
    times.stamp(0, 50)

    burst = [times.stamp(1 + i / 2, 54) for i in range(6)]

    assert burst == pytest.approx([51, 51.5, 52, 52.5, 53, 53.5], abs=0.03)


@pytest.mark.parametrize("jump", [-1000.0, +1000.0])
def test_a_jump_of_the_stream_clock_changes_no_duration(jump: float) -> None:
    times = SessionClock()
    times.stamp(2000, 50)
    times.stamp(2001, 51)

    assert times.stamp(2002 + jump, 52) == 52
    assert times.stamp(2003 + jump, 53) == 53


def test_a_slow_drift_of_the_camera_is_followed() -> None:
    times = SessionClock()

    for second in range(3600):
        t_s = times.stamp(second * 0.9999, 50 + second)

    assert t_s == pytest.approx(50 + 3599, abs=0.01)


def test_times_never_go_back_nor_beyond_now() -> None:
    times = SessionClock()
    rng = random.Random(3)
    last, mono = 0.0, 100.0
    for _ in range(500):
        mono += rng.uniform(0, 3)
        t_s = times.stamp(rng.uniform(0, 5000), mono)
        assert last <= t_s <= mono
        last = t_s


def test_a_stream_without_times_uses_the_clock() -> None:
    times = SessionClock()

    assert [times.stamp(None, 50), times.stamp(None, 50.7)] == [50, 50.7]


# ---- files


def test_a_file_is_sampled_by_its_own_time(clip: Path) -> None:
    frames = list(FileCamera(camera(clip, sample_hz=2), 1_000_000).frames())

    assert [frame.t_s for frame in frames] == [0.0, 0.52, 1.0, 1.52]
    assert [frame.number for frame in frames] == [1, 14, 26, 39]
    assert [frame.utc_ms for frame in frames] == [1_000_000, 1_000_520, 1_001_000, 1_001_520]
    assert frames[0].image.shape == (240, 320, 3)


def test_a_folder_of_pictures_is_a_source(tmp_path: Path) -> None:
    for number in (2, 1, 3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), videos.stamped(number))
    (tmp_path / "notes.txt").write_text("not a picture")

    frames = list(FileCamera(camera(tmp_path, sample_hz=2), 0).frames())

    assert [frame.t_s for frame in frames] == [0.0, 0.5, 1.0]
    assert (frames[0].image == videos.stamped(1)).all()


def test_a_truncated_file_gives_what_it_has(tmp_path: Path) -> None:
    whole = videos.write(tmp_path / "whole.ts")
    cut = tmp_path / "cut.ts"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    frames = list(FileCamera(camera(cut, sample_hz=25), 0).frames())

    assert 5 < len(frames) < 50


@pytest.mark.parametrize(
    ("name", "content", "state", "sentence"),
    [
        ("zero.mp4", b"", "decode", "is empty (0 bytes); a video was expected"),
        ("text.mp4", b"hello, this is no video " * 99, "decode", "is not a video that can be"),
        ("gone.mp4", None, "refused", "is not there"),
    ],
)
def test_a_file_that_is_no_video_is_refused_with_a_sentence(
    tmp_path: Path, name: str, content: bytes | None, state: str, sentence: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(StreamFault, match=f"{name}: ") as caught:
        list(FileCamera(camera(path), 0).frames())

    assert caught.value.state == state
    assert sentence in str(caught.value)


def test_a_file_cut_in_its_header_is_refused(tmp_path: Path, clip: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip.read_bytes()[:200])

    with pytest.raises(StreamFault, match="is not a video that can be decoded"):
        list(FileCamera(camera(cut), 0).frames())


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StreamFault, match="holds no picture"):
        list(FileCamera(camera(tmp_path), 0).frames())


def test_keyframes_alone_are_decoded_while_idle_and_every_frame_from_the_wake_on(
    tmp_path: Path,
) -> None:
    from edge.stream import Stream

    clip = videos.write(tmp_path / "c.mp4", frames=100, gop=25)
    stream = Stream(camera(clip))
    wishes = [Wish(keyframes_only=True)]
    numbers, pictures = [], []
    for decoded in stream.frames_until_end(lambda _: wishes[-1]):
        assert decoded.pts_s is not None
        numbers.append(round(decoded.pts_s * 25))
        pictures.append(decoded.image())
        if numbers[-1] == 50:
            wishes.append(Wish())
    stream.close()

    assert numbers == [0, 25, *range(50, 100)]
    for number, picture in zip(numbers, pictures, strict=True):
        away = abs(picture.astype(int) - videos.stamped(number).astype(int)).mean()
        assert away < 6, number


# ---- live


@pytest.mark.parametrize("name", ["clip", "hevc_clip"])
def test_a_camera_over_rtsp_gives_frames_at_its_rate(
    name: str, request: pytest.FixtureRequest
) -> None:
    with RtspServer(request.getfixturevalue(name)) as server:
        source = live(camera(server.url))
        with closing(source):
            frames = [look for look in islice(source.frames(), 12) if isinstance(look, Frame)]

    gaps = [b.t_s - a.t_s for a, b in pairwise(frames)]
    assert min(gaps) > 0
    assert frames[0].image.shape == (240, 320, 3)
    assert source.facts.state == "ok"
    assert source.facts.codec in ("h264", "hevc")


@pytest.mark.parametrize("kind", ["basic", "digest"])
def test_user_and_password_open_the_stream(clip: Path, kind: str) -> None:
    with RtspServer(clip, auth=kind) as server:  # type: ignore[arg-type]
        source = live(camera(server.url, user="me", password="pw"))
        with closing(source):
            assert isinstance(first(source.frames(), Frame), Frame)


@pytest.mark.parametrize("kind", ["basic", "digest"])
def test_a_wrong_password_is_told_without_telling_it(clip: Path, kind: str) -> None:
    with RtspServer(clip, auth=kind) as server:  # type: ignore[arg-type]
        source = live(camera(server.url, user="me", password="hush"))
        with closing(source):
            outage = first(source.frames(), Outage)

    assert isinstance(outage, Outage)
    assert outage.state == "auth"
    assert source.facts.sentence == f"{server.url}: refuses the user or the password"


def test_a_refused_connection_is_told(clip: Path) -> None:
    with RtspServer(clip) as server:
        url = server.url
    source = live(camera(url))
    with closing(source):
        outage = first(source.frames(), Outage)

    assert isinstance(outage, Outage)
    assert outage.state == "refused"
    assert source.facts.sentence == f"{url}: refuses the connection; nothing listens there"


def test_time_goes_on_while_the_stream_stands_still_and_it_is_connected_anew(clip: Path) -> None:
    with RtspServer(clip) as server:
        source = live(camera(server.url))
        with closing(source):
            looks = source.frames()
            before = first(looks, Frame)
            server.freeze()
            outages = [first(looks, Outage), first(looks, Outage)]
            assert all(isinstance(o, Outage) and isinstance(o.last, Frame) for o in outages)
            server.thaw()
            after = first(looks, Frame)

    assert isinstance(before, Frame)
    assert isinstance(after, Frame)
    assert before.t_s < outages[0].t_s < outages[1].t_s < after.t_s
    assert after.session > before.session
    assert len(source.facts.stalls_s) >= 1


def test_a_camera_that_changes_its_codec_is_read_on(clip: Path, hevc_clip: Path) -> None:
    with RtspServer(clip) as server:
        source = live(camera(server.url))
        with closing(source):
            looks = source.frames()
            before = first(looks, Frame)
            codec = source.facts.codec
            server.change(hevc_clip)
            after = next(
                look
                for look in islice(looks, 400)
                if isinstance(look, Frame) and source.facts.codec == "hevc"
            )

    assert codec == "h264"
    assert isinstance(before, Frame)
    assert after.session > before.session
    assert after.t_s > before.t_s


def test_a_slow_reader_gets_the_newest_frame_and_no_queue(clip: Path) -> None:
    with RtspServer(clip) as server:
        source = live(camera(server.url))
        with closing(source):
            looks = source.frames()
            before = first(looks, Frame)
            seen = source.facts.frames_in
            waited = threading.Event()
            while source.facts.frames_in < seen + 30:
                waited.wait(0.05)
            after = first(looks, Frame)

    assert isinstance(before, Frame)
    assert isinstance(after, Frame)
    assert after.number >= before.number + 29


def test_a_file_in_place_of_a_camera_plays_at_its_own_pace_and_ends(clip: Path) -> None:
    source = live(camera(clip))
    clock = SystemClock()
    with closing(source):
        looks = source.frames()
        begin_s = clock.mono_ns() / 1e9
        frames = [first(looks, Frame) for _ in range(6)]
        outage = first(looks, Outage)

    assert all(look.t_s >= begin_s - 1 for look in frames)
    assert frames[-1].t_s - frames[0].t_s == pytest.approx(0.5, abs=1.4)
    assert isinstance(outage, Outage)
    assert outage.state == "ended"


def test_a_file_that_is_to_be_repeated_begins_again_and_counts_no_fault(clip: Path) -> None:
    with closing(live(camera(clip, repeat=True))) as source:
        sessions = {look.session for look in islice(source.frames(), 60) if isinstance(look, Frame)}

    assert sessions >= {1, 2}
    assert source.facts.state == "ok"
