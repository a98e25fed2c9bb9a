"""Hides what concerns people outside the stay, before an image reaches any disk.

The lower part of every other vehicle, where its plate is, and faces. What is hidden is averaged
into a few blocks and cannot be brought back. The subject's box is never touched, nor is the ground
of the lane: within the lane only the inside of another vehicle's box is, and a face that two
different searches find, for road markings must not be taken for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Box

Picture = NDArray[np.uint8]
PLATE_ZONE = 0.45
"""Plates hang in the lower part of a vehicle's box, above the last few per cent."""
_INSET = 0.12
"""Left free at each side of a vehicle inside the lane: beside it one sees the ground."""
_BLOCKS = 12
"""A zone becomes this many blocks wide. A plate takes a fifth to a third of a vehicle's width, so
that its seven characters share two to four blocks and none can be told."""
_FACE_BLOCKS = 4
"""A face is all of its zone: in twelve blocks the search still finds it, and so might a friend."""
_FACE_PX = 18
_LEAST_PX = 4
_TILE_PX = 192
_NEAR_PX = 96
_SMALL_PX = 640
_OUTSIDE, _LANE, _SUBJECT = 0, 1, 2
"""What a pixel of the picture belongs to: a byte each, for such a plane is two megabytes."""
_CASCADE = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"
_SECOND = _CASCADE.with_name("haarcascade_frontalface_alt2.xml")
_COARSE_WIDE = 96
"""Blocks across a coarse picture: one sees that a vehicle is there, and where it goes."""
_SAME = 0.5
_AROUND = 0.5
_NO_LESS = 0.6


@dataclass(frozen=True, slots=True)
class Subject:
    """What must stay as it is: the vehicle of the stay, and the lane's corners in pixels."""

    box: Box
    lane: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Masked:
    """The picture, and the zones that are hidden in it."""

    image: Picture
    zones: tuple[Box, ...]

    def within(self, part: Box) -> int:
        """How many of the zones lie, wholly or in part, in a part of the picture."""
        return sum(zone.shared(part) > 0 for zone in self.zones)


def mask(image: Picture, others: Sequence[Box], subject: Subject) -> Masked:
    """A copy of the BGR picture in which bystanders cannot be told. `others`: their vehicles."""
    hidden = image.copy()
    height, width = image.shape[:2]
    ground = np.full((height, width), _OUTSIDE, np.uint8)
    cv2.fillPoly(ground, [np.array(subject.lane, np.int32)], (_LANE,))
    plates = [_plate_zone(box, inside=_touches(ground, box)) for box in others]
    ground[_rows(subject.box, height), _columns(subject.box, width)] = _SUBJECT
    zones = [zone for zone in plates if _hide(hidden, zone, ground, _LANE)]
    for face in faces(image, ground):
        over_lane = _touches(ground, face) and _surely(image, face)
        most = _LANE if over_lane else _OUTSIDE
        if _hide(hidden, face, ground, most, _FACE_BLOCKS):
            zones.append(face)
    return Masked(hidden, tuple(zones))


def _surely(image: Picture, face: Box) -> bool:
    """Whether another search, trained otherwise, finds a face there too."""
    around = face.grown(_AROUND)
    part = image[_rows(around, image.shape[0]), _columns(around, image.shape[1])]
    grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_BGR2GRAY)
    least = max(1, int(_NO_LESS * face.width))
    second = cv2.CascadeClassifier(str(_SECOND))
    return len(second.detectMultiScale(grey, 1.05, 3, minSize=(least, least))) > 0


def coarse(image: Picture, kept: Sequence[Box]) -> Picture:
    """A copy that shows only the boxes `kept` as they are, and the rest in blocks of which a plate
    or a face takes a few: for people who look into a decision, not at bystanders."""
    height, width = image.shape[:2]
    blocks = (_COARSE_WIDE, max(1, round(_COARSE_WIDE * height / width)))
    shown = _in_blocks(image, blocks)
    for box in kept:
        rows, columns = _rows(box, height), _columns(box, width)
        shown[rows, columns] = image[rows, columns]
    return shown


