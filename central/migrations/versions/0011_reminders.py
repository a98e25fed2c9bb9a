"""Reminders: how far each is, readings of plates, messages, gateways, notices"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "gateway",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, comment="in a row"),
        sa.Column("next_utc_ms", sa.BigInteger(), nullable=False, comment="left alone until then"),
        sa.Column(
            "ok_utc_ms",
            sa.BigInteger(),
            nullable=True,
            comment="when it last did what it was asked",
        ),
        sa.Column("fault_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("fault", sa.String(length=200), nullable=False),
        sa.Column(
            "strays", sa.Integer(), nullable=False, comment="reports for messages that nobody sent"
        ),
        sa.Column("stray_utc_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_gateway")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False, comment="reminder, notice, …"),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column(
            "contact",
            sa.String(length=64),
            nullable=False,
            comment="emptied when the message is over",
        ),
        sa.Column("text", sa.Text(), nullable=False, comment="emptied when it was handed over"),
        sa.Column("fields", sa.Text(), nullable=False, comment="JSON, likewise"),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "plate",
            sa.String(length=10),
            nullable=False,
            comment="whose owner is told; for repeat rules",
        ),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column(
            "tried_utc_ms",
            sa.BigInteger(),
            nullable=True,
            comment="first try: from then on the gateway may have it",
        ),
        sa.Column("handed_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("gateway_id", sa.String(length=64), nullable=False),
        sa.Column(
            "reported_utc_ms",
            sa.BigInteger(),
            nullable=True,
            comment="our clock when the report came",
        ),
        sa.Column(
            "code",
            sa.String(length=64),
            nullable=False,
            comment="the gateway's word where it failed",
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'handed', 'delivered', 'failed', 'silent', 'withdrawn')",
            name=op.f("ck_message_state"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_message_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_message_gateway_id", ["gateway_id"], unique=False)
        batch_op.create_index("ix_message_plate", ["plate", "made_utc_ms"], unique=False)
        batch_op.create_index("ix_message_state", ["state", "next_utc_ms"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column("reminded_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("grace_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column(
            "over",
            sa.String(length=8),
            nullable=False,
            comment="had: a record names it; ended: no need",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_notice_case_id")),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name=op.f("fk_notice_device")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("case_id", name=op.f("uq_notice_case_id")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_device", ["device", "over"], unique=False)
        batch_op.create_index("ix_notice_over", ["over", "next_utc_ms"], unique=False)

    op.create_table(
        "plate_reading",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reader", sa.String(length=64), nullable=False, comment="machine, or the user's id"
        ),
        sa.Column("plate", sa.String(length=10), nullable=True, comment="null: could not be read"),
        sa.Column("colour", sa.String(length=16), nullable=True),
        sa.Column(
            "confidence_pm", sa.Integer(), nullable=False, comment="of the least sure character"
        ),
        sa.Column("sha256", sa.String(length=64), nullable=True, comment="the image that was read"),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_plate_reading_case_id")),
        sa.PrimaryKeyConstraint("case_id", "reader", name=op.f("pk_plate_reading")),
        comment="readings at central, each made without sight of the others",
    )
    op.create_table(
        "reminding",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False, comment="reminding.Stage"),
        sa.Column(
            "why",
            sa.String(length=32),
            nullable=False,
            comment="reason of the last move; empty for none",
        ),
        sa.Column("since_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_utc_ms", sa.BigInteger(), nullable=False, comment="not looked at before"),
        sa.Column("plate", sa.String(length=10), nullable=True, comment="as enough readings agree"),
        sa.Column("colour", sa.String(length=16), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True, comment="the reminder's message"),
        sa.Column(
            "checked_by",
            sa.String(length=64),
            nullable=False,
            comment="who looked at the register's answer",
        ),
        sa.Column(
            "task",
            sa.String(length=8),
            nullable=False,
            comment="call or visit: what staff still do",
        ),
        sa.Column("task_note", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_reminding_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_reminding")),
        comment="how far the reminder of a case is; one row a case",
    )
    with op.batch_alter_table("reminding", schema=None) as batch_op:
        batch_op.create_index("ix_reminding_stage", ["stage", "next_utc_ms"], unique=False)
