import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from edge.camera import Frame
from edge.clock import SystemClock
from edge.lanes import LaneInView
from edge.pipeline import Scene
from edge.post import Boot, NoticeBoard, Post, PostParts
from edge.recording import Shown
from edge.stay_events import StayEvent, StayEventKind
from edge.stay_memory import ReceivedNotice
from edge.storage import DiskFull
from edge.stubborn import StubbornSink
from edge.wire.records import Ending, PlateReading
from edge.wire.replies import Notice
from tests import videos
from tests.edge import yard

STAY = yard.visit(arrive_s=10, leave_s=80)
NOTICE = UUID(int=77)


class Memory:
    """What a post keeps, as it would lie on the disk."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.done: list[UUID] = []
        self.damaged: set[str] = set()

    def save_stays(self, camera: str, body: bytes) -> None:
        self.kept[camera] = body

    def load_stays(self, camera: str) -> bytes | None:
        return self.kept.get(camera)

    def stays_damaged(self, camera: str) -> bool:
        return camera in self.damaged

    def notice_done(self, notice_id: UUID) -> None:
        self.done.append(notice_id)


def post(
    memory: Memory,
    boot: str,
    board: NoticeBoard | None = None,
    folder: Path = Path("/nonexistent"),
) -> tuple[Post, yard.Kept]:
    kept = yard.Kept()
    parts = PostParts(
        yard.CAMERA,
        SystemClock(),
        Boot(boot, clock_trusted=False),
        yard.begin(yard.RedDetector()),
        kept,
        memory,
        board or NoticeBoard([]),
        folder,
    )
    return Post(parts), kept


def watch(one: Post, begin_s: float, end_s: float) -> None:
    """Run the post's own rig on a scripted camera."""
    one._rig.camera = yard.Script(yard.film(end_s - begin_s, STAY, begin_s=begin_s))
    one._run()
    assert one.failure is None


def test_a_stay_goes_on_after_a_restart_with_its_clock_and_the_time_off_is_a_gap() -> None:
    memory = Memory()
    before, told_before = post(memory, "boot-1")
    watch(before, 0, 30)

    after, told_after = post(memory, "boot-1")
    watch(after, 45, 95)

    assert [kind for kind, _ in told_before.told()] == ["settled", "arrival"]
    departure = told_after.events[-1]
    assert departure.kind is StayEventKind.DEPARTURE
    assert departure.stay_id == told_before.events[0].stay_id
    assert departure.begin_s == pytest.approx(10, abs=0.6)
    assert departure.end_s == pytest.approx(80, abs=0.6)
    assert [gap.reason.value for gap in departure.gaps] == ["box-off"]


def test_after_a_reboot_without_a_trusted_clock_no_stay_goes_on() -> None:
    memory = Memory()
    before, told_before = post(memory, "boot-1")
    watch(before, 0, 30)

    after, told_after = post(memory, "boot-2")
    watch(after, 45, 70)

    first = told_before.events[0].stay_id
    assert StayEventKind.BROKEN in [e.kind for e in told_after.events if e.stay_id == first]


def test_a_stay_whose_kept_bytes_are_damaged_ends_as_broken_and_says_why() -> None:
    memory = Memory()
    before, told_before = post(memory, "boot-1")
    watch(before, 0, 30)
    memory.damaged.add("yard")

    after, told_after = post(memory, "boot-1")
    watch(after, 45, 70)

    first = told_before.events[0].stay_id
    ends = [e for e in told_after.events if e.stay_id == first and e.kind.value == "broken"]
    assert [(e.ending, e.why) for e in ends] == [
        (Ending.GAP_TOO_LONG, "what was kept of the stay is damaged")
    ]


def test_what_was_kept_and_cannot_be_read_is_as_a_first_start() -> None:
    memory = Memory()
    memory.kept["yard"] = b'{"boot": "boot-1", "t_s": 1}'
    after, told = post(memory, "boot-1")

    watch(after, 0, 30)

    assert [kind for kind, _ in told.told()] == ["settled", "arrival"]


def test_a_camera_that_was_moved_while_the_box_was_off_is_noticed(tmp_path: Path) -> None:
    before, _ = post(Memory(), "boot-1", folder=tmp_path)
    watch(before, 0, 150)
    after, _ = post(Memory(), "boot-1", folder=tmp_path)
    after._rig.camera = yard.Script(
        [
            replace(look, image=np.roll(look.image, 40, axis=1))
            for look in yard.film(10, lambda _: None, begin_s=200)
            if isinstance(look, Frame)
        ]
    )

    after._run()

    assert len(list(tmp_path.glob("view-yard-*.npz"))) == 1
    assert before.health().view == "ok"
    assert after.health().view == "moved"


