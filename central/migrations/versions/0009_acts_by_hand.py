"""Forms of acts by hand, those that wait for a second officer, and own vehicles"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "act_form",
        sa.Column(
            "form",
            sa.String(length=36),
            nullable=False,
            comment="the form's own number: done once",
        ),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_act_form_case_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_act_form_user_id")),
        sa.PrimaryKeyConstraint("form", name=op.f("pk_act_form")),
        comment="forms that were taken: a second click finds its own here and does nothing",
    )
    op.create_index(op.f("ix_act_form_case_id"), "act_form", ["case_id"], unique=False)
    op.create_table(
        "pending_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column(
            "fields", sa.Text(), nullable=False, comment="what was typed; emptied when it ends"
        ),
        sa.Column(
            "seen",
            sa.BigInteger(),
            nullable=False,
            comment="case_event.seq of the last act then",
        ),
        sa.Column("asked_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ended_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'signed', 'refused', 'withdrawn')",
            name=op.f("ck_pending_act_state"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_pending_act_case_id")),
        sa.ForeignKeyConstraint(["person"], ["user.id"], name=op.f("fk_pending_act_person")),
        sa.ForeignKeyConstraint(["ended_by"], ["user.id"], name=op.f("fk_pending_act_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_act")),
        comment="acts that the first of two officers signed (行政处罚法 art. 42)",
    )
    op.create_index(op.f("ix_pending_act_case_id"), "pending_act", ["case_id"], unique=False)
    op.create_index("ix_pending_act_state", "pending_act", ["state", "asked_utc_ms"], unique=False)
    op.create_table(
        "own_plate",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("plate", sa.String(length=10), nullable=False),
        sa.Column("declared_utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_own_plate_user_id")),
        sa.PrimaryKeyConstraint("user_id", "plate", name=op.f("pk_own_plate")),
        comment="vehicles of staff and their families: nobody acts on them (行政处罚法 art. 43)",
    )
