"""Tables of the staff's own tools: one-time codes, saved filters, seeded packets."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, String, Table, Text

from central.tables import metadata

one_time_code = Table(
    "one_time_code",
    metadata,
    Column("user_id", String(36), ForeignKey("user.id"), primary_key=True),
    Column("secret", Text, nullable=False, comment="sealed under the server's signing key"),
    Column("made_utc_ms", BigInteger, nullable=False),
    Column("confirmed_utc_ms", BigInteger, comment="null: no code was typed from it yet"),
    Column("last_step", BigInteger, nullable=False, comment="newest 30 s whose code was used"),
    comment="the second factor of a user: RFC 6238 codes from an authenticator",
)

saved_filter = Table(
    "saved_filter",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(36), ForeignKey("user.id"), nullable=False, index=True),
    Column("name", String(40), nullable=False),
    Column("query", String(500), nullable=False, comment="of the case list's address"),
    Column("shared", Boolean, nullable=False, comment="true: others of the same role see it"),
    Column("made_utc_ms", BigInteger, nullable=False),
)