def test_a_notice_moves_the_deadline_and_is_done_once_the_stay_is_saved() -> None:
    memory = Memory()
    before, told = post(memory, "boot-1")
    watch(before, 0, 30)
    notice = Notice(
        v=1,
        device="box-1",
        notice_id=NOTICE,
        stay_id=told.events[0].stay_id,
        reminded_utc_ms=1_000_000,
        sent_utc_ms=1_002_000,
        grace_ms=15_000,
    )
    board = NoticeBoard([ReceivedNotice(notice, 32_000_000_000, "boot-1")])

    after, told_after = post(memory, "boot-1", board)
    watch(after, 31, 60)

    overstay = next(e for e in told_after.events if e.kind is StayEventKind.OVERSTAY)
    # Came at 32 s (the look in hand says 31 s), 2 s after the reminder, 15 s of grace.
    assert overstay.t_s == pytest.approx(44.5, abs=1)
    assert overstay.reminder is not None
    assert overstay.reminder.notice_id == NOTICE
    assert memory.done == [NOTICE]


def test_health_tells_what_a_camera_sees() -> None:
    one, _ = post(Memory(), "boot-1")
    watch(one, 0, 30)

    health = one.health()

    assert (health.id, health.view, health.light, health.occupied) == ("yard", "ok", "day", 1)
    assert one.profile().model_dump() == {
        "id": "yard", "lanes": ["lane"], "width": 320, "height": 240
    }  # fmt: skip


def test_a_disk_that_fails_for_a_while_loses_no_event_and_keeps_their_order() -> None:
    kept, full = [], [True]

    class Disk(yard.Kept):
        def record(self, event: StayEvent, plate: PlateReading, shown: object) -> None:
            if full[0]:
                raise DiskFull("cannot write: no space left")
            kept.append(event.kind.value)

    sink = StubbornSink(Disk())
    frames = [look for look in yard.film(60, yard.visit(10, 50)) if isinstance(look, Frame)]
    events, _ = yard.run(frames)
    for event in events.events:
        shown = Shown(frames[0], event.box, (), LaneInView(_scene().eyes.lanes[0]))
        sink.record(event, _unread(), shown)
    assert kept == []

    full[0] = False
    sink.saw(frames[0])

    assert kept == ["settled", "arrival", "overstay", "departure"]
    assert sink.waiting == 0


def _scene() -> Scene:
    return yard.begin(yard.RedDetector())((320, 240), 0.0)


def _unread() -> PlateReading:
    from edge.plate_votes import UNREAD

    return UNREAD


# ---- the daemon as a process


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of video, longer than any test here lasts."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    videos.write(path, frames=1500, fps=25)
    return path


@pytest.fixture
def config(tmp_path: Path, clip: Path) -> Path:
    """A daemon on a clip, whose broker is down."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "device.signing.pem").write_bytes(private)
    (tmp_path / "central.pub.pem").write_bytes(public)
    shutil.copy(clip, tmp_path)
    document = {
        "device": {"id": "box-1"},
        "broker": {"host": "127.0.0.1", "port": 9, "ca": "a", "cert": "b", "key": "c"},
        "keys": {"signing_key": "device.signing.pem", "central_keys": ["central.pub.pem"]},
        "storage": {"dir": "store"},
        "cameras": [
            {
                "id": "gate",
                "source": "clip.mp4",
                "lanes": [{"id": "lane", "polygon": [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9]]}],
            }
        ],
    }
    path = tmp_path / "edge.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@pytest.fixture
def daemon(config: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "run", "-c", str(config)],
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=30)


def _line(process: "subprocess.Popen[str]", pattern: str) -> "re.Match[str]":
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        found = re.search(pattern, line)
        if found:
            return found
    raise AssertionError(f"never said {pattern!r}, but:\n{''.join(said)}")


@pytest.mark.slow
def test_the_daemon_looks_while_the_broker_is_down_and_ends_cleanly_when_told(
    daemon: "subprocess.Popen[str]",
) -> None:
    looked = _line(daemon, r"first look after_s=([\d.]+) camera=gate")
    assert float(looked[1]) > 0

    os.kill(daemon.pid, signal.SIGTERM)

    assert _line(daemon, "stopped")
    assert daemon.wait(60) == 0


def test_a_daemon_without_its_keys_says_so(config: Path) -> None:
    (config.parent / "device.signing.pem").unlink()

    done = subprocess.run(
        [sys.executable, "-m", "edge", "run", "-c", str(config)],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 1
    assert "cannot read the signing key" in done.stderr.splitlines()[-1]


def test_a_daemon_with_a_bad_configuration_says_everything_that_is_wrong(config: Path) -> None:
    document = yaml.safe_load(config.read_text(encoding="utf-8"))
    del document["broker"]["ca"]
    document["cameras"][0]["lanes"][0]["polygon"] = [[0, 0], [1, 1]]
    config.write_text(yaml.safe_dump(document), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "edge", "run", "-c", str(config)],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 2
    assert "broker.ca: is missing" in done.stderr
    assert "cameras[0].lanes[0].polygon: a polygon needs at least three" in done.stderr
