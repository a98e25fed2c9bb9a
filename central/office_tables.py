"""Tables of the office behind the cases: figures, retention, legal holds, what was found wrong, why
people looked, seeded packets.

`case_fact`, `month_count` and `case_text` only repeat what the log, the documents and the
statements say; they can be thrown away and are made again exactly (central/following.py).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    Uuid,
)

from central.tables import metadata

_AUTO = BigInteger().with_variant(Integer, "sqlite")
_HASH = String(64)
_USER = String(36)
_MONTH = String(7)

case_fact = Table(
    "case_fact",
    metadata,
    Column("case_id", Uuid, ForeignKey("case.id"), primary_key=True),
    Column("month", _MONTH, nullable=False, comment="YYYY-MM in China when the case opened"),
    Column("site", String(64), nullable=False),
    Column("device", String(32), nullable=False),
    Column("camera", String(32), nullable=False),
    Column("warning", Integer, nullable=False, comment="1: the lane only warned then"),
    Column("reminded", Integer, nullable=False, comment="1 or 0, like all that follow"),
    Column("left_in_time", Integer, nullable=False),
    Column("overstayed", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("decided", Integer, nullable=False),
    Column("paid", Integer, nullable=False),
    Column("self_paid", Integer, nullable=False, comment="paid without demand or court"),
    Column("revoked", Integer, nullable=False),
    Column("decision_ms", BigInteger, comment="from the case's opening to its decision"),
    Index("ix_case_fact_month", "month", "site", "device", "camera"),
    comment="what one case adds to the figures",
)

month_count = Table(
    "month_count",
    metadata,
    Column("month", _MONTH, primary_key=True),
    Column("site", String(64), primary_key=True),
    Column("device", String(32), primary_key=True),
    Column("camera", String(32), primary_key=True),
    Column("warning", Integer, primary_key=True, autoincrement=False),
    Column("cases", BigInteger, nullable=False),
    Column("reminded", BigInteger, nullable=False),
    Column("left_in_time", BigInteger, nullable=False),
    Column("overstayed", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("decided", BigInteger, nullable=False),
    Column("paid", BigInteger, nullable=False),
    Column("self_paid", BigInteger, nullable=False),
    Column("revoked", BigInteger, nullable=False),
    comment="case_fact added up",
)

manual_count = Table(
    "manual_count",
    metadata,
    Column("month", _MONTH, primary_key=True),
    Column("site", String(64), primary_key=True),
    Column("found", Integer, nullable=False, comment="vehicles that people on foot found"),
    Column("fined", Integer, nullable=False),
    Column("imported_utc_ms", BigInteger, nullable=False),
    Column("imported_by", _USER, nullable=False),
    CheckConstraint("fined <= found", name="fined_were_found"),
    comment="enforcement without cameras, as an officer brought it in",
)

site_visit = Table(
    "site_visit",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("device", String(32), nullable=False),
    Column("camera", String(32), nullable=False),
    Column("month", _MONTH, nullable=False, comment="whose figures stood out"),
    Column("visited_on", String(10), nullable=False, comment="YYYY-MM-DD"),
    Column("finding", String(24), nullable=False),
    Column("note", String(500), nullable=False),
    Column("by", _USER, nullable=False),
    Column("utc_ms", BigInteger, nullable=False),
    Index("ix_site_visit_month", "month"),
)

case_text = Table(
    "case_text",
    metadata,
    Column("case_id", Uuid, ForeignKey("case.id"), primary_key=True),
    Column("kind", String(12), primary_key=True, comment="document or statement"),
    Column("text", Text, nullable=False, comment="lower case; what a search looks through"),
)

legal_hold = Table(
    "legal_hold",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, index=True),
    Column("reason", String(300), nullable=False),
    Column("put_by", _USER, nullable=False),
    Column("put_utc_ms", BigInteger, nullable=False),
    Column("lifted_by", _USER),
    Column("lifted_utc_ms", BigInteger, comment="null: nothing of the case may be erased"),
    Column("lift_reason", String(300)),
)

erasure = Table(
    "erasure",
    metadata,
    Column("id", _AUTO, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False, comment="class of data, as in the policy pack"),
    Column("subject", String(64), nullable=False, comment="hash of what was erased, or its id"),
    Column("case_id", Uuid, ForeignKey("case.id"), index=True),
    Column("rule", String(200), nullable=False),
    Column("utc_ms", BigInteger, nullable=False),
    Column("log_seq", BigInteger, nullable=False, comment="the tombstone: a line of the log"),
    Column("done_utc_ms", BigInteger, comment="null: the file is still to be removed"),
    Index("ix_erasure_subject", "subject"),
)

found_wrong = Table(
    "found_wrong",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("value", _HASH, nullable=False, comment="of the pack, or the lane's version"),
    Column("reason", String(500), nullable=False),
    Column("by", _USER, nullable=False),
    Column("utc_ms", BigInteger, nullable=False),
    CheckConstraint("kind IN ('policy', 'lane')", name="kind"),
)

wrong_case = Table(
    "wrong_case",
    metadata,
    Column("wrong_id", Uuid, ForeignKey("found_wrong.id"), primary_key=True),
    Column("case_id", Uuid, ForeignKey("case.id"), primary_key=True, index=True),
    Column("listed_utc_ms", BigInteger, nullable=False),
    Column("settled_utc_ms", BigInteger, comment="null: a person has to look at it yet"),
    Column("settled_by", _USER),
    Column("outcome", String(16)),
    Column("note", String(500)),
)

look_purpose = Table(
    "look_purpose",
    metadata,
    Column("token_sha256", _HASH, primary_key=True, comment="of the session"),
    Column("purpose", String(200), nullable=False),
    Column("chosen_utc_ms", BigInteger, nullable=False),
    comment="why the person in this session looks at cases now",
)

seed = Table(
    "seed",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", String(32), nullable=False, unique=True, comment="looks like a case's"),
    Column("fault", String(16), nullable=False, comment="the point of the law that is not met"),
    Column("title", String(200), nullable=False, comment="for those who keep the seeds"),
    Column("site", String(64), nullable=False, comment="as the desk shows it"),
    Column("envelopes", LargeBinary, nullable=False, comment="JSON list of the signed records"),
    Column("begin_utc_ms", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("added_utc_ms", BigInteger, nullable=False),
    comment="known-bad packets that measure reviewers; none of them is ever a case",
)

seed_exhibit = Table(
    "seed_exhibit",
    metadata,
    Column("sha256", _HASH, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(32), nullable=False),
    comment="pictures of seeds, in the same folder as evidence; no case names them",
)

seed_answer = Table(
    "seed_answer",
    metadata,
    Column("seed_id", Uuid, ForeignKey("seed.id"), primary_key=True),
    Column("user_id", _USER, ForeignKey("user.id"), primary_key=True),
    Column("shown_utc_ms", BigInteger, nullable=False),
    Column("plate", String(10), comment="as typed blind"),
    Column("body_colour", String(16), comment="as seen, likewise"),
    Column("kind", String(16), comment="of vehicle, likewise"),
    Column("typed_utc_ms", BigInteger),
    Column("answered_utc_ms", BigInteger),
    Column("caught", Boolean, comment="true: not taken as a clean case"),
    Column("answers", String(300)),
    Column("grounds", String(500)),
)

office_alarm = Table(
    "office_alarm",
    metadata,
    Column("code", String(48), primary_key=True),
    Column("since_utc_ms", BigInteger, nullable=False),
    Column("facts", Text, nullable=False, comment="JSON: the values of its sentence"),
    comment="what every member of staff must know now",
)

publication = Table(
    "publication",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("case.id"), nullable=False, index=True),
    Column("document", _HASH, ForeignKey("document.sha256"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("pdf", _HASH, nullable=False, comment="of the covered copy"),
    Column("images", Text, nullable=False, comment="JSON list of hashes, every picture in blocks"),
    Column("purpose", String(200), nullable=False),
    Column("made_by", _USER, nullable=False),
    Column("made_utc_ms", BigInteger, nullable=False),
    Column("withdrawn_by", String(64), comment="a user, or who did it by itself"),
    Column("withdrawn_utc_ms", BigInteger, comment="null: the public may see it"),
    Column("withdraw_reason", String(300)),
    Column("erased_utc_ms", BigInteger, comment="null: the files are here yet"),
    comment="covered copies of documents for the public; no original is ever changed",
)
