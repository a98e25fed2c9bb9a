"""Every table of the central server, for SQLite and PostgreSQL alike.

Times are integer milliseconds since 1970 UTC, hashes lower-case hex. What came signed is kept as
the exact bytes that came; columns beside it are an index to them and can be rebuilt from them.
Migrations in central/migrations bring an older database here; a test holds the two together.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives only INTEGER PRIMARY KEY a number by itself.
_AUTO = BigInteger().with_variant(Integer, "sqlite")
_HASH = String(64)
_DEVICE = String(32)

device = Table(
    "device",
    metadata,
    Column("id", _DEVICE, primary_key=True),
    Column("site", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("active", Boolean, nullable=False, comment="false: nothing from it is taken"),
    Column("note", Text, nullable=False),
    Column("registered_utc_ms", BigInteger, nullable=False),
    Column("state", String(8), nullable=False, comment="never, or the State's word"),
    Column("epoch", BigInteger, comment="of the last birth or state taken; null before the first"),
    Column("last_seen_utc_ms", BigInteger, comment="server's clock at its last message"),
    Column("birth", Text, comment="last Birth as it came"),
    Column("health", Text, comment="last Health as it came"),
    Column("health_utc_ms", BigInteger, comment="server's clock when that came"),
    Column("config_reported", Text, comment="last ConfigReported as it came"),
    Column(
        "contiguous_seq",
        BigInteger,
        nullable=False,
        comment="every record up to here is known or has a tombstone",
    ),
    CheckConstraint("state IN ('never', 'online', 'stopped', 'lost')", name="state"),
)

device_key = Table(
    "device_key",
    metadata,
    Column("key_id", String(32), primary_key=True),
    Column("device", _DEVICE, ForeignKey("device.id"), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False, comment="32 raw bytes, Ed25519"),
    Column("active", Boolean, nullable=False, comment="false: signs nothing new, still verifies"),
    Column("added_utc_ms", BigInteger, nullable=False),
    Column("retired_utc_ms", BigInteger),
)

case = Table(
    "case",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", String(32), nullable=False, unique=True, comment="for people; never the key"),
    Column("device", _DEVICE, ForeignKey("device.id"), nullable=False),
    Column("stay_id", Uuid, nullable=False),
    Column("site", String(64), nullable=False, comment="the device's site when the case opened"),
    Column("camera", String(32), nullable=False),
    Column("lane", String(32), nullable=False),
    Column("opened_utc_ms", BigInteger, nullable=False),
    Column("begin_utc_ms", BigInteger, nullable=False, comment="of the stay, by the device"),
    Column("standing_ms", BigInteger, nullable=False),
    Column("state", String(24), nullable=False, comment="cases.State, derived from case_event"),
    Column("remedy", String(24), nullable=False, comment="cases.Remedy, likewise"),
    Column("money", String(16), nullable=False, comment="cases.Money, likewise"),
    Column("policy_sha256", _HASH, nullable=False, comment="the pack that its first record names"),
    Column("due_utc_ms", BigInteger, comment="end of the next time limit; null: not worked out"),
    Column("latest_kind", String(16), nullable=False),
    Column("latest_seq", BigInteger, nullable=False, comment="in the device's chain"),
    Column("plate_status", String(8), nullable=False),
    Column("plate", String(10)),
    Column("plate_colour", String(16)),
    Column("thumb_sha256", _HASH, comment="a wide view that is held"),
    Column("changed_seq", BigInteger, nullable=False, comment="case_event.seq of the last change"),
    Column("words", Text, nullable=False, comment="number, site, camera, lane, plate; lower case"),
    UniqueConstraint("device", "stay_id"),
    Index("ix_case_opened_utc_ms", "opened_utc_ms", "number"),
    Index("ix_case_state", "state", "opened_utc_ms"),
    Index("ix_case_due", "state", "due_utc_ms"),
    Index("ix_case_plate", "plate"),
    Index("ix_case_site", "site", "opened_utc_ms"),
    Index("ix_case_changed_seq", "changed_seq"),
)

record = Table(
    "record",
    metadata,
    Column("record_id", Uuid, primary_key=True),
    Column("device", _DEVICE, ForeignKey("device.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("prev", _HASH, nullable=False),
    Column("sha256", _HASH, nullable=False, comment="of the payload: the next record's prev"),
    Column("envelope_sha256", _HASH, nullable=False),
    Column("key_id", String(32), nullable=False, comment="whose signature held when it came"),
    Column("kind", String(16), nullable=False),
    Column("policy_sha256", _HASH, nullable=False, index=True),
    Column("lane_version", _HASH, nullable=False, index=True),
    Column("stay_id", Uuid, nullable=False),
    Column("case_id", Uuid, ForeignKey("case.id"), comment="null while pending"),
    Column("envelope", LargeBinary, nullable=False, comment="the exact bytes that came"),
    Column("status", String(8), nullable=False),
    Column("received_utc_ms", BigInteger, nullable=False),
    Column("stored_utc_ms", BigInteger),
    Column("log_index", BigInteger, comment="case_event.seq that says it is stored"),
    Column("receipt", LargeBinary, comment="the exact bytes sent, sent again for a duplicate"),
    UniqueConstraint("device", "seq"),
    UniqueConstraint("device", "record_id"),
    Index("ix_record_case_id", "case_id"),
    Index("ix_record_status", "status", "received_utc_ms"),
    CheckConstraint("status IN ('pending', 'stored')", name="status"),
)

exhibit = Table(
    "exhibit",
    metadata,
    Column("sha256", _HASH, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(32), nullable=False),
    Column("stored_utc_ms", BigInteger, nullable=False),
    comment="images whose bytes are held, whichever device sent them",
)

record_exhibit = Table(
    "record_exhibit",
    metadata,
    Column("record_id", Uuid, ForeignKey("record.record_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("sha256", _HASH, nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("occasion", String(16), nullable=False),
    Column("view", String(8), nullable=False),
)

upload = Table(
    "upload",
    metadata,
    Column("device", _DEVICE, ForeignKey("device.id"), primary_key=True),
    Column("sha256", _HASH, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(32), nullable=False),
    Column("have", LargeBinary, nullable=False, comment="one byte a chunk: 0 missing, 1 written"),
    Column("restarts", Integer, nullable=False, comment="how often the whole did not hash right"),
    Column("begun_utc_ms", BigInteger, nullable=False),
    comment="images on their way; per device, so that nobody spoils another's",
)

policy = Table(
    "policy",
    metadata,
    Column("sha256", _HASH, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("valid_from", String(10), nullable=False, comment="YYYY-MM-DD"),
    Column("added_utc_ms", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False, comment="the exact YAML bytes, signed by us"),
    UniqueConstraint("name", "version"),
    comment="policy packs; a row is never changed",
)

rejected = Table(
    "rejected",
    metadata,
    Column("id", _AUTO, primary_key=True, autoincrement=True),
    Column("utc_ms", BigInteger, nullable=False, comment="when it last came"),
    Column("device", _DEVICE, nullable=False, comment="as in the topic; may be unregistered"),
    Column("topic", String(160), nullable=False),
    Column("code", String(48), nullable=False),
    Column("text", String(300), nullable=False),
    Column("sha256", _HASH, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False, comment="the first 96 KiB"),
    Column("times", Integer, nullable=False),
    UniqueConstraint("device", "sha256"),
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("device", _DEVICE, ForeignKey("device.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("record_sha256", _HASH),
    Column("reason", String(24), nullable=False),
    Column("envelope", LargeBinary, nullable=False, comment="the signed Response that says so"),
    Column("received_utc_ms", BigInteger, nullable=False),
)

gap = Table(
    "gap",
    metadata,
    Column("device", _DEVICE, ForeignKey("device.id"), primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("noticed_utc_ms", BigInteger, nullable=False),
    Column("asked_utc_ms", BigInteger, comment="last request to send again"),
    Column("times_asked", Integer, nullable=False),
    comment="stretches of a device's chain that are missing now",
)

alert = Table(
    "alert",
    metadata,
    Column("device", _DEVICE, ForeignKey("device.id"), primary_key=True),
    Column("source", String(8), primary_key=True, comment="device or central"),
    Column("code", String(48), primary_key=True),
    Column("level", String(8), nullable=False),
    Column("since_utc_ms", BigInteger, nullable=False),
    Column("text", String(300), nullable=False),
    Column("hint", String(300), nullable=False),
)

device_config = Table(
    "device_config",
    metadata,
    Column("device", _DEVICE, ForeignKey("device.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("sha256", _HASH, nullable=False),
    Column("document", Text, nullable=False),
    Column("issued_utc_ms", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False, comment="as it is retained at the broker"),
)

case_event = Table(
    "case_event",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="gapless from 1"),
    Column("utc_ms", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("type", String(32), nullable=False),
    Column("case_id", Uuid, ForeignKey("case.id"), index=True),
    Column("payload", Text, nullable=False, comment="the exact JSON text that is hashed"),
    Column("prev_hash", _HASH, nullable=False),
    Column("hash", _HASH, nullable=False),
    Column("content", _HASH, comment="set where the payload was erased: the hash of what it said"),
    comment="append-only; a row is never changed, apart from payloads erased on time",
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("day", String(10), primary_key=True, comment="YYYY-MM-DD in the server's time zone"),
    Column("seq", BigInteger, nullable=False),
    Column("hash", _HASH, nullable=False),
    Column("utc_ms", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False, comment="signed statement of the log's head"),
    Column(
        "time_stamp", LargeBinary, comment="RFC 3161 token over the envelope, once there is one"
    ),
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(48), primary_key=True),
    Column("value", BigInteger, nullable=False),
    comment="numbers handed out under a row lock: log head, case numbers, epochs",
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(48), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("until_utc_ms", BigInteger, nullable=False),
    comment="who runs a job that only one worker may run",
)

user = Table(
    "user",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("display", String(64), nullable=False),
    Column("password", Text, nullable=False, comment="argon2id, PHC string"),
    Column("role", String(16), nullable=False),
    Column("language", String(8), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_utc_ms", BigInteger, nullable=False),
    Column("changed_utc_ms", BigInteger, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_sha256", _HASH, primary_key=True),
    Column("user_id", String(36), ForeignKey("user.id"), nullable=False, index=True),
    Column("created_utc_ms", BigInteger, nullable=False),
    Column("seen_utc_ms", BigInteger, nullable=False),
    Column("expires_utc_ms", BigInteger, nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("proved_utc_ms", BigInteger, comment="last one-time code in this session"),
)

login_attempt = Table(
    "login_attempt",
    metadata,
    Column("id", _AUTO, primary_key=True, autoincrement=True),
    Column("key", String(128), nullable=False),
    Column("utc_ms", BigInteger, nullable=False),
    Index("ix_login_attempt_key", "key", "utc_ms"),
)

access_log = Table(
    "access_log",
    metadata,
    Column("seq", _AUTO, primary_key=True, autoincrement=True),
    Column("utc_ms", BigInteger, nullable=False),
    Column("user_id", String(36), ForeignKey("user.id")),
    Column("action", String(48), nullable=False),
    Column("case_id", Uuid, index=True),
    Column("subject", String(200), nullable=False),
    Column("reason", String(300), nullable=False),
    comment="every look at personal data",
)
