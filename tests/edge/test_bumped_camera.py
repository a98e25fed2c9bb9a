"""A camera that is bumped while it watches: a rendered clip seen through a window that jumps, with
the project's own models, from the pixels to the signed record."""

import base64
import json
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from edge.__main__ import main
from edge.clock import SystemClock
from edge.delivery import Delivery, DeliverySettings
from edge.host import HostPaths
from edge.wire.fields import parse
from edge.wire.records import GapReason, Proof, Record, RecordKind
from scripts.scene.truth import read_truth

CLIP = Path("tests/clips/replaced.mp4")
FPS = 8
SIZE = (576, 324)
BEFORE, AFTER = (56, 8), (24, 20)
"""Left upper corner of the window in the clip: the view moves by a twentieth of its width."""
BUMPED_S = 5.0
AT_REST_S = 4.0
SECONDS = 29.0
TIMES = ("settle_s=3", "confirm_s=4", "grace_s=60", "scan_s=5", "max_gap_s=60")


@dataclass(frozen=True, slots=True)
class Told:
    """What a replay said: the last event of each stay, and the records."""

    stays: list[dict[str, object]]
    records: list[Record]


def windowed(out: Path) -> Path:
    """The clip through the window that jumps."""
    path = out / "bumped.mp4"
    with av.open(str(CLIP)) as source, av.open(str(path), "w") as target:
        video = target.add_stream("libx264", rate=FPS, options={"crf": "16", "g": "16"})
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        for number, frame in enumerate(islice(source.decode(video=0), round(SECONDS * FPS))):
            x, y = BEFORE if (frame.time or 0.0) < BUMPED_S else AFTER
            cut = frame.to_ndarray(format="bgr24")[y : y + SIZE[1], x : x + SIZE[0]]
            shown = av.VideoFrame.from_ndarray(np.ascontiguousarray(cut), format="bgr24")
            shown.pts, shown.time_base = number, Fraction(1, FPS)
            target.mux(video.encode(shown))
        target.mux(video.encode(None))
    return path


def replayed(out: Path, *more: str) -> Told:
    clip = windowed(out)
    lane = [
        f"{min(max(c - offset, 0), most):.0f}"
        for point in read_truth(CLIP.with_suffix(".truth.json")).lane
        for c, offset, most in zip(point, BEFORE, SIZE, strict=True)
    ]
    sets = [
        part for each in (*(f"stays.{one}" for one in TIMES), *more) for part in ("--set", each)
    ]
    assert main(["replay", str(clip), "--lane", ",".join(lane), "--out", str(out), *sets]) == 0
    lines = (out / "events.jsonl").read_text(encoding="utf-8").splitlines()
    last = {event["stay"]: event for event in map(json.loads, lines)}
    packets = out / "packets"
    settings = DeliverySettings("replay", packets, packets / "signing.pem")
    delivery = Delivery(settings, SystemClock(), HostPaths())
    envelopes = [delivery.outbox.envelope(row.seq) for row in delivery.outbox.waiting(0, 100)]
    delivery.close()
    payloads = [base64.b64decode(json.loads(each or b"")["payload"]) for each in envelopes]
    return Told(list(last.values()), [parse(Record, payload) for payload in payloads])


@pytest.mark.slow
def test_a_camera_bumped_by_a_twentieth_goes_on_with_its_lane_where_it_lies_now(
    tmp_path: Path,
) -> None:
    told = replayed(tmp_path)

    first, second = told.stays
    assert (first["type"], first["begin"]) == ("departure", 0.0)
    assert first["end"] == pytest.approx(16.0, abs=1.0)
    assert (second["type"], second["begin"]) == ("arrival", pytest.approx(21.0, abs=1.5))
    arrival, departure, later = told.records
    assert arrival.lane.moved is None
    for record in (departure, later):
        moved = record.lane.moved
        assert moved is not None, record.kind
        assert moved.drawn_version == arrival.lane.version
        assert moved.right_px == pytest.approx(BEFORE[0] - AFTER[0], abs=2)
        assert moved.down_px == pytest.approx(BEFORE[1] - AFTER[1], abs=2)
    held = departure.stay.gaps[0]
    assert (held.reason, held.proof) == (GapReason.CAMERA_MOVED, Proof.APPEARANCE)
    assert held.end_ms == pytest.approx(1000 * (BUMPED_S + AT_REST_S), abs=1000)


@pytest.mark.slow
def test_without_the_correction_the_lane_is_held_and_nothing_more_is_told(tmp_path: Path) -> None:
    told = replayed(tmp_path, "view.correct_share=0")

    (only,) = told.stays
    assert (only["type"], only["begin"], only["end"]) == ("arrival", 0.0, None)
    assert [record.kind for record in told.records] == [RecordKind.ARRIVAL]
