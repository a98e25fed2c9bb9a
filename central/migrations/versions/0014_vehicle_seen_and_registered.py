"""The vehicle that officers saw, held against the one that the register has"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for name, comment in (("body_colour", "as seen, likewise"), ("kind", "of vehicle, likewise")):
        column = sa.Column(name, sa.String(length=16), nullable=True, comment=comment)
        op.add_column("seed_answer", column)
    op.create_table(
        "vehicle_check",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("asked_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("vehicle_class", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("body_colour", sa.String(length=8), nullable=False, comment="letters of GA 24.8"),
        sa.Column("make", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column(
            "differs",
            sa.String(length=32),
            nullable=False,
            comment="what contradicts it, by spaces; empty for nothing",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_vehicle_check_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_vehicle_check")),
        comment="the vehicle as the register has it, asked after the second review",
    )
