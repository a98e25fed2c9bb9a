"""What owners send, and what they are shown: pure functions over bytes."""

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from central.owner import masking
from central.owner.masking import BLOCKS_ACROSS
from central.owner.uploads import (
    FILE_BYTES,
    LONGEST_EDGE,
    MOST_PIXELS,
    NAME_CHARS,
    BadUpload,
    clean,
    shown_name,
)

PDF = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SCRIPT = b"<html><script>alert(1)</script></html>"


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, (180, 40, 40)).save(written, kind, **options)
    return written.getvalue()


def archive() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        made.writestr("evil.sh", "rm -rf /")
    return written.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_kept_as_a_new_jpeg(kind: str) -> None:
    kept = clean(picture(kind), "车.x")

    assert kept.media_type == "image/jpeg"
    with Image.open(io.BytesIO(kept.data)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (60, 40))


@pytest.mark.parametrize("hidden", [SCRIPT, archive(), PDF], ids=["page", "archive", "pdf"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_hangs_behind_a_picture_is_not_kept(kind: str, hidden: bytes) -> None:
    kept = clean(picture(kind) + hidden, "a.jpg")

    assert hidden not in kept.data
    assert not zipfile.is_zipfile(io.BytesIO(kept.data))
    assert b"<script" not in kept.data


def test_what_is_written_into_a_picture_is_not_kept() -> None:
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>"
    exif[0x8825] = {1: "N", 2: (30.0, 16.0, 0.0)}
    kept = clean(picture(exif=exif, comment=SCRIPT), "a.jpg")

    assert b"script" not in kept.data
    with Image.open(io.BytesIO(kept.data)) as shown:
        assert dict(shown.getexif()) == {}


def test_a_picture_taken_on_its_side_is_kept_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(io.BytesIO(clean(picture(exif=exif), "a.jpg").data)) as shown:
        assert shown.size == (40, 60)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (SCRIPT, "not_a_picture"),
        (b"GIF89a" + b"\0" * 40, "not_a_picture"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "not_a_picture"),
        (archive(), "not_a_picture"),
        (b"MZ" + b"\0" * 64, "not_a_picture"),
        (picture()[:200], "broken_picture"),
        (picture("PNG")[:60], "broken_picture"),
        (b"%PDF-9", "broken_pdf"),
        (PDF.replace(b"%%EOF", b""), "broken_pdf"),
        (PDF + b"\n" * 2000, "broken_pdf"),
        (PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(app)>>"), "active_pdf"),
        (PDF.replace(b"/Catalog", b"/Catalog/EmbeddedFile 2 0 R"), "active_pdf"),
        (b"\0" * (FILE_BYTES + 1), "too_large"),
    ],
    ids=[
        "nothing", "page", "gif", "svg", "archive", "program", "half jpeg", "half png", "pdf head",
        "pdf without end", "pdf with a tail", "pdf with script", "pdf with a file", "too large",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(BadUpload) as refused:
        clean(raw, "../a.jpg")

    assert (refused.value.reason, refused.value.name) == (reason, "a.jpg")


def test_a_small_file_that_unpacks_to_a_wall_of_pixels_is_refused_unpacked() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99))
    with pytest.raises(BadUpload) as refused:
        clean(bomb, "a.png")

    assert refused.value.reason in ("too_many_pixels", "broken_picture")
    assert MOST_PIXELS < 50_000 * 50_000


def test_a_large_picture_is_kept_smaller() -> None:
    with Image.open(io.BytesIO(clean(picture(size=(5000, 100)), "a.jpg").data)) as shown:
        assert shown.size == (LONGEST_EDGE, 51)


def test_a_plain_pdf_is_kept_byte_for_byte() -> None:
    kept = clean(PDF, "合同.pdf")

    assert (kept.data, kept.media_type, kept.name) == (PDF, "application/pdf", "合同.pdf")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("/abs/olute.jpg", "olute.jpg"),
        ("..", "file"),
        ("", "file"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
        ("照片\u202egpj.exe", "照片gpj.exe"),
        ("车\0.jpg", "车.jpg"),
    ],
)
def test_a_name_is_only_ever_a_name(name: str, shown: str) -> None:
    assert shown_name(name) == shown


@given(st.text())
def test_no_name_leads_anywhere(name: str) -> None:
    shown = shown_name(name)

    assert 0 < len(shown) <= NAME_CHARS
    assert not set(shown) & {"/", "\\", "\r", "\n", "\0"}
    assert shown not in (".", "..")


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    try:
        kept = clean(raw, "a")
    except BadUpload:
        return
    assert kept.media_type in ("image/jpeg", "application/pdf")


BOX = (400, 200, 800, 500)


def street(text: str = "浙A00000") -> bytes:
    """The owner's vehicle in BOX, and another plate beside it."""
    image = Image.effect_noise((1280, 720), 90).convert("RGB")
    draw = ImageDraw.Draw(image)
    draw.rectangle(BOX, fill=(200, 40, 40))
    draw.text((600, 350), "B12345", fill=(255, 255, 255))
    draw.rectangle((1000, 400, 1120, 440), fill=(20, 60, 160))
    draw.text((1010, 410), text.encode("ascii", "replace").decode(), fill=(255, 255, 255))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=95)
    return written.getvalue()


def pixels(jpeg: bytes) -> NDArray[np.int16]:
    with Image.open(io.BytesIO(jpeg)) as shown:
        return np.asarray(shown.convert("RGB")).astype(np.int16)


BLOCK = -(-1280 // BLOCKS_ACROSS)


def block_at(shown: NDArray[np.int16], x: int, y: int) -> NDArray[np.int16]:
    """The inside of the block that holds a point: at its edge JPEG itself rings."""
    left, top = x // BLOCK * BLOCK, y // BLOCK * BLOCK
    return shown[top + 3 : top + BLOCK - 3, left + 3 : left + BLOCK - 3]


def rough(block: NDArray[np.int16]) -> float:
    return float(block.std(axis=(0, 1)).max())


def test_only_the_owners_vehicle_is_sharp() -> None:
    original = street()
    before, after = pixels(original), pixels(masking.masked(original, BOX, (1280, 720)))

    left, top, right, bottom = BOX
    changed = np.abs(after - before)[top:bottom, left:right]
    assert after.shape == (720, 1280, 3)
    assert changed.mean() < 2
    assert rough(block_at(before, 1010, 415)) > 25
    assert rough(block_at(after, 1010, 415)) < 4


def test_the_box_is_given_in_pixels_of_the_devices_frame() -> None:
    after = pixels(masking.masked(street(), (800, 400, 1600, 1000), (2560, 1440)))

    assert after[250, 450].tolist() == pytest.approx([200, 40, 40], abs=8)


def test_where_the_vehicle_has_left_nothing_is_sharp() -> None:
    after = pixels(masking.masked(street(), None, (1280, 720)))

    for x, y in ((600, 350), (1010, 415), (100, 100)):
        assert rough(block_at(after, x, y)) < 4


def test_a_copy_carries_nothing_that_was_written_into_the_original() -> None:
    exif = Image.Exif()
    exif[0x010E] = "camera-serial-7"
    original = picture(exif=exif, comment=b"camera-serial-7")

    assert b"camera-serial-7" in original
    assert b"camera-serial-7" not in masking.copied(original)
    assert b"camera-serial-7" not in masking.masked(original, (0, 0, 60, 40), (60, 40))


def test_a_box_at_the_edge_stays_inside_the_image() -> None:
    copy = masking.masked(street(), (-30, -10, 1400, 900), (1280, 720))
    with Image.open(io.BytesIO(copy)) as shown:
        assert shown.size == (1280, 720)
