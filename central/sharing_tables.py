"""Tables of what is shared with other departments: who may ask, what they took, what they told.

Keys are kept as hashes only. A webhook's secret is kept as it is: it signs what we send.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
)

from central.tables import metadata

_AUTO = BigInteger().with_variant(Integer, "sqlite")

department = Table(
    "department",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("key_sha256", String(64), nullable=False, unique=True),
    Column("scopes", String(200), nullable=False, comment="words of sharing.Scope, by blanks"),
    Column("active", Boolean, nullable=False),
    Column("added_utc_ms", BigInteger, nullable=False),
)

taking = Table(
    "taking",
    metadata,
    Column("seq", _AUTO, primary_key=True, autoincrement=True),
    Column("utc_ms", BigInteger, nullable=False),
    Column("department", String(32), ForeignKey("department.id"), nullable=False),
    Column("what", String(48), nullable=False),
    Column("subject", String(200), nullable=False, comment="case number, or what was asked for"),
    Column("purpose", String(200), nullable=False),
    Column("case_id", Uuid, index=True),
    Index("ix_taking_department", "department", "utc_ms"),
    comment="every request of a department, written before it is answered",
)

reported_fine = Table(
    "reported_fine",
    metadata,
    Column("department", String(32), ForeignKey("department.id"), primary_key=True),
    Column("reference", String(64), primary_key=True),
    Column("plate", String(10), nullable=False),
    Column("colour", String(16), nullable=False),
    Column("begin_utc_ms", BigInteger, nullable=False),
    Column("end_utc_ms", BigInteger, nullable=False),
    Column("place", String(200), nullable=False),
    Column("reported_utc_ms", BigInteger, nullable=False),
    Column("withdrawn_utc_ms", BigInteger),
    Index("ix_reported_fine_plate", "plate", "colour"),
    CheckConstraint("begin_utc_ms <= end_utc_ms", name="in_order"),
    comment="fines that other departments told us of: one act, one fine",
)

webhook = Table(
    "webhook",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("department", String(32), ForeignKey("department.id"), nullable=False),
    Column("url", String(500), nullable=False),
    Column("secret", String(64), nullable=False),
    Column("actions", Text, nullable=False, comment="words of cases.Action by blanks; empty: all"),
    Column("active", Boolean, nullable=False),
    Column("sent_seq", BigInteger, nullable=False, comment="all log lines up to here are told"),
    Column("tries", Integer, nullable=False, comment="failed in a row"),
    Column("next_utc_ms", BigInteger, nullable=False, comment="not before"),
    Column("answer", String(200), nullable=False, comment="of the last failure"),
)
