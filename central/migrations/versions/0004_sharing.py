"""Sharing with other departments: who may ask, what was taken, their fines, webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "department",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "scopes",
            sa.String(length=200),
            nullable=False,
            comment="words of sharing.Scope, by blanks",
        ),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
        sa.UniqueConstraint("key_sha256", name=op.f("uq_department_key_sha256")),
    )
    op.create_table(
        "reported_fine",
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("plate", sa.String(length=10), nullable=False),
        sa.Column("colour", sa.String(length=16), nullable=False),
        sa.Column("begin_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("reported_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_utc_ms", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("begin_utc_ms <= end_utc_ms", name=op.f("ck_reported_fine_in_order")),
        sa.ForeignKeyConstraint(
            ["department"], ["department.id"], name=op.f("fk_reported_fine_department")
        ),
        sa.PrimaryKeyConstraint("department", "reference", name=op.f("pk_reported_fine")),
        comment="fines that other departments told us of: one act, one fine",
    )
    op.create_index("ix_reported_fine_plate", "reported_fine", ["plate", "colour"], unique=False)
    op.create_table(
        "taking",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=48), nullable=False),
        sa.Column(
            "subject",
            sa.String(length=200),
            nullable=False,
            comment="case number, or what was asked for",
        ),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["department"], ["department.id"], name=op.f("fk_taking_department")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_taking")),
        comment="every request of a department, written before it is answered",
    )
    op.create_index(op.f("ix_taking_case_id"), "taking", ["case_id"], unique=False)
    op.create_index("ix_taking_department", "taking", ["department", "utc_ms"], unique=False)
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column(
            "actions",
            sa.Text(),
            nullable=False,
            comment="words of cases.Action by blanks; empty: all",
        ),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column(
            "sent_seq", sa.BigInteger(), nullable=False, comment="all log lines up to here are told"
        ),
        sa.Column("tries", sa.Integer(), nullable=False, comment="failed in a row"),
        sa.Column("next_utc_ms", sa.BigInteger(), nullable=False, comment="not before"),
        sa.Column("answer", sa.String(length=200), nullable=False, comment="of the last failure"),
        sa.ForeignKeyConstraint(
            ["department"], ["department.id"], name=op.f("fk_webhook_department")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index("ix_case_changed_seq", "case", ["changed_seq"])


def downgrade() -> None:
    op.drop_index("ix_case_changed_seq", "case")
    for table in ("webhook", "taking", "reported_fine", "department"):
        op.drop_table(table)
