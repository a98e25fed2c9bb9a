"""Payloads of the log that may be erased, with the chain intact"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column(
        "case_event",
        sa.Column(
            "content",
            sa.String(length=64),
            nullable=True,
            comment="set where the payload was erased: the hash of what it said",
        ),
    )
