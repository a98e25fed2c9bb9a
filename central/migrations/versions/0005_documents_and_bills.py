"""Documents, their numbers, bills and payments"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "statement_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("imported_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="the exact bytes that came"),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_statement_file")),
        comment="what the treasury or the bank says: only this pays",
    )
    op.create_table(
        "bill",
        sa.Column("id", sa.Uuid(), nullable=False, comment="what the channel knows it by"),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column(
            "amount_fen",
            sa.BigInteger(),
            nullable=False,
            comment="the fine; surcharge is never billed",
        ),
        sa.Column(
            "last_day", sa.String(length=10), nullable=False, comment="YYYY-MM-DD, last day in time"
        ),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column(
            "code",
            sa.String(length=64),
            nullable=True,
            comment="payment code; null until the channel gave it",
        ),
        sa.Column(
            "pay_url", sa.String(length=500), nullable=True, comment="where it can be paid online"
        ),
        sa.Column("tries", sa.Integer(), nullable=False, comment="calls to the channel so far"),
        sa.Column("next_try_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "fault", sa.String(length=300), nullable=False, comment="why the last call failed"
        ),
        sa.CheckConstraint("state IN ('asked', 'issued', 'refused')", name=op.f("ck_bill_state")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_bill_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill")),
        sa.UniqueConstraint("case_id", name=op.f("uq_bill_case_id")),
        sa.UniqueConstraint("code", name=op.f("uq_bill_code")),
    )
    op.create_index("ix_bill_state", "bill", ["state", "next_try_utc_ms"], unique=False)
    op.create_table(
        "document",
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of `content`"),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column(
            "number", sa.String(length=40), nullable=True, comment="null for forms without a number"
        ),
        sa.Column("issued_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "content", sa.Text(), nullable=False, comment="the exact JSON text that is hashed"
        ),
        sa.Column(
            "pdf_sha256", sa.String(length=64), nullable=True, comment="null until it was printed"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_document_case_id")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_document")),
        sa.UniqueConstraint("pdf_sha256", name=op.f("uq_document_pdf_sha256")),
        comment="issued documents; a row is never changed, apart from its PDF's first printing",
    )
    op.create_index(op.f("ix_document_case_id"), "document", ["case_id"], unique=False)
    op.create_table(
        "document_number",
        sa.Column("series", sa.String(length=8), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False, comment="of the document's day in China"),
        sa.Column(
            "serial", sa.BigInteger(), autoincrement=False, nullable=False, comment="gapless from 1"
        ),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("issued_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False, comment="why it is spoilt"),
        sa.CheckConstraint("state IN ('issued', 'spoilt')", name=op.f("ck_document_number_state")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_document_number_case_id")),
        sa.PrimaryKeyConstraint("series", "year", "serial", name=op.f("pk_document_number")),
        sa.UniqueConstraint("number", name=op.f("uq_document_number_number")),
        comment="the register: a number once taken stays, spoilt or not, and is never used again",
    )
    op.create_index(
        op.f("ix_document_number_case_id"), "document_number", ["case_id"], unique=False
    )
    op.create_table(
        "payment",
        sa.Column(
            "reference", sa.String(length=64), nullable=False, comment="the statement's own number"
        ),
        sa.Column("direction", sa.String(length=4), nullable=False),
        sa.Column("statement_sha256", sa.String(length=64), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column(
            "code", sa.String(length=64), nullable=False, comment="payment code as the line has it"
        ),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False, comment="YYYY-MM-DD, value date"),
        sa.Column("bill_id", sa.Uuid(), nullable=True, comment="null: unmatched"),
        sa.Column(
            "note", sa.String(length=300), nullable=False, comment="who matched it by hand, and why"
        ),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_payment_direction")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_payment_bill_id")),
        sa.ForeignKeyConstraint(
            ["statement_sha256"],
            ["statement_file.sha256"],
            name=op.f("fk_payment_statement_sha256"),
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_payment")),
        sa.UniqueConstraint(
            "statement_sha256", "line", name=op.f("uq_payment_statement_sha256_line")
        ),
    )
    op.create_index(op.f("ix_payment_bill_id"), "payment", ["bill_id"], unique=False)
    op.create_index("ix_payment_day", "payment", ["day"], unique=False)
    op.create_table(
        "payment_report",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("transaction", sa.String(length=64), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_utc_ms", sa.BigInteger(), nullable=False, comment="by the channel's clock"),
        sa.Column("came_utc_ms", sa.BigInteger(), nullable=False, comment="by ours"),
        sa.Column("times", sa.Integer(), nullable=False, comment="how often the same was told"),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_payment_report_bill_id")),
        sa.PrimaryKeyConstraint("channel", "transaction", name=op.f("pk_payment_report")),
        comment="signed words of a channel: they are shown, and pay nothing",
    )
    op.create_index(op.f("ix_payment_report_bill_id"), "payment_report", ["bill_id"], unique=False)
    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.Column("asked_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "reference",
            sa.String(length=64),
            nullable=True,
            comment="of the outgoing line; null until it is there",
        ),
        sa.CheckConstraint("why IN ('surplus', 'revoked')", name=op.f("ck_refund_why")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_refund_bill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        comment="what the treasury is asked to send back",
    )
    op.create_index(op.f("ix_refund_bill_id"), "refund", ["bill_id"], unique=False)
