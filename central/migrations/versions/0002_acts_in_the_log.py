"""Acts of devices in the log, and the case's three regions as columns

Until here the log held only what reviewers did; what the devices' records made of a case was worked
out when somebody asked. For each old case one line carries over all of its acts.
"""

import base64
import json

import sqlalchemy as sa
from alembic import op

from central import events
from central.clock import SystemClock

revision = "0002"
down_revision = "0001"

_REVIEWED = {
    "screen": "screened",
    "review": "first-reviewed",
    "review-again": "second-reviewed",
    "disagree": "disputed",
    "reject": "rejected",
}


def upgrade() -> None:
    # Added in place: the table cannot be copied on SQLite while records refer to it.
    for name, length, default, comment in (
        ("remedy", 24, "none", "cases.Remedy, likewise"),
        ("money", 16, "unbilled", "cases.Money, likewise"),
        ("policy_sha256", 64, "", "the pack that its first record names"),
    ):
        column = sa.Column(
            name, sa.String(length), nullable=False, server_default=default, comment=comment
        )
        op.add_column("case", column)
    due = sa.Column(
        "due_utc_ms", sa.BigInteger(), comment="end of the next time limit; null: not worked out"
    )
    op.add_column("case", due)
    op.create_index("ix_case_due", "case", ["state", "due_utc_ms"])
    if op.get_context().dialect.name == "postgresql":
        op.alter_column("case", "state", comment="cases.State, derived from case_event")
        for name in ("remedy", "money", "policy_sha256"):
            op.alter_column("case", name, server_default=None)
    _carry_over(op.get_bind())


def _carry_over(db: sa.Connection) -> None:
    case = sa.table(
        "case",
        sa.column("id", sa.Uuid()),
        sa.column("state"),
        sa.column("policy_sha256"),
        sa.column("changed_seq"),
    )
    record = sa.table(
        "record",
        sa.column("case_id", sa.Uuid()),
        sa.column("seq"),
        sa.column("device"),
        sa.column("kind"),
        sa.column("status"),
        sa.column("policy_sha256"),
        sa.column("envelope", sa.LargeBinary()),
    )
    event = sa.table(
        "case_event",
        sa.column("seq"),
        sa.column("case_id", sa.Uuid()),
        sa.column("type"),
        sa.column("payload"),
    )
    now = SystemClock().utc_ms()
    for case_id in db.scalars(sa.select(case.c.id)).all():
        rows = db.execute(
            sa.select(record)
            .where(record.c.case_id == case_id, record.c.status == "stored")
            .order_by(record.c.seq)
        ).all()
        done = [
            json.loads(text)
            for text in db.scalars(
                sa.select(event.c.payload)
                .where(event.c.case_id == case_id, event.c.type == "act")
                .order_by(event.c.seq)
            )
        ]
        state, acts = _watched(rows)
        if done:
            state = _REVIEWED[done[-1]["action"]]
        values = {"state": state, "policy_sha256": rows[0].policy_sha256 if rows else ""}
        if acts:
            told = {"acts": json.dumps([*acts, *done], ensure_ascii=False)}
            line = events.append(db, events.Event(now, "migration", "carried-over", case_id, told))
            values["changed_seq"] = line.seq
        db.execute(case.update().where(case.c.id == case_id).values(values))


def _watched(rows) -> tuple[str, list[dict[str, str]]]:
    """What the records made of the case, as the program before this one had it."""
    state, acts = "suspected", []

    def act(action: str, role: str, person: str, to: str) -> None:
        nonlocal state
        state = to
        acts.append({"action": action, "role": role, "person": person})

    for row in rows:
        envelope = json.loads(bytes(row.envelope))
        stay = json.loads(base64.b64decode(envelope["payload"]))["stay"]
        waiting = state in ("suspected", "reminder-failed")
        if stay["reminded"] and waiting:
            act("remind", "system", "system", "reminded")
        if row.kind == "overstay" and state == "reminded":
            act("overstay", "device", row.device, "overstayed")
        elif row.kind == "overstay" and waiting:
            act("overstay-unreminded", "device", row.device, "reminder-failed")
        elif row.kind == "departure" and (waiting or state == "reminded"):
            act("depart", "device", row.device, "departed-in-grace")
        elif row.kind == "broken" and (waiting or state == "reminded"):
            act("break", "device", row.device, "indeterminate")
    return state, acts
