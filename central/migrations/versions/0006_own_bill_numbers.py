"""Bills have a number of our own; calls to the channel are kept by the gateways"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.drop_index("ix_bill_state", table_name="bill")
    with op.batch_alter_table("bill") as bill:
        bill.add_column(
            sa.Column("serial", sa.String(length=16), nullable=False, comment="our own number")
        )
        bill.drop_column("tries")
        bill.drop_column("next_try_utc_ms")
        bill.drop_column("fault")
        bill.create_unique_constraint(op.f("uq_bill_serial"), ["serial"])
