"""Tables of the car owner's page. `party` and `statement` hold what is personal; the log names
their rows by id and by hash, and nothing of them is ever written to a log file."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from central.tables import metadata

_HASH = String(64)

party = Table(
    "party",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, index=True),
    Column("kind", String(8), nullable=False, comment="person or unit"),
    Column("relation", String(16), nullable=False, comment="holder, driver or agent"),
    Column("name", String(100), nullable=False),
    Column("id_number", String(32), nullable=False, comment="empty for a driver not yet met"),
    Column("phone", String(20), nullable=False),
    Column("address", String(300), nullable=False),
    Column("source", String(16), nullable=False, comment="party, nominated or officer"),
    Column("made_utc_ms", BigInteger, nullable=False),
    Column("checked_utc_ms", BigInteger, comment="when name and number were found to be real"),
    Column("checked_by", String(64), nullable=False, comment="gateway, or the officer's user id"),
    Column("confirmed_utc_ms", BigInteger, comment="since when this is the case's party"),
    comment="who a case may concern; one of them at most is confirmed as its party",
)

service_consent = Table(
    "service_consent",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, index=True),
    Column("party_id", Uuid, ForeignKey("party.id"), nullable=False),
    Column("channel", String(16), nullable=False, comment="page: this page, told by SMS"),
    Column("text_sha256", _HASH, nullable=False, comment="of the words that were agreed to"),
    Column("given_utc_ms", BigInteger, nullable=False),
    Column("withdrawn_utc_ms", BigInteger),
    comment="consent to electronic service (行政处罚法 art. 61); a row is never taken away",
)

owner_check = Table(
    "owner_check",
    metadata,
    Column("case_id", Uuid, ForeignKey("case.id"), primary_key=True),
    Column("kind", String(8), primary_key=True, comment="vin or id"),
    Column("hash", String(200), nullable=False, comment="argon2id of the last six characters"),
    comment="what the owner knows and a stranger with the telephone in hand does not",
)

owner_link = Table(
    "owner_link",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("token_sha256", _HASH, nullable=False, unique=True),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, index=True),
    Column("party_id", Uuid, ForeignKey("party.id"), comment="null: for the vehicle's holder"),
    Column("made_utc_ms", BigInteger, nullable=False),
    Column("expires_utc_ms", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("browser_sha256", _HASH, comment="of the first browser that passed the check"),
    Column("passed_utc_ms", BigInteger),
    Column("ended_utc_ms", BigInteger, comment="replaced, or tried too often"),
)

owner_session = Table(
    "owner_session",
    metadata,
    Column("token_sha256", _HASH, primary_key=True),
    Column("link_id", Uuid, ForeignKey("owner_link.id"), nullable=False, index=True),
    Column("party_id", Uuid, ForeignKey("party.id"), comment="as whom this browser is known"),
    Column("csrf", String(64), nullable=False),
    Column("created_utc_ms", BigInteger, nullable=False),
    Column("seen_utc_ms", BigInteger, nullable=False),
    Column("expires_utc_ms", BigInteger, nullable=False, index=True),
)

statement = Table(
    "statement",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False),
    Column("form", String(32), nullable=False, comment="the form's own number: sent once"),
    Column("kind", String(16), nullable=False),
    Column("grounds", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("party_id", Uuid, ForeignKey("party.id"), comment="null before anybody is known"),
    Column("link_id", Uuid, ForeignKey("owner_link.id"), comment="through which it came"),
    Column("recorded_by", String(36), comment="user id of the officer who wrote an oral one down"),
    Column("made_utc_ms", BigInteger, nullable=False),
    UniqueConstraint("case_id", "form"),
    Index("ix_statement_case_id", "case_id", "made_utc_ms"),
)

owner_upload = Table(
    "owner_upload",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, index=True),
    Column("statement_id", Uuid, ForeignKey("statement.id"), comment="null until it is sent"),
    Column("link_id", Uuid, ForeignKey("owner_link.id"), comment="through which it came"),
    Column("sha256", _HASH, nullable=False, comment="of the bytes as kept, not as sent"),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(32), nullable=False),
    Column("name", String(80), nullable=False, comment="for people; never part of a path"),
    Column("made_utc_ms", BigInteger, nullable=False),
    Column("dropped", Boolean, nullable=False, comment="taken back before the statement was sent"),
)

vehicle_check = Table(
    "vehicle_check",
    metadata,
    Column("case_id", Uuid, ForeignKey("case.id"), primary_key=True),
    Column("asked_utc_ms", BigInteger, nullable=False),
    Column("vehicle_class", String(32), nullable=False),
    Column("status", String(32), nullable=False),
    Column("body_colour", String(8), nullable=False, comment="letters of GA 24.8"),
    Column("make", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column(
        "differs",
        String(32),
        nullable=False,
        comment="what contradicts it, by spaces; empty for nothing",
    ),
    comment="the vehicle as the register has it, asked after the second review",
)
