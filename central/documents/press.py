"""Printing: the PDF of an issued document, made from its frozen content and kept by its hash.

The same content gives the same bytes with the same programs and fonts; what was printed first is
kept and handed out ever after, and the log names its hash.

PressError
├── FontsMissing    Chinese text would come out as empty boxes
└── NoDocument      nothing was issued under this hash
"""

import io
import logging
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection, Engine, select, update

from central import events
from central.blobs import Blobs
from central.database import reading
from central.document_tables import document
from central.documents.content import Content, sha256_of

FONTS = ("Noto Serif CJK SC", "Noto Sans CJK SC")
PROBE = "消防车通道行政处罚决定书〔2026〕壹佰元整浙鄂粤"
ACTOR = "press"
_SHELF = "documents."
"""Where parts of PDFs lie on their way into the evidence folder: no device has this name."""
_MOST_A_ROUND = 50


class PressError(Exception):
    """The document cannot be printed."""


class FontsMissing(PressError):
    """Chinese text would come out as empty boxes."""


class NoDocument(PressError):
    """Nothing was issued under this hash."""


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def print_pdf(content: Content) -> bytes:
    """The PDF of a content, fonts embedded. The same content gives the same bytes."""
    sha256 = sha256_of(content.to_json())
    page = _environment().get_template("page.html").render({**asdict(content), "sha256": sha256})
    return _pdf(page)


def _pdf(page: str, *, readable: bool = False) -> bytes:
    # It loads Pango, which commands without documents do not need.
    from weasyprint import HTML  # type: ignore[import-untyped]

    written = io.BytesIO()
    HTML(string=page, url_fetcher=_nothing).write_pdf(written, uncompressed_pdf=readable)
    return written.getvalue()


def _nothing(url: str) -> dict[str, object]:
    """A document fetches nothing: neither files nor addresses that somebody typed into a field."""
    raise ValueError(f"a document must not fetch {url[:80]!r}")


def check_fonts() -> None:
    """Print a line and look at what was embedded. Raises FontsMissing."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    lines = [f'<p lang="zh-CN" style="font-family:\'{font}\'">{PROBE}</p>' for font in FONTS]
    try:
        pdf = "".join(_pdf(line, readable=True).decode("latin-1") for line in lines)
    except OSError as error:
        raise FontsMissing(f"WeasyPrint does not load ({error}); apt install libpango-1.0-0 "
                           "libpangoft2-1.0-0") from None  # fmt: skip
    lacking = [font for font in FONTS if font.replace(" ", "-") not in pdf]
    if lacking:
        raise FontsMissing(
            f"the fonts {', '.join(lacking)} are not installed: apt install fonts-noto-cjk"
        )


class Press:
    """Prints what was issued. Every call blocks."""

    def __init__(self, engine: Engine, blobs: Blobs) -> None:
        self._engine = engine
        self._blobs = blobs

    def pdf(self, sha256: str, utc_ms: int) -> bytes:
        """The PDF of an issued document, printed now where it was not before.

        Raises NoDocument, BlobFault where the kept file is gone or damaged, OSError.
        """
        table = document
        with reading(self._engine) as db:
            row = db.execute(select(table).where(table.c.sha256 == sha256)).one_or_none()
        if row is None:
            raise NoDocument(f"no document {sha256} was issued")
        if row.pdf_sha256 is not None:
            self._blobs.check(row.pdf_sha256)
            return self._blobs.read(row.pdf_sha256)
        pdf = print_pdf(Content.from_json(row.content))
        printed = self._blobs.keep(_SHELF, pdf)
        with self._engine.begin() as db:
            first = _note(db, sha256, printed, utc_ms)
        return pdf if first == printed else self._blobs.read(first)

    def run(self, utc_ms: int, case_id: UUID | None = None) -> None:
        """Print what was issued and is not printed yet, oldest first: of one case, or of all."""
        table = document
        waiting = select(table.c.sha256).where(table.c.pdf_sha256.is_(None))
        mine = waiting.where(table.c.case_id == case_id)
        chosen = mine if case_id else waiting.limit(_MOST_A_ROUND)
        with reading(self._engine) as db:
            names = db.scalars(chosen.order_by(table.c.issued_utc_ms)).all()
        for name in names:
            self.pdf(name, utc_ms)


def printed(db: Connection, case_id: UUID) -> Sequence[str]:
    """Hashes of the PDFs of a case."""
    table = document
    query = select(table.c.pdf_sha256).where(
        table.c.case_id == case_id, table.c.pdf_sha256.is_not(None)
    )
    return db.scalars(query).all()


def _note(db: Connection, sha256: str, printed: str, utc_ms: int) -> str:
    """Write the PDF's hash down, once; the hash that was written first."""
    table = document
    done = db.execute(
        update(table)
        .where(table.c.sha256 == sha256, table.c.pdf_sha256.is_(None))
        .values(pdf_sha256=printed)
        .returning(table.c.case_id)
    ).first()
    if done is None:
        return str(db.scalar(select(table.c.pdf_sha256).where(table.c.sha256 == sha256)))
    payload = {"document": sha256, "pdf": printed}
    events.append(db, events.Event(utc_ms, ACTOR, "document-printed", done.case_id, payload))
    return printed
