"""The car owner's page: links, sessions, parties, statements, uploads."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "owner_check",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False, comment="vin or id"),
        sa.Column(
            "hash",
            sa.String(length=200),
            nullable=False,
            comment="argon2id of the last six characters",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_owner_check_case_id")),
        sa.PrimaryKeyConstraint("case_id", "kind", name=op.f("pk_owner_check")),
        comment="what the owner knows and a stranger with the telephone in hand does not",
    )
    op.create_table(
        "party",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False, comment="person or unit"),
        sa.Column(
            "relation", sa.String(length=16), nullable=False, comment="holder, driver or agent"
        ),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column(
            "id_number",
            sa.String(length=32),
            nullable=False,
            comment="empty for a driver not yet met",
        ),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column(
            "source", sa.String(length=16), nullable=False, comment="party, nominated or officer"
        ),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "checked_utc_ms",
            sa.BigInteger(),
            nullable=True,
            comment="when name and number were found to be real",
        ),
        sa.Column(
            "checked_by",
            sa.String(length=64),
            nullable=False,
            comment="gateway, or the officer's user id",
        ),
        sa.Column(
            "confirmed_utc_ms",
            sa.BigInteger(),
            nullable=True,
            comment="since when this is the case's party",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_party_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
        comment="who a case may concern; one of them at most is confirmed as its party",
    )
    with op.batch_alter_table("party", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_party_case_id"), ["case_id"], unique=False)

    op.create_table(
        "owner_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True, comment="null: for the vehicle's holder"),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column(
            "browser_sha256",
            sa.String(length=64),
            nullable=True,
            comment="of the first browser that passed the check",
        ),
        sa.Column("passed_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column(
            "ended_utc_ms", sa.BigInteger(), nullable=True, comment="replaced, or tried too often"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_owner_link_case_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_owner_link_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_link")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_owner_link_token_sha256")),
    )
    with op.batch_alter_table("owner_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_owner_link_case_id"), ["case_id"], unique=False)

    op.create_table(
        "service_consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel", sa.String(length=16), nullable=False, comment="page: this page, told by SMS"
        ),
        sa.Column(
            "text_sha256",
            sa.String(length=64),
            nullable=False,
            comment="of the words that were agreed to",
        ),
        sa.Column("given_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_utc_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_service_consent_case_id")),
        sa.ForeignKeyConstraint(
            ["party_id"], ["party.id"], name=op.f("fk_service_consent_party_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_consent")),
        comment="consent to electronic service (行政处罚法 art. 61); a row is never taken away",
    )
    with op.batch_alter_table("service_consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_service_consent_case_id"), ["case_id"], unique=False)

    op.create_table(
        "statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column(
            "form", sa.String(length=32), nullable=False, comment="the form's own number: sent once"
        ),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("grounds", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True, comment="null before anybody is known"),
        sa.Column("link_id", sa.Uuid(), nullable=True, comment="through which it came"),
        sa.Column(
            "recorded_by",
            sa.String(length=36),
            nullable=True,
            comment="user id of the officer who wrote an oral one down",
        ),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_statement_case_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_statement_party_id")),
        sa.ForeignKeyConstraint(["link_id"], ["owner_link.id"], name=op.f("fk_statement_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.UniqueConstraint("case_id", "form", name=op.f("uq_statement_case_id_form")),
    )
    with op.batch_alter_table("statement", schema=None) as batch_op:
        batch_op.create_index("ix_statement_case_id", ["case_id", "made_utc_ms"], unique=False)

    op.create_table(
        "owner_session",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True, comment="as whom this browser is known"),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["owner_link.id"], name=op.f("fk_owner_session_link_id")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_owner_session_party_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_owner_session")),
    )
    with op.batch_alter_table("owner_session", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_owner_session_expires_utc_ms"), ["expires_utc_ms"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_owner_session_link_id"), ["link_id"], unique=False)

    op.create_table(
        "owner_upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=True, comment="null until it is sent"),
        sa.Column("link_id", sa.Uuid(), nullable=True, comment="through which it came"),
        sa.Column(
            "sha256",
            sa.String(length=64),
            nullable=False,
            comment="of the bytes as kept, not as sent",
        ),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column(
            "name", sa.String(length=80), nullable=False, comment="for people; never part of a path"
        ),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "dropped",
            sa.Boolean(),
            nullable=False,
            comment="taken back before the statement was sent",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_owner_upload_case_id")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_owner_upload_statement_id")
        ),
        sa.ForeignKeyConstraint(
            ["link_id"], ["owner_link.id"], name=op.f("fk_owner_upload_link_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_upload")),
    )
    with op.batch_alter_table("owner_upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_owner_upload_case_id"), ["case_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("owner_upload", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_owner_upload_case_id"))

    op.drop_table("owner_upload")
    with op.batch_alter_table("owner_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_owner_session_link_id"))
        batch_op.drop_index(batch_op.f("ix_owner_session_expires_utc_ms"))

    op.drop_table("owner_session")
    with op.batch_alter_table("statement", schema=None) as batch_op:
        batch_op.drop_index("ix_statement_case_id")

    op.drop_table("statement")
    with op.batch_alter_table("service_consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_consent_case_id"))

    op.drop_table("service_consent")
    with op.batch_alter_table("owner_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_owner_link_case_id"))

    op.drop_table("owner_link")
    with op.batch_alter_table("party", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_party_case_id"))

    op.drop_table("party")
    op.drop_table("owner_check")
