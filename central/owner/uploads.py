"""What an owner sends with a statement: pictures are decoded and written anew, PDFs are only let
through. Pure.

A file that pretends to be a picture does not survive being decoded; what is hidden in one that is a
picture (places, texts, a page, an archive behind its end) is not in what is kept.

BadUpload    the file is not taken; `reason` is a key of the locales
"""

import io
import unicodedata
import warnings
from dataclasses import dataclass

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from central.owner.pixels import plain_jpeg

MOST_FILES = 6
FILE_BYTES = 10 * 1024 * 1024
REQUEST_BYTES = 32 * 1024 * 1024
MOST_PIXELS = 60_000_000
LONGEST_EDGE = 2560
NAME_CHARS = 80
_PICTURES = ("JPEG", "PNG", "WEBP")
_QUALITY = 88
_PDF_HEAD, _PDF_END = b"%PDF-1.", b"%%EOF"
_PDF_TAIL_BYTES = 1024
_ACTIVE = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/RichMedia", b"/XFA")


class BadUpload(Exception):
    """The file is not taken."""

    def __init__(self, reason: str, name: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.reason = reason
        self.name = name


@dataclass(frozen=True, slots=True)
class Clean:
    """A file as it is kept. `name` is for people and never part of a path."""

    data: bytes
    media_type: str
    name: str


def clean(raw: bytes, name: str) -> Clean:
    """The file as it is kept. Raises BadUpload."""
    shown = shown_name(name)
    if len(raw) > FILE_BYTES:
        raise BadUpload("too_large", shown)
    if not raw:
        raise BadUpload("empty", shown)
    if raw.startswith(b"%PDF-"):
        return _pdf(raw, shown)
    return Clean(_picture(raw, shown), "image/jpeg", shown)


def shown_name(name: str) -> str:
    """The last part of a name, without what is not printable and what turns text around."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(char for char in last if char.isprintable()).strip(" .")
    return kept[-NAME_CHARS:] or "file"


def _pdf(raw: bytes, name: str) -> Clean:
    if not raw.startswith(_PDF_HEAD) or _PDF_END not in raw[-_PDF_TAIL_BYTES:]:
        raise BadUpload("broken_pdf", name)
    if any(word in raw for word in _ACTIVE):
        raise BadUpload("active_pdf", name)
    return Clean(raw, "application/pdf", name)


def _picture(raw: bytes, name: str) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            # WeasyPrint lets all of the process take pictures that were cut off; we do not.
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            opened = Image.open(io.BytesIO(raw), formats=_PICTURES)
            if opened.width * opened.height > MOST_PIXELS:
                raise BadUpload("too_many_pixels", name)
            # A JPEG is decoded no larger than it is kept: that is most of the work saved.
            opened.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))
            upright = ImageOps.exif_transpose(opened)
            flat = upright.convert("RGB")
    except UnidentifiedImageError:
        raise BadUpload("not_a_picture", name) from None
    except (OSError, ValueError, SyntaxError, EOFError, Warning, Image.DecompressionBombError):
        raise BadUpload("broken_picture", name) from None
    flat.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    return plain_jpeg(flat, _QUALITY)
