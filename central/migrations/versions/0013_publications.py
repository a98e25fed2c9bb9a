"""Covered copies of documents for the public, in place of a table that nothing was ever in"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.drop_table("masked_copy")
    op.create_table(
        "publication",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("pdf", sa.String(length=64), nullable=False, comment="of the covered copy"),
        sa.Column(
            "images",
            sa.Text(),
            nullable=False,
            comment="JSON list of hashes, every picture in blocks",
        ),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "withdrawn_by",
            sa.String(length=64),
            nullable=True,
            comment="a user, or who did it by itself",
        ),
        sa.Column(
            "withdrawn_utc_ms",
            sa.BigInteger(),
            nullable=True,
            comment="null: the public may see it",
        ),
        sa.Column("withdraw_reason", sa.String(length=300), nullable=True),
        sa.Column(
            "erased_utc_ms", sa.BigInteger(), nullable=True, comment="null: the files are here yet"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_publication_case_id")),
        sa.ForeignKeyConstraint(
            ["document"], ["document.sha256"], name=op.f("fk_publication_document")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
        comment="covered copies of documents for the public; no original is ever changed",
    )
    op.create_index(op.f("ix_publication_case_id"), "publication", ["case_id"], unique=False)
