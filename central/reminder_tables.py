"""Tables between a packet and a reminded owner. What is personal (`contact`, `text`) is emptied as
soon as nobody needs it any more."""

from sqlalchemy import (
    BigInteger,
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

_HASH = String(64)

reminding = Table(
    "reminding",
    metadata,
    Column("case_id", Uuid, ForeignKey("case.id"), primary_key=True),
    Column("stage", String(16), nullable=False, comment="reminding.Stage"),
    Column("why", String(32), nullable=False, comment="reason of the last move; empty for none"),
    Column("since_utc_ms", BigInteger, nullable=False),
    Column("next_utc_ms", BigInteger, nullable=False, comment="not looked at before"),
    Column("plate", String(10), comment="as enough readings agree"),
    Column("colour", String(16)),
    Column("message_id", Uuid, comment="the reminder's message"),
    Column("checked_by", String(64), nullable=False, comment="who looked at the register's answer"),
    Column("task", String(8), nullable=False, comment="call or visit: what staff still do"),
    Column("task_note", String(300), nullable=False),
    Index("ix_reminding_stage", "stage", "next_utc_ms"),
    comment="how far the reminder of a case is; one row a case",
)

plate_reading = Table(
    "plate_reading",
    metadata,
    Column("case_id", Uuid, ForeignKey("case.id"), primary_key=True),
    Column("reader", String(64), primary_key=True, comment="machine, or the user's id"),
    Column("plate", String(10), comment="null: could not be read"),
    Column("colour", String(16)),
    Column("confidence_pm", Integer, nullable=False, comment="of the least sure character"),
    Column("sha256", _HASH, comment="the image that was read"),
    Column("utc_ms", BigInteger, nullable=False),
    comment="readings at central, each made without sight of the others",
)

message = Table(
    "message",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, index=True),
    Column("purpose", String(16), nullable=False, comment="reminder, notice, …"),
    Column("state", String(12), nullable=False),
    Column("contact", String(64), nullable=False, comment="emptied when the message is over"),
    Column("text", Text, nullable=False, comment="emptied when it was handed over"),
    Column("fields", Text, nullable=False, comment="JSON, likewise"),
    Column("text_sha256", _HASH, nullable=False),
    Column("plate", String(10), nullable=False, comment="whose owner is told; for repeat rules"),
    Column("made_utc_ms", BigInteger, nullable=False),
    Column("next_utc_ms", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("tried_utc_ms", BigInteger, comment="first try: from then on the gateway may have it"),
    Column("handed_utc_ms", BigInteger),
    Column("gateway_id", String(64), nullable=False),
    Column("reported_utc_ms", BigInteger, comment="our clock when the report came"),
    Column("code", String(64), nullable=False, comment="the gateway's word where it failed"),
    CheckConstraint(
        "state IN ('queued', 'handed', 'delivered', 'failed', 'silent', 'withdrawn')", name="state"
    ),
    Index("ix_message_state", "state", "next_utc_ms"),
    Index("ix_message_plate", "plate", "made_utc_ms"),
    Index("ix_message_gateway_id", "gateway_id"),
)

gateway = Table(
    "gateway",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("failures", Integer, nullable=False, comment="in a row"),
    Column("next_utc_ms", BigInteger, nullable=False, comment="left alone until then"),
    Column("ok_utc_ms", BigInteger, comment="when it last did what it was asked"),
    Column("fault_utc_ms", BigInteger),
    Column("fault", String(200), nullable=False),
    Column("strays", Integer, nullable=False, comment="reports for messages that nobody sent"),
    Column("stray_utc_ms", BigInteger),
)

notice = Table(
    "notice",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, unique=True),
    Column("device", String(32), ForeignKey("device.id"), nullable=False),
    Column("stay_id", Uuid, nullable=False),
    Column("reminded_utc_ms", BigInteger, nullable=False),
    Column("grace_ms", BigInteger, nullable=False),
    Column("next_utc_ms", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("over", String(8), nullable=False, comment="had: a record names it; ended: no need"),
    Index("ix_notice_over", "over", "next_utc_ms"),
    Index("ix_notice_device", "device", "over"),
)
