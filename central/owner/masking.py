"""The owner's copy of an exhibit: their own vehicle as it was taken, everything else in blocks too
coarse for a face or a plate. Pure; the exhibit itself never changes.

The box masked faces and plates of bystanders before it kept anything. This is a second wall that
needs to recognise nothing: what is not the owner's vehicle cannot be read, whatever it is.
"""

import io

from PIL import Image

from central.owner.pixels import plain_jpeg

Box = tuple[int, int, int, int]
BLOCKS_ACROSS = 48
"""A plate in a wide view is at most a tenth of it: five blocks for seven characters."""
MARGIN = 0.03
_QUALITY = 90


def masked(jpeg: bytes, box: Box | None, frame: tuple[int, int]) -> bytes:
    """A JPEG of the same size in which only `box` (in pixels of `frame`) is sharp; with None
    nothing is. Metadata is left behind."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as opened:
        sharp = opened.convert("RGB")
    coarse = _blocks(sharp)
    if box is not None:
        place = _scaled(box, frame, sharp.size)
        coarse.paste(sharp.crop(place), place[:2])
    return plain_jpeg(coarse, _QUALITY)


def copied(jpeg: bytes) -> bytes:
    """A copy without metadata: of a view that shows nothing but the owner's plate."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as opened:
        return plain_jpeg(opened.convert("RGB"), _QUALITY)


def _blocks(sharp: Image.Image) -> Image.Image:
    size = max(1, -(-sharp.width // BLOCKS_ACROSS))
    across, down = -(-sharp.width // size), -(-sharp.height // size)
    small = sharp.resize((across, down), Image.Resampling.BOX)
    whole = small.resize((across * size, down * size), Image.Resampling.NEAREST)
    return whole.crop((0, 0, *sharp.size))


def _scaled(box: Box, frame: tuple[int, int], size: tuple[int, int]) -> Box:
    """The box in pixels of the image, a little wider, inside the image."""
    left, top, right, bottom = box
    across, down = (right - left) * MARGIN, (bottom - top) * MARGIN
    x, y = size[0] / frame[0], size[1] / frame[1]
    return (
        max(0, int((left - across) * x)),
        max(0, int((top - down) * y)),
        min(size[0], int((right + across) * x) + 1),
        min(size[1], int((bottom + down) * y) + 1),
    )
