"""Figures, full text, holds, erasures, what was found wrong, purposes, seeded packets"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "found_wrong",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column(
            "value",
            sa.String(length=64),
            nullable=False,
            comment="of the pack, or the lane's version",
        ),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('policy', 'lane')", name=op.f("ck_found_wrong_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_found_wrong")),
    )
    op.create_table(
        "look_purpose",
        sa.Column("token_sha256", sa.String(length=64), nullable=False, comment="of the session"),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("chosen_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_look_purpose")),
        comment="why the person in this session looks at cases now",
    )
    op.create_table(
        "manual_count",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column(
            "found", sa.Integer(), nullable=False, comment="vehicles that people on foot found"
        ),
        sa.Column("fined", sa.Integer(), nullable=False),
        sa.Column("imported_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.String(length=36), nullable=False),
        sa.CheckConstraint("fined <= found", name=op.f("ck_manual_count_fined_were_found")),
        sa.PrimaryKeyConstraint("month", "site", name=op.f("pk_manual_count")),
        comment="enforcement without cameras, as an officer brought it in",
    )
    op.create_table(
        "month_count",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("camera", sa.String(length=32), nullable=False),
        sa.Column("warning", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.Column("reminded", sa.BigInteger(), nullable=False),
        sa.Column("left_in_time", sa.BigInteger(), nullable=False),
        sa.Column("overstayed", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("decided", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("self_paid", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "month", "site", "device", "camera", "warning", name=op.f("pk_month_count")
        ),
        comment="case_fact added up",
    )
    op.create_table(
        "office_alarm",
        sa.Column("code", sa.String(length=48), nullable=False),
        sa.Column("since_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False, comment="JSON: the values of its sentence"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_office_alarm")),
        comment="what every member of staff must know now",
    )
    op.create_table(
        "seed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False, comment="looks like a case's"),
        sa.Column(
            "fault",
            sa.String(length=16),
            nullable=False,
            comment="the point of the law that is not met",
        ),
        sa.Column(
            "title", sa.String(length=200), nullable=False, comment="for those who keep the seeds"
        ),
        sa.Column("site", sa.String(length=64), nullable=False, comment="as the desk shows it"),
        sa.Column(
            "envelopes", sa.LargeBinary(), nullable=False, comment="JSON list of the signed records"
        ),
        sa.Column("begin_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seed")),
        sa.UniqueConstraint("number", name=op.f("uq_seed_number")),
        comment="known-bad packets that measure reviewers; none of them is ever a case",
    )
    op.create_table(
        "seed_exhibit",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_seed_exhibit")),
        comment="pictures of seeds, in the same folder as evidence; no case names them",
    )
    op.create_table(
        "site_visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("camera", sa.String(length=32), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False, comment="whose figures stood out"),
        sa.Column("visited_on", sa.String(length=10), nullable=False, comment="YYYY-MM-DD"),
        sa.Column("finding", sa.String(length=24), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_visit")),
    )
    with op.batch_alter_table("site_visit", schema=None) as batch_op:
        batch_op.create_index("ix_site_visit_month", ["month"], unique=False)

    op.create_table(
        "seed_answer",
        sa.Column("seed_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("shown_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("plate", sa.String(length=10), nullable=True, comment="as typed blind"),
        sa.Column("typed_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("answered_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("caught", sa.Boolean(), nullable=True, comment="true: not taken as a clean case"),
        sa.Column("answers", sa.String(length=300), nullable=True),
        sa.Column("grounds", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["seed_id"], ["seed.id"], name=op.f("fk_seed_answer_seed_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_seed_answer_user_id")),
        sa.PrimaryKeyConstraint("seed_id", "user_id", name=op.f("pk_seed_answer")),
    )
    op.create_table(
        "case_fact",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column(
            "month",
            sa.String(length=7),
            nullable=False,
            comment="YYYY-MM in China when the case opened",
        ),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("camera", sa.String(length=32), nullable=False),
        sa.Column("warning", sa.Integer(), nullable=False, comment="1: the lane only warned then"),
        sa.Column("reminded", sa.Integer(), nullable=False, comment="1 or 0, like all that follow"),
        sa.Column("left_in_time", sa.Integer(), nullable=False),
        sa.Column("overstayed", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("decided", sa.Integer(), nullable=False),
        sa.Column("paid", sa.Integer(), nullable=False),
        sa.Column(
            "self_paid", sa.Integer(), nullable=False, comment="paid without demand or court"
        ),
        sa.Column("revoked", sa.Integer(), nullable=False),
        sa.Column(
            "decision_ms",
            sa.BigInteger(),
            nullable=True,
            comment="from the case's opening to its decision",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_fact_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_fact")),
        comment="what one case adds to the figures",
    )
    with op.batch_alter_table("case_fact", schema=None) as batch_op:
        batch_op.create_index(
            "ix_case_fact_month", ["month", "site", "device", "camera"], unique=False
        )

    op.create_table(
        "case_text",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False, comment="document or statement"),
        sa.Column(
            "text", sa.Text(), nullable=False, comment="lower case; what a search looks through"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_text_case_id")),
        sa.PrimaryKeyConstraint("case_id", "kind", name=op.f("pk_case_text")),
    )
    op.create_table(
        "erasure",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.String(length=16),
            nullable=False,
            comment="class of data, as in the policy pack",
        ),
        sa.Column(
            "subject",
            sa.String(length=64),
            nullable=False,
            comment="hash of what was erased, or its id",
        ),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "log_seq", sa.BigInteger(), nullable=False, comment="the tombstone: a line of the log"
        ),
        sa.Column(
            "done_utc_ms",
            sa.BigInteger(),
            nullable=True,
            comment="null: the file is still to be removed",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_erasure_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erasure_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_erasure_subject", ["subject"], unique=False)

    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("put_by", sa.String(length=36), nullable=False),
        sa.Column("put_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("lifted_by", sa.String(length=36), nullable=True),
        sa.Column(
            "lifted_utc_ms",
            sa.BigInteger(),
            nullable=True,
            comment="null: nothing of the case may be erased",
        ),
        sa.Column("lift_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_legal_hold_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_hold_case_id"), ["case_id"], unique=False)

    op.create_table(
        "masked_copy",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("exhibit", sa.String(length=64), nullable=False),
        sa.Column(
            "areas", sa.Text(), nullable=False, comment="JSON: what was made unreadable, in pixels"
        ),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_masked_copy_case_id")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_masked_copy")),
    )
    with op.batch_alter_table("masked_copy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_masked_copy_case_id"), ["case_id"], unique=False)

    op.create_table(
        "wrong_case",
        sa.Column("wrong_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("listed_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "settled_utc_ms",
            sa.BigInteger(),
            nullable=True,
            comment="null: a person has to look at it yet",
        ),
        sa.Column("settled_by", sa.String(length=36), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_wrong_case_case_id")),
        sa.ForeignKeyConstraint(
            ["wrong_id"], ["found_wrong.id"], name=op.f("fk_wrong_case_wrong_id")
        ),
        sa.PrimaryKeyConstraint("wrong_id", "case_id", name=op.f("pk_wrong_case")),
    )
    with op.batch_alter_table("wrong_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wrong_case_case_id"), ["case_id"], unique=False)
