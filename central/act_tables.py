"""Tables of acts by hand: each form once, those that wait for a second officer, own vehicles."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, String, Table, Uuid
from sqlalchemy import Text as LongText

from central.tables import metadata

_USER = String(36)

act_form = Table(
    "act_form",
    metadata,
    Column("form", String(36), primary_key=True, comment="the form's own number: done once"),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, index=True),
    Column("user_id", _USER, ForeignKey("user.id"), nullable=False),
    Column("action", String(32), nullable=False),
    Column("utc_ms", BigInteger, nullable=False),
    comment="forms that were taken: a second click finds its own here and does nothing",
)

pending_act = Table(
    "pending_act",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, index=True),
    Column("action", String(32), nullable=False),
    Column("person", _USER, ForeignKey("user.id"), nullable=False),
    Column("fields", LongText, nullable=False, comment="what was typed; emptied when it ends"),
    Column("seen", BigInteger, nullable=False, comment="case_event.seq of the last act then"),
    Column("asked_utc_ms", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("ended_utc_ms", BigInteger),
    Column("ended_by", _USER, ForeignKey("user.id")),
    CheckConstraint("state IN ('waiting', 'signed', 'refused', 'withdrawn')", name="state"),
    Index("ix_pending_act_state", "state", "asked_utc_ms"),
    comment="acts that the first of two officers signed (行政处罚法 art. 42)",
)

own_plate = Table(
    "own_plate",
    metadata,
    Column("user_id", _USER, ForeignKey("user.id"), primary_key=True),
    Column("plate", String(10), primary_key=True),
    Column("declared_utc_ms", BigInteger, nullable=False),
    comment="vehicles of staff and their families: nobody acts on them (行政处罚法 art. 43)",
)
