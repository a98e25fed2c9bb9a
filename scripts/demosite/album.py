"""What the cameras of the demo's other places saw: rendered pictures with their truth.

    album = Album.open(ALBUM)
    shot = album.shot("payer", "2026-11-28 14:03:20", seed=1)    # wide view and plate crop, JPEG

The pictures are the frames of configs/demo/album.mp4; each gets the time burnt in and grain of its
own, as two pictures of a real camera are never the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.scene.optics import captioned
from scripts.scene.truth import FrameTruth, VehicleTruth, read_truth

Picture = NDArray[np.uint8]
EMPTY = {"day": 0.0, "night": 5.0}
CAMERA_NAME = "FIRELANE-02"
_QUALITY = 88
_AROUND_PLATE = 0.25


@dataclass(frozen=True, slots=True)
class Shot:
    """JPEG bytes; `plate` where the picture shows one."""

    wide: bytes
    plate: bytes | None
    size: tuple[int, int]
    plate_size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Album:
    lane: tuple[tuple[int, int], ...]
    size: tuple[int, int]
    pictures: Mapping[str, Picture]
    vehicles: Mapping[str, VehicleTruth]

    @classmethod
    def open(cls, clip: Path) -> "Album":
        truth = read_truth(clip.with_suffix(".truth.json"))
        wanted = {name: _frame_at(truth.frames, second) for name, second in EMPTY.items()}
        vehicles: dict[str, VehicleTruth] = {}
        for number, frame in enumerate(truth.frames):
            for vehicle in frame.vehicles:
                wanted.setdefault(vehicle.id, number)
                vehicles.setdefault(vehicle.id, vehicle)
        frames = _decoded(clip)
        width, height = truth.width, truth.height
        lane = tuple(
            (min(width, max(0, round(x))), min(height, max(0, round(y)))) for x, y in truth.lane
        )
        pictures = {name: frames[number] for name, number in wanted.items()}
        return cls(lane, (width, height), pictures, vehicles)

    def shot(self, name: str, clock: str, seed: int) -> Shot:
        """`name`: a vehicle of the album, or `day` or `night` for the empty lane."""
        rng = np.random.default_rng(seed)
        picture = self.pictures[name]
        grain = rng.normal(0, 1.6, picture.shape)
        noisy = np.clip(picture + grain, 0, 255).astype(np.uint8)
        wide = captioned(noisy, clock, CAMERA_NAME)
        crop = self._plate(name, noisy)
        height, width = wide.shape[:2]
        return Shot(
            wide=_jpeg(wide),
            plate=None if crop is None else _jpeg(crop),
            size=(width, height),
            plate_size=(0, 0) if crop is None else (crop.shape[1], crop.shape[0]),
        )

    def _plate(self, name: str, picture: Picture) -> Picture | None:
        vehicle = self.vehicles.get(name)
        if vehicle is None or vehicle.plate_corners is None:
            return None
        corners = np.array(vehicle.plate_corners)
        around = _AROUND_PLATE * (corners.max(0) - corners.min(0)).max()
        x0, y0 = np.maximum(0, corners.min(0) - around).astype(int)
        x1, y1 = (corners.max(0) + around).astype(int)
        return picture[y0:y1, x0:x1]


def _frame_at(frames: list[FrameTruth], second: float) -> int:
    return next(number for number, frame in enumerate(frames) if frame.t >= second)


def _decoded(clip: Path) -> list[Picture]:
    with av.open(str(clip)) as container:
        return [
            np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
            for frame in container.decode(video=0)
        ]


def _jpeg(picture: Picture) -> bytes:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert done
    return data.tobytes()
