"""Writing pictures anew with nothing in them but their pixels. Pure."""

import io

from PIL import Image


def plain_jpeg(image: Image.Image, quality: int) -> bytes:
    """A JPEG without comments, profiles, places or whatever else the picture was read with."""
    # Pillow carries comments and profiles over from the file that it read.
    bare = image.copy()
    bare.info = {}
    written = io.BytesIO()
    bare.save(written, "JPEG", quality=quality)
    return written.getvalue()
