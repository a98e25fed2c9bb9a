"""Databases of earlier programs, brought up to this one with what was in them."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, MetaData, Table, insert, select

from central import acting, events, tables
from central.case_moves import RULES
from central.cases import State
from central.database import connect, migrate
from tests import postgres
from tests.device import Packet, SimulatedDevice

MIGRATIONS = Path(__file__).parents[2] / "central" / "migrations"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def first_release(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database as the first release made it."""
    if request.param == "postgres":
        server: postgres.Server = request.getfixturevalue("postgres_server")
        engine = connect(server.new_database())
    else:
        engine = connect(f"sqlite:///{tmp_path}/old.db")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as db:
        config.attributes["connection"] = db
        command.upgrade(config, "0001")
    yield engine
    engine.dispose()


def keep(engine: Engine, packets: list[Packet], state: str, done: list[str]) -> UUID:
    """A case as the first release kept it: a summary, records, and acts of reviewers."""
    case_id, first = uuid4(), packets[0].record
    with engine.begin() as db:
        old = {
            name: Table(name, MetaData(), autoload_with=db)
            for name in ("case", "record", "device", "counter", "case_event")
        }
        known = db.scalar(select(old["device"].c.id).where(old["device"].c.id == first.device))
        if known is None:
            values = {"id": first.device, "site": "s", "name": "n", "active": True, "note": ""}
            more = {"registered_utc_ms": 0, "state": "never", "contiguous_seq": 0}
            db.execute(insert(old["device"]).values({**values, **more}))
        case = {
            "id": case_id.hex if engine.dialect.name == "sqlite" else case_id,
            "number": f"2026-{first.seq:06d}",
            "device": first.device,
            "stay_id": uuid4().hex if engine.dialect.name == "sqlite" else uuid4(),
            "site": "s",
            "camera": "c",
            "lane": "l",
            "state": state,
            "latest_kind": "arrival",
            "plate_status": "unread",
            "words": "",
        }
        numbers = ("opened_utc_ms", "begin_utc_ms", "standing_ms", "latest_seq", "changed_seq")
        db.execute(insert(old["case"]).values({**case, **dict.fromkeys(numbers, 1)}))
        for packet in packets:
            record = packet.record
            db.execute(
                insert(tables.record).values(
                    record_id=record.record_id,
                    device=record.device,
                    seq=record.seq,
                    prev=record.prev,
                    sha256=packet.sha256,
                    envelope_sha256=packet.sha256,
                    key_id="k",
                    kind=record.kind.value,
                    policy_sha256=record.rules.policy_sha256,
                    lane_version=record.lane.version,
                    stay_id=record.stay.id,
                    case_id=case_id,
                    envelope=packet.envelope,
                    status="stored",
                    received_utc_ms=1,
                )
            )
        for action in done:
            payload = {"action": action, "role": "officer", "person": action}
            events.append(db, events.Event(5, action, "act", case_id, payload))
    return case_id


@pytest.mark.parametrize(
    ("names", "old", "done", "state"),
    [
        ("", "suspected", [], State.SUSPECTED),
        ("departure", "departed", [], State.DEPARTED),
        ("broken", "broken", [], State.INDETERMINATE),
        ("overstay", "overstayed", [], State.REMINDER_FAILED),
        ("overstay_after_notice departure", "overstayed", [], State.OVERSTAYED),
        (
            "overstay_after_notice",
            "overstayed",
            ["review", "review-again"],
            State.SECOND_REVIEWED,
        ),
        ("overstay_after_notice", "overstayed", ["reject"], State.REJECTED),
    ],
)
def test_an_old_case_stands_where_its_records_and_reviews_had_brought_it(
    first_release: Engine, names: str, old: str, done: list[str], state: State
) -> None:
    device = SimulatedDevice()
    packets = [device.arrival(shots=[])]
    packets += [getattr(device, name)(packets[0], shots=[]) for name in names.split()]
    case_id = keep(first_release, packets, old, done)

    migrate(first_release)

    with first_release.connect() as db:
        row = db.execute(select(tables.case)).one()
        case = acting.standing(db, case_id)
        events.check_log(events.lines(db))
    assert (row.state, case.main) == (state.value, state)
    assert (row.remedy, row.money) == ("none", "unbilled")
    assert row.policy_sha256 == packets[0].record.rules.policy_sha256
    assert [act.action.value for act in case.acts][-len(done) or len(case.acts) :] == done
    assert RULES.replay(case.acts) == case
