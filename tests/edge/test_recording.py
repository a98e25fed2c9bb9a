"""From a stay event to a durable, signed packet, with real files and a real database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock
from uuid import UUID

import cv2
import numpy as np
import pytest

from edge.camera import Frame
from edge.clock import SystemClock
from edge.diskroom import DiskRoom
from edge.evidence import box_px
from edge.geometry import Box, Polygon
from edge.host import HostPaths
from edge.lanes import Lane, LaneInView
from edge.outbox import Sealed
from edge.recording import CameraRecorder, RecorderParts, Shown
from edge.stay_events import Reminder, StayEvent, StayEventKind, StayRules
from edge.stay_memory import ReceivedNotice
from edge.storage import DiskFull
from edge.wire.fields import parse
from edge.wire.records import Ending, Record, RecordKind, Software, lane_version
from edge.wire.replies import Notice
from edge.wire.signing import open_envelope
from tests.edge.test_evidence import event
from tests.packets import BOOT, KEYS, SIGNER, UNREAD, UTC_MS, opened, uuid
from tests.packets import Box as Storage

FRAME_SIZE = (1280, 720)
LANE = Lane(
    "lane-1", Polygon(((100.0, 300.0), (900.0, 300.0), (900.0, 700.0), (100.0, 700.0))), FRAME_SIZE
)


def frame(t_s: float) -> Frame:
    noise = np.random.default_rng(int(t_s)).integers(0, 256, (45, 80, 3), dtype=np.uint8)
    image = cv2.resize(noise, FRAME_SIZE, interpolation=cv2.INTER_LINEAR)
    number = round(t_s * 2)
    return Frame(
        np.asarray(image, np.uint8), t_s, number, UTC_MS + round(t_s * 1000), round(t_s * 1e9), 1
    )


@dataclass
class Desk:
    storage: Storage
    recorder: CameraRecorder
    room: DiskRoom

    def record(self, what: StayEvent) -> Record | None:
        shown = Shown(
            frame(what.t_s), Box(200, 350, 500, 600), [Box(950, 200, 1200, 400)], LaneInView(LANE)
        )
        return self.recorder.record(what, UNREAD, shown)


def desk(folder: Path) -> Desk:
    storage = opened(folder)
    room = DiskRoom(folder, storage.outbox, 10**9, 7)
    ids = iter(range(0x5000, 0x6000))
    parts = RecorderParts(
        device="gate-1",
        signer=SIGNER,
        vault=storage.vault,
        outbox=storage.outbox,
        memory=storage.memory,
        room=room,
        clock=SystemClock(),
        paths=HostPaths(),
        boot=BOOT,
        software=Software(version="1", sha256="0" * 64, models=[]),
        new_id=lambda: uuid(next(ids)),
    )
    recorder = CameraRecorder(parts, "front", StayRules(), "0" * 64)
    for n in range(0, 400):
        recorder.saw(replace(frame(0.0), t_s=n / 2, number=n, utc_ms=UTC_MS + n * 500))
    return Desk(storage, recorder, room)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    made = desk(tmp_path)
    yield made
    made.storage.database.close()


def test_an_arrival_becomes_a_signed_record_with_a_wide_view_and_a_close_up(at: Desk) -> None:
    made = at.record(event())

    assert made is not None
    envelope = at.storage.outbox.envelope(1)
    assert envelope is not None
    assert parse(Record, open_envelope(envelope, KEYS, Record.PAYLOAD_TYPE).payload) == made
    assert [(each.occasion, each.view) for each in made.exhibits] == [
        ("arrival", "wide"),
        ("arrival", "plate"),
    ]
    assert (made.exhibits[0].width, made.exhibits[0].height) == (1280, 720)
    assert (made.exhibits[1].width, made.exhibits[1].height) == (348, 290)
    assert [each.masked for each in made.exhibits] == [1, 0]
    for each in made.exhibits:
        at.storage.vault.check(each.sha256)
    assert made.stay.begin.frame == 200


def test_a_record_of_a_camera_that_was_bumped_tells_the_correction_in_pixels_of_its_image(
    at: Desk,
) -> None:
    what = event()
    drawn = LaneInView(LANE)
    shown = Shown(frame(what.t_s), what.box.moved(-40, 12), [], LaneInView(LANE, (-40, 12)))

    made = at.recorder.record(what, UNREAD, shown)

    assert made is not None
    assert made.lane.moved is not None
    assert (made.lane.moved.right_px, made.lane.moved.down_px) == (-40, 12)
    assert made.lane.moved.drawn_version == drawn.version
    assert made.lane.polygon != drawn.points
    assert made.lane.version == lane_version(
        LANE.id, LANE.frame_size, [(x, y) for x, y in made.lane.polygon]
    )
    for before, after in zip(what.samples, made.stay.samples, strict=True):
        assert after.box == box_px(before.box.moved(-40, 12))


def test_exhibits_are_on_the_disk_before_the_record_names_them(at: Desk) -> None:
    with (
        mock.patch.object(at.storage.outbox, "put", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        at.record(event())

    assert len(list(at.storage.vault.names())) == 2
    assert at.storage.outbox.head()[0] == 0


def test_what_is_seen_at_a_notice_goes_into_the_overstay_with_the_notices_own_time(
    at: Desk,
) -> None:
    at.record(event())
    notice = Notice(
        v=1,
        device="gate-1",
        notice_id=uuid(9),
        stay_id=uuid(5),
        reminded_utc_ms=UTC_MS + 180_000,
        sent_utc_ms=UTC_MS + 181_000,
        grace_ms=900_000,
    )
    at.storage.memory.notice_came(ReceivedNotice(notice, 0, str(BOOT)))
    reminder = Reminder(uuid(9), 180.0, 900.0)

    seen = replace(event(StayEventKind.NOTICE), t_s=182.0, reminder=reminder)
    noticed = at.record(seen)
    late = replace(event(StayEventKind.OVERSTAY), t_s=190.0, reminder=reminder)
    overstay = at.record(late)

    assert noticed is None
    assert overstay is not None
    assert overstay.stay.reminded is not None
    assert overstay.stay.reminded.reminded_utc_ms == UTC_MS + 180_000
    occasions = [each.occasion for each in overstay.exhibits]
    assert occasions == ["notice", "notice", "deadline", "deadline"]
    assert at.storage.memory.taken(uuid(5)) == []


def test_an_overstay_after_each_of_two_notices_makes_two_records(at: Desk) -> None:
    at.record(event())
    plain = at.record(replace(event(StayEventKind.OVERSTAY), t_s=180.0))
    reminder = Reminder(uuid(9), 180.0, 900.0)
    again = replace(event(StayEventKind.OVERSTAY), t_s=190.0, reminder=reminder)

    assert plain is not None
    assert at.record(again) is not None
    assert at.record(again) is None


def test_a_departure_has_its_images_and_the_stay_is_forgotten(at: Desk) -> None:
    at.record(event())
    left = replace(event(StayEventKind.DEPARTURE), t_s=195.0, ending=Ending.LANE_EMPTY)

    made = at.record(left)

    assert made is not None
    assert made.kind is RecordKind.DEPARTURE
    assert made.stay.begin.frame == 200
    assert [each.occasion for each in made.exhibits] == ["departure", "departure"]


def test_a_frame_from_before_the_outage_is_not_shown_as_the_end(at: Desk) -> None:
    at.record(event())
    broken = replace(event(StayEventKind.BROKEN), t_s=199.0, ending=Ending.GAP_TOO_LONG)

    shown = Shown(frame(150.0), broken.box, [], LaneInView(LANE))
    made = at.recorder.record(broken, UNREAD, shown)

    assert made is not None
    assert made.exhibits == []


def test_a_beginning_outlives_a_restart_on_the_clock_of_its_own_boot(
    at: Desk, tmp_path: Path
) -> None:
    at.record(event(StayEventKind.SETTLED))
    at.storage.database.close()

    again = desk(tmp_path)
    for n in range(0, 5):
        later = replace(frame(0.0), t_s=9_000.0 + n, number=7)
        again.recorder.saw(later)
    made = again.record(event())

    assert made is not None
    assert (made.stay.begin.frame, made.stay.begin.boot) == (200, UUID(str(BOOT)))
    again.storage.database.close()


def test_with_the_disk_full_room_is_made_and_the_stay_recorded(at: Desk) -> None:
    real = at.storage.vault.keep
    answers = iter([DiskFull("no space")])

    def keep(jpeg: bytes) -> object:
        for fault in answers:
            raise fault
        return real(jpeg)

    with (
        mock.patch.object(at.storage.vault, "keep", keep),
        mock.patch.object(at.room, "make_room", return_value=True) as make_room,
    ):
        made = at.record(event())

    assert made is not None
    assert make_room.call_count == 1


def test_while_paused_new_stays_are_counted_and_the_end_of_a_known_one_is_still_recorded(
    at: Desk,
) -> None:
    at.record(event())
    at.room.paused = True

    fresh = at.record(replace(event(), stay_id=uuid(6)))
    left = replace(event(StayEventKind.DEPARTURE), t_s=195.0, ending=Ending.LANE_EMPTY)
    known = at.record(left)
    unknown = at.record(replace(left, stay_id=uuid(6)))

    assert fresh is None
    assert at.room.suppressed == 1
    assert known is not None
    assert known.exhibits == []
    assert unknown is None


def test_a_record_that_finds_no_room_gets_it_made(at: Desk) -> None:
    real = at.storage.outbox.put
    answers = iter([DiskFull("no space")])

    def put(notice_id: str, make: Callable[[int, str], Sealed]) -> Sealed | None:
        for fault in answers:
            raise fault
        return real(notice_id, make)

    with (
        mock.patch.object(at.storage.outbox, "put", put),
        mock.patch.object(at.room, "make_room", return_value=True),
    ):
        made = at.record(event())

    assert made is not None
    assert made.seq == 1