def faces(image: Picture, ground: Picture | None = None) -> list[Box]:
    """Faces turned to the camera, by OpenCV's own cascade; all of those that lie, in part at
    least, outside the subject where the `ground` tells it.

    In tiles, and once more whole at a small size for near faces: the cascade's tables grow with
    the picture, to 52 MB for 1280x720 at once, a third of what the daemon may have. It keeps those
    of its largest tile, 8 MB, for as long as it lives, so it lives for one picture: it is read
    again in 15 ms, and pictures are kept a few times a stay.
    """
    cascade = cv2.CascadeClassifier(str(_CASCADE))
    height, width = image.shape[:2]
    found = []
    for top in range(0, height, _TILE_PX):
        for left in range(0, width, _TILE_PX):
            rows, columns = _part(ground, top, left, (height, width))
            if rows.start >= rows.stop or columns.start >= columns.stop:
                continue
            at = (columns.start, rows.start)
            found += _search(cascade, image[rows, columns], 1.0, (_FACE_PX, _NEAR_PX), at)
    step = max(2, -(-max(height, width) // _SMALL_PX))
    found += _search(cascade, image[::step, ::step], step, (_NEAR_PX // step, height), (0, 0))
    # Tiles overlap: what lies in two is found twice.
    return [one for i, one in enumerate(found) if not any(one.iou(z) > _SAME for z in found[:i])]


def _part(
    ground: Picture | None, top: int, left: int, size: tuple[int, int]
) -> tuple[slice, slice]:
    """What of a tile is to be searched: around what of it is not the subject, by a face's size."""
    bottom, right = top + _TILE_PX + _NEAR_PX, left + _TILE_PX + _NEAR_PX
    if ground is not None:
        part = ground[top:bottom, left:right] != _SUBJECT
        rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
        if len(rows) == 0:
            return slice(0, 0), slice(0, 0)
        # No farther than the tile: a face that begins in another is found from there.
        bottom = min(bottom, top + int(rows[-1]) + _NEAR_PX)
        right = min(right, left + int(columns[-1]) + _NEAR_PX)
        top, left = (
            max(top, top + int(rows[0]) - _NEAR_PX),
            max(left, left + int(columns[0]) - _NEAR_PX),
        )
    height, width = size
    return (
        slice(max(0, top), min(height, bottom)),
        slice(max(0, left), min(width, right)),
    )


def _search(
    cascade: cv2.CascadeClassifier,
    part: Picture,
    step: float,
    sizes: tuple[int, int],
    at: tuple[int, int],
) -> list[Box]:
    """Faces of `sizes` (least, most) pixels of `part`, as boxes of the whole picture, in which
    `part` begins at `at` and has one pixel for `step`."""
    least, most = max(sizes[0], _FACE_PX), sizes[1]
    if min(part.shape[:2]) < least:
        return []
    grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_BGR2GRAY)
    found = cascade.detectMultiScale(grey, 1.1, 6, minSize=(least, least), maxSize=(most, most))
    return [
        Box(
            at[0] + x * step,
            at[1] + y * step,
            at[0] + (x + width) * step,
            at[1] + (y + tall) * step,
        )
        for x, y, width, tall in np.asarray(found, float).reshape(-1, 4).tolist()
    ]


def _plate_zone(box: Box, *, inside: bool) -> Box:
    inset = box.width * _INSET if inside else 0.0
    low = box.y2 - (box.height * 0.05 if inside else 0.0)
    return Box(box.x1 + inset, box.y2 - box.height * PLATE_ZONE, box.x2 - inset, low)


def _touches(ground: Picture, box: Box) -> bool:
    height, width = ground.shape
    return bool((ground[_rows(box, height), _columns(box, width)] == _LANE).any())


def _hide(image: Picture, zone: Box, ground: Picture, most: int, across: int = _BLOCKS) -> bool:
    """Average the zone into blocks where the ground is at `most` this; gives whether anything was
    hidden."""
    height, width = image.shape[:2]
    rows, columns = _rows(zone, height), _columns(zone, width)
    part, allowed = image[rows, columns], ground[rows, columns] <= most
    if part.shape[0] < _LEAST_PX or part.shape[1] < _LEAST_PX or not allowed.any():
        return False
    size = (part.shape[1], part.shape[0])
    blocks = (across, max(1, round(across * size[1] / size[0])))
    part[allowed] = _in_blocks(part, blocks)[allowed]
    return True


def _in_blocks(image: Picture, blocks: tuple[int, int]) -> Picture:
    """The picture averaged into so many blocks across and down, at its own size."""
    few = cv2.resize(image, blocks, interpolation=cv2.INTER_AREA)
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.resize(few, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _rows(box: Box, height: int) -> slice:
    return slice(min(height, max(0, int(box.y1))), min(height, max(0, int(box.y2 + 1))))


def _columns(box: Box, width: int) -> slice:
    return slice(min(width, max(0, int(box.x1))), min(width, max(0, int(box.x2 + 1))))
