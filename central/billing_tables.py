"""Tables of bills, what came in for them, and what went back."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    Uuid,
)

from central.tables import metadata

_HASH = String(64)

bill = Table(
    "bill",
    metadata,
    Column("id", Uuid, primary_key=True, comment="what the channel knows it by"),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, unique=True),
    Column("amount_fen", BigInteger, nullable=False, comment="the fine; surcharge is never billed"),
    Column("last_day", String(10), nullable=False, comment="YYYY-MM-DD, last day in time"),
    Column("made_utc_ms", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("code", String(64), unique=True, comment="payment code; null until the channel gave it"),
    Column("pay_url", String(500), comment="where it can be paid online"),
    Column("serial", String(16), nullable=False, unique=True, comment="our own number"),
    CheckConstraint("state IN ('asked', 'issued', 'refused')", name="state"),
)

payment_report = Table(
    "payment_report",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("transaction", String(64), primary_key=True),
    Column("bill_id", Uuid, ForeignKey("bill.id"), nullable=False, index=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("paid_utc_ms", BigInteger, nullable=False, comment="by the channel's clock"),
    Column("came_utc_ms", BigInteger, nullable=False, comment="by ours"),
    Column("times", Integer, nullable=False, comment="how often the same was told"),
    comment="signed words of a channel: they are shown, and pay nothing",
)

statement_file = Table(
    "statement_file",
    metadata,
    Column("sha256", _HASH, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("imported_utc_ms", BigInteger, nullable=False),
    Column("imported_by", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False, comment="the exact bytes that came"),
    comment="what the treasury or the bank says: only this pays",
)

payment = Table(
    "payment",
    metadata,
    Column("reference", String(64), primary_key=True, comment="the statement's own number"),
    Column("direction", String(4), nullable=False),
    Column("statement_sha256", _HASH, ForeignKey("statement_file.sha256"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("code", String(64), nullable=False, comment="payment code as the line has it"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("day", String(10), nullable=False, comment="YYYY-MM-DD, value date"),
    Column("bill_id", Uuid, ForeignKey("bill.id"), index=True, comment="null: unmatched"),
    Column("note", String(300), nullable=False, comment="who matched it by hand, and why"),
    UniqueConstraint("statement_sha256", "line"),
    CheckConstraint("direction IN ('in', 'out')", name="direction"),
    Index("ix_payment_day", "day"),
)

refund = Table(
    "refund",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("bill_id", Uuid, ForeignKey("bill.id"), nullable=False, index=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("why", String(12), nullable=False),
    Column("asked_utc_ms", BigInteger, nullable=False),
    Column("reference", String(64), comment="of the outgoing line; null until it is there"),
    CheckConstraint("why IN ('surplus', 'revoked')", name="why"),
    comment="what the treasury is asked to send back",
)
