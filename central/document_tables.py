"""Tables of documents and their numbers."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from central.tables import metadata

_HASH = String(64)

document = Table(
    "document",
    metadata,
    Column("sha256", _HASH, primary_key=True, comment="of `content`"),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, index=True),
    Column("kind", String(24), nullable=False),
    Column("number", String(40), comment="null for forms without a number"),
    Column("issued_utc_ms", BigInteger, nullable=False),
    Column("content", Text, nullable=False, comment="the exact JSON text that is hashed"),
    Column("pdf_sha256", _HASH, unique=True, comment="null until it was printed"),
    comment="issued documents; a row is never changed, apart from its PDF's first printing",
)

document_number = Table(
    "document_number",
    metadata,
    Column("series", String(8), primary_key=True),
    Column("year", Integer, primary_key=True, comment="of the document's day in China"),
    Column("serial", BigInteger, primary_key=True, autoincrement=False, comment="gapless from 1"),
    Column("number", String(40), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, index=True),
    Column("issued_utc_ms", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("reason", String(500), nullable=False, comment="why it is spoilt"),
    UniqueConstraint("number"),
    CheckConstraint("state IN ('issued', 'spoilt')", name="state"),
    comment="the register: a number once taken stays, spoilt or not, and is never used again",
)
