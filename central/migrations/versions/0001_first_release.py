"""The tables of the first release"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "checkpoint",
        sa.Column(
            "day",
            sa.String(length=10),
            nullable=False,
            comment="YYYY-MM-DD in the server's time zone",
        ),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "envelope",
            sa.LargeBinary(),
            nullable=False,
            comment="signed statement of the log's head",
        ),
        sa.Column(
            "time_stamp",
            sa.LargeBinary(),
            nullable=True,
            comment="RFC 3161 token over the envelope, once there is one",
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
        comment="numbers handed out under a row lock: log head, case numbers, epochs",
    )
    op.create_table(
        "device",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column(
            "active", sa.Boolean(), nullable=False, comment="false: nothing from it is taken"
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("registered_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "state", sa.String(length=8), nullable=False, comment="never, or the State's word"
        ),
        sa.Column(
            "epoch",
            sa.BigInteger(),
            nullable=True,
            comment="of the last birth or state taken; null before the first",
        ),
        sa.Column(
            "last_seen_utc_ms",
            sa.BigInteger(),
            nullable=True,
            comment="server's clock at its last message",
        ),
        sa.Column("birth", sa.Text(), nullable=True, comment="last Birth as it came"),
        sa.Column("health", sa.Text(), nullable=True, comment="last Health as it came"),
        sa.Column(
            "health_utc_ms", sa.BigInteger(), nullable=True, comment="server's clock when that came"
        ),
        sa.Column(
            "config_reported", sa.Text(), nullable=True, comment="last ConfigReported as it came"
        ),
        sa.Column(
            "contiguous_seq",
            sa.BigInteger(),
            nullable=False,
            comment="every record up to here is known or has a tombstone",
        ),
        sa.CheckConstraint(
            "state IN ('never', 'online', 'stopped', 'lost')", name=op.f("ck_device_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
    )
    op.create_table(
        "exhibit",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("stored_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_exhibit")),
        comment="images whose bytes are held, whichever device sent them",
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
        comment="who runs a job that only one worker may run",
    )
    op.create_table(
        "login_attempt",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    with op.batch_alter_table("login_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_login_attempt_key", ["key", "utc_ms"], unique=False)

    op.create_table(
        "policy",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False, comment="YYYY-MM-DD"),
        sa.Column("added_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "envelope",
            sa.LargeBinary(),
            nullable=False,
            comment="the exact YAML bytes, signed by us",
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_policy")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_policy_name_version")),
        comment="policy packs; a row is never changed",
    )
    op.create_table(
        "rejected",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False, comment="when it last came"),
        sa.Column(
            "device",
            sa.String(length=32),
            nullable=False,
            comment="as in the topic; may be unregistered",
        ),
        sa.Column("topic", sa.String(length=160), nullable=False),
        sa.Column("code", sa.String(length=48), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False, comment="the first 96 KiB"),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected")),
        sa.UniqueConstraint("device", "sha256", name=op.f("uq_rejected_device_sha256")),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display", sa.String(length=64), nullable=False),
        sa.Column("password", sa.Text(), nullable=False, comment="argon2id, PHC string"),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("name", name=op.f("uq_user_name")),
    )
    op.create_table(
        "access_log",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_access_log_user_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_access_log")),
        comment="every look at personal data",
    )
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_log_case_id"), ["case_id"], unique=False)

    op.create_table(
        "alert",
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False, comment="device or central"),
        sa.Column("code", sa.String(length=48), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("since_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("hint", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name=op.f("fk_alert_device")),
        sa.PrimaryKeyConstraint("device", "source", "code", name=op.f("pk_alert")),
    )
    op.create_table(
        "case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "number", sa.String(length=32), nullable=False, comment="for people; never the key"
        ),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column(
            "site",
            sa.String(length=64),
            nullable=False,
            comment="the device's site when the case opened",
        ),
        sa.Column("camera", sa.String(length=32), nullable=False),
        sa.Column("lane", sa.String(length=32), nullable=False),
        sa.Column("opened_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "begin_utc_ms", sa.BigInteger(), nullable=False, comment="of the stay, by the device"
        ),
        sa.Column("standing_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False, comment="derived from case_event"),
        sa.Column("latest_kind", sa.String(length=16), nullable=False),
        sa.Column("latest_seq", sa.BigInteger(), nullable=False, comment="in the device's chain"),
        sa.Column("plate_status", sa.String(length=8), nullable=False),
        sa.Column("plate", sa.String(length=10), nullable=True),
        sa.Column("plate_colour", sa.String(length=16), nullable=True),
        sa.Column(
            "thumb_sha256", sa.String(length=64), nullable=True, comment="a wide view that is held"
        ),
        sa.Column(
            "changed_seq",
            sa.BigInteger(),
            nullable=False,
            comment="case_event.seq of the last change",
        ),
        sa.Column(
            "words",
            sa.Text(),
            nullable=False,
            comment="number, site, camera, lane, plate; lower case",
        ),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name=op.f("fk_case_device")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("device", "stay_id", name=op.f("uq_case_device_stay_id")),
        sa.UniqueConstraint("number", name=op.f("uq_case_number")),
    )
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.create_index("ix_case_opened_utc_ms", ["opened_utc_ms", "number"], unique=False)
        batch_op.create_index("ix_case_plate", ["plate"], unique=False)
        batch_op.create_index("ix_case_site", ["site", "opened_utc_ms"], unique=False)
        batch_op.create_index("ix_case_state", ["state", "opened_utc_ms"], unique=False)

    op.create_table(
        "device_config",
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("issued_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "envelope", sa.LargeBinary(), nullable=False, comment="as it is retained at the broker"
        ),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name=op.f("fk_device_config_device")),
        sa.PrimaryKeyConstraint("device", "version", name=op.f("pk_device_config")),
    )
    op.create_table(
        "device_key",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False, comment="32 raw bytes, Ed25519"),
        sa.Column(
            "active",
            sa.Boolean(),
            nullable=False,
            comment="false: signs nothing new, still verifies",
        ),
        sa.Column("added_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("retired_utc_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name=op.f("fk_device_key_device")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_device_key")),
    )
    with op.batch_alter_table("device_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_key_device"), ["device"], unique=False)

    op.create_table(
        "gap",
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("noticed_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "asked_utc_ms", sa.BigInteger(), nullable=True, comment="last request to send again"
        ),
        sa.Column("times_asked", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name=op.f("fk_gap_device")),
        sa.PrimaryKeyConstraint("device", "first", name=op.f("pk_gap")),
        comment="stretches of a device's chain that are missing now",
    )
    op.create_table(
        "session",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("created_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_session_user_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_session_expires_utc_ms"), ["expires_utc_ms"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "tombstone",
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("record_sha256", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column(
            "envelope", sa.LargeBinary(), nullable=False, comment="the signed Response that says so"
        ),
        sa.Column("received_utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name=op.f("fk_tombstone_device")),
        sa.PrimaryKeyConstraint("device", "seq", name=op.f("pk_tombstone")),
    )
    op.create_table(
        "upload",
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column(
            "have",
            sa.LargeBinary(),
            nullable=False,
            comment="one byte a chunk: 0 missing, 1 written",
        ),
        sa.Column(
            "restarts",
            sa.Integer(),
            nullable=False,
            comment="how often the whole did not hash right",
        ),
        sa.Column("begun_utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name=op.f("fk_upload_device")),
        sa.PrimaryKeyConstraint("device", "sha256", name=op.f("pk_upload")),
        comment="images on their way; per device, so that nobody spoils another's",
    )
    op.create_table(
        "case_event",
        sa.Column(
            "seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="gapless from 1"
        ),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column(
            "payload", sa.Text(), nullable=False, comment="the exact JSON text that is hashed"
        ),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_event_case_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_case_event")),
        comment="append-only; a row is never changed",
    )
    with op.batch_alter_table("case_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_event_case_id"), ["case_id"], unique=False)

    op.create_table(
        "record",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column(
            "sha256",
            sa.String(length=64),
            nullable=False,
            comment="of the payload: the next record's prev",
        ),
        sa.Column("envelope_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "key_id",
            sa.String(length=32),
            nullable=False,
            comment="whose signature held when it came",
        ),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("policy_sha256", sa.String(length=64), nullable=False),
        sa.Column("lane_version", sa.String(length=64), nullable=False),
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True, comment="null while pending"),
        sa.Column(
            "envelope", sa.LargeBinary(), nullable=False, comment="the exact bytes that came"
        ),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("received_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("stored_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column(
            "log_index",
            sa.BigInteger(),
            nullable=True,
            comment="case_event.seq that says it is stored",
        ),
        sa.Column(
            "receipt",
            sa.LargeBinary(),
            nullable=True,
            comment="the exact bytes sent, sent again for a duplicate",
        ),
        sa.CheckConstraint("status IN ('pending', 'stored')", name=op.f("ck_record_status")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_record_case_id")),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name=op.f("fk_record_device")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_record")),
        sa.UniqueConstraint("device", "record_id", name=op.f("uq_record_device_record_id")),
        sa.UniqueConstraint("device", "seq", name=op.f("uq_record_device_seq")),
    )
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.create_index("ix_record_case_id", ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_record_lane_version"), ["lane_version"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_record_policy_sha256"), ["policy_sha256"], unique=False
        )
        batch_op.create_index("ix_record_status", ["status", "received_utc_ms"], unique=False)

    op.create_table(
        "record_exhibit",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("occasion", sa.String(length=16), nullable=False),
        sa.Column("view", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.record_id"], name=op.f("fk_record_exhibit_record_id")
        ),
        sa.PrimaryKeyConstraint("record_id", "position", name=op.f("pk_record_exhibit")),
    )
    with op.batch_alter_table("record_exhibit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_exhibit_sha256"), ["sha256"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("record_exhibit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_record_exhibit_sha256"))

    op.drop_table("record_exhibit")
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_index("ix_record_status")
        batch_op.drop_index(batch_op.f("ix_record_policy_sha256"))
        batch_op.drop_index(batch_op.f("ix_record_lane_version"))
        batch_op.drop_index("ix_record_case_id")

    op.drop_table("record")
    with op.batch_alter_table("case_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_event_case_id"))

    op.drop_table("case_event")
    op.drop_table("upload")
    op.drop_table("tombstone")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_user_id"))
        batch_op.drop_index(batch_op.f("ix_session_expires_utc_ms"))

    op.drop_table("session")
    op.drop_table("gap")
    with op.batch_alter_table("device_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_device_key_device"))

    op.drop_table("device_key")
    op.drop_table("device_config")
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.drop_index("ix_case_state")
        batch_op.drop_index("ix_case_site")
        batch_op.drop_index("ix_case_plate")
        batch_op.drop_index("ix_case_opened_utc_ms")

    op.drop_table("case")
    op.drop_table("alert")
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_log_case_id"))

    op.drop_table("access_log")
    op.drop_table("user")
    op.drop_table("rejected")
    op.drop_table("policy")
    with op.batch_alter_table("login_attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_login_attempt_key")

    op.drop_table("login_attempt")
    op.drop_table("lease")
    op.drop_table("exhibit")
    op.drop_table("device")
    op.drop_table("counter")
    op.drop_table("checkpoint")
