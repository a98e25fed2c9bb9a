"""One-time codes of users, and filters that they saved"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "one_time_code",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column(
            "secret", sa.Text(), nullable=False, comment="sealed under the server's signing key"
        ),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "confirmed_utc_ms",
            sa.BigInteger(),
            nullable=True,
            comment="null: no code was typed from it yet",
        ),
        sa.Column(
            "last_step",
            sa.BigInteger(),
            nullable=False,
            comment="newest 30 s whose code was used",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_one_time_code_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_one_time_code")),
        comment="the second factor of a user: RFC 6238 codes from an authenticator",
    )
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column(
            "query", sa.String(length=500), nullable=False, comment="of the case list's address"
        ),
        sa.Column(
            "shared",
            sa.Boolean(),
            nullable=False,
            comment="true: others of the same role see it",
        ),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_saved_filter_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
    )
    op.create_index(op.f("ix_saved_filter_user_id"), "saved_filter", ["user_id"], unique=False)
    with op.batch_alter_table("session") as session:
        session.add_column(
            sa.Column(
                "proved_utc_ms",
                sa.BigInteger(),
                nullable=True,
                comment="last one-time code in this session",
            )
        )
