"""`--explain`: shows what was decided and why, for people who look into a decision.

explain.mp4 shows every analysed frame with the lanes, the vehicles, the stays' clocks and the
sentences of the last decisions; decisions.txt lists the sentences. Decides nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import cv2
import numpy as np

from edge.camera import Frame
from edge.eyes import Seen
from edge.geometry import Box
from edge.inference import Picture
from edge.lanes import Lane
from edge.masks import coarse
from edge.pipeline import Scene
from edge.stay_events import StayEvent, StayEventKind

_LANE = (80, 220, 80)
_VEHICLE = (230, 200, 60)
_STAY = (40, 120, 255)
_TEXT = (255, 255, 255)
_WIDEST = 1280
_SHOWN_S = 6.0
_LINES = 4


@dataclass(frozen=True, slots=True)
class OpenStay:
    """What the picture shows of a stay."""

    begin_s: float
    deadline_s: float
    box: Box
    state: str


class Explainer:
    """An onlooker of the pipeline. Close it to end the video. With `mask` it shows only vehicles of
    stays as they are, and the rest so coarsely that nobody can be told."""

    def __init__(self, folder: Path, hz: float, mask: bool = True) -> None:
        self._mask = mask
        self._decisions = (folder / "decisions.txt").open("w", encoding="utf-8")
        self._video = _Video(folder / "explain.mp4", hz)
        self._open: dict[UUID, OpenStay] = {}
        self._said: list[tuple[float, str]] = []
        self._lanes: tuple[Lane, ...] = ()

    def watching(
        self, begin: Callable[[tuple[int, int], float], Scene]
    ) -> Callable[[tuple[int, int], float], Scene]:
        """The same `begin` of a rig, whose scene this onlooker then knows."""

        def begin_watched(frame_size: tuple[int, int], t_s: float) -> Scene:
            scene = begin(frame_size, t_s)
            self._lanes = scene.eyes.lanes
            return scene

        return begin_watched

    def look(self, frame: Frame | None, seen: Seen | None, events: Sequence[StayEvent]) -> None:
        for event in events:
            self._note(event)
        if frame is not None and seen is not None:
            self._video.write(self._drawn(frame, seen))

    def close(self) -> None:
        self._video.close()
        self._decisions.close()

    def _note(self, event: StayEvent) -> None:
        text = f"{event.t_s:8.2f} s  {event.kind.value:<9} {str(event.stay_id)[-4:]}  {event.why}"
        self._decisions.write(text + "\n")
        self._said.append((event.t_s, text.strip()))
        if event.kind in (StayEventKind.DEPARTURE, StayEventKind.BROKEN):
            self._open.pop(event.stay_id, None)
        else:
            self._open[event.stay_id] = OpenStay(
                event.begin_s, event.deadline_s, event.box, event.kind.value
            )

    def _drawn(self, frame: Frame, seen: Seen) -> Picture:
        stays = [one.box for one in self._open.values()]
        canvas = coarse(frame.image, stays) if self._mask else frame.image.copy()
        for lane in self._lanes:
            corners = np.array(lane.points, np.int32)
            cv2.polylines(canvas, [corners], True, _LANE, 2, cv2.LINE_AA)
        for track in seen.tracks:
            _box(canvas, track.box, _VEHICLE, f"{track.label} {track.id} {track.score:.2f}")
        for stay, one in self._open.items():
            look = seen.look.places.get(stay)
            place = ""
            if look is not None:
                place = f" like {_two(look.similarity)} empty {_two(look.empty)}"
            stood_s, left_s = frame.t_s - one.begin_s, one.deadline_s - frame.t_s
            clock = f"{str(stay)[-4:]} {one.state} {stood_s:.1f} s, {left_s:.1f} s left{place}"
            _box(canvas, one.box, _STAY, clock, below=True)
        return self._captioned(canvas, frame, seen)

    def _captioned(self, canvas: Picture, frame: Frame, seen: Seen) -> Picture:
        look = seen.look
        blind = f", BLIND: {look.blind.value}" if look.blind else ""
        searched = "searched" if look.searched else "not searched"
        head = f"{frame.t_s:.2f} s  {look.mode}, view {seen.view.state.value}{blind}, {searched}"
        recent = [text for t_s, text in self._said if frame.t_s - t_s <= _SHOWN_S][-_LINES:]
        width = canvas.shape[1]
        strip = np.zeros((16 * (1 + _LINES) + 8, width, 3), np.uint8)
        for i, text in enumerate((head, *recent)):
            _write(strip, text, (4, 16 * (i + 1)))
        return np.concatenate([canvas, strip])


class _Video:
    """An H.264 file whose size is that of the first picture."""

    def __init__(self, path: Path, hz: float) -> None:
        self._container = av.open(str(path), "w")
        self._hz = Fraction(hz).limit_denominator(1000)
        self._stream: Any = None
        self._number = 0

    def write(self, picture: Picture) -> None:
        height, width = picture.shape[:2]
        if width > _WIDEST:
            height, width = round(height * _WIDEST / width), _WIDEST
        size = (width // 2 * 2, height // 2 * 2)
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=self._hz)
            self._stream.width, self._stream.height = size
            self._stream.pix_fmt = "yuv420p"
            self._stream.codec_context.options = {"crf": "24", "preset": "veryfast"}
        fitted = np.asarray(
            cv2.resize(picture, (self._stream.width, self._stream.height)), np.uint8
        )
        frame = av.VideoFrame.from_ndarray(fitted, format="bgr24")
        frame.pts, frame.time_base = self._number, 1 / self._hz
        self._number += 1
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()


def _box(
    canvas: Picture, box: Box, colour: tuple[int, int, int], text: str, below: bool = False
) -> None:
    first, second = (round(box.x1), round(box.y1)), (round(box.x2), round(box.y2))
    cv2.rectangle(canvas, first, second, colour, 2)
    at = (first[0], min(canvas.shape[0] - 4, second[1] + 14) if below else max(12, first[1] - 4))
    _write(canvas, text, at)


def _write(canvas: Picture, text: str, at: tuple[int, int]) -> None:
    for colour, width in (((0, 0, 0), 3), (_TEXT, 1)):
        cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, width, cv2.LINE_AA)


def _two(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}"
