"""The log's comment in the database, now that payloads are erased when their time is over"""

from alembic import op

revision = "0012"
down_revision = "0011"

BEFORE = "append-only; a row is never changed"
AFTER = "append-only; a row is never changed, apart from payloads erased on time"


def upgrade() -> None:
    # SQLite keeps no comments.
    if op.get_bind().dialect.supports_comments:
        op.create_table_comment("case_event", AFTER, existing_comment=BEFORE)
