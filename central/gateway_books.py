"""How each gateway is doing: left alone for a while after it failed, and what people see of it.

What waits for a gateway stays where it is; only the gateway is asked less often while it is away.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select, update

from central.database import add_if_new, reading
from central.reminder_tables import gateway

FIRST_MS, LONGEST_MS = 1_000, 60_000
EVERY_MS = 60_000
_TEXT = 200


@dataclass(frozen=True, slots=True)
class State:
    """One gateway as a page shows it."""

    name: str
    failures: int
    next_utc_ms: int
    ok_utc_ms: int | None
    fault_utc_ms: int | None
    fault: str
    strays: int
    stray_utc_ms: int | None


class Books:
    """Every call blocks. `chance` gives 0 to 1."""

    def __init__(self, engine: Engine, chance: Callable[[], float] = random.random) -> None:
        self._engine = engine
        self._chance = chance

    def is_open(self, name: str, utc_ms: int) -> bool:
        """Whether the gateway may be asked now."""
        query = select(gateway.c.next_utc_ms).where(gateway.c.name == name)
        with reading(self._engine) as db:
            return (db.scalar(query) or 0) <= utc_ms

    def went_well(self, name: str, utc_ms: int) -> None:
        """Written at most once a minute while all is well."""
        query = select(gateway.c.failures, gateway.c.ok_utc_ms).where(gateway.c.name == name)
        with reading(self._engine) as db:
            known = db.execute(query).one_or_none()
        if known is not None and known.failures == 0 and utc_ms - (known.ok_utc_ms or 0) < EVERY_MS:
            return
        with self._engine.begin() as db:
            _begin(db, name)
            values = {"failures": 0, "next_utc_ms": 0, "ok_utc_ms": utc_ms}
            db.execute(update(gateway).where(gateway.c.name == name).values(values))

    def failed(self, name: str, fault: str, utc_ms: int) -> None:
        """`fault` is shown to people: it holds nothing personal."""
        mine = gateway.c.name == name
        with self._engine.begin() as db:
            _begin(db, name)
            known = db.execute(select(gateway.c.failures, gateway.c.next_utc_ms).where(mine)).one()
            values: dict[str, object] = {"fault_utc_ms": utc_ms, "fault": fault[:_TEXT]}
            if known.next_utc_ms <= utc_ms:  # of calls that failed together one counts
                full = min(LONGEST_MS, FIRST_MS * 2 ** min(known.failures, 10))
                wait_ms = int(full * (0.5 + self._chance() / 2))
                values |= {"failures": known.failures + 1, "next_utc_ms": utc_ms + wait_ms}
            db.execute(update(gateway).where(mine).values(values))

    def stray(self, name: str, utc_ms: int) -> None:
        """A report came for a message that nobody sent."""
        with self._engine.begin() as db:
            _begin(db, name)
            values = {"strays": gateway.c.strays + 1, "stray_utc_ms": utc_ms}
            db.execute(update(gateway).where(gateway.c.name == name).values(values))

    def retry(self, name: str) -> None:
        """A person does not want to wait."""
        with self._engine.begin() as db:
            db.execute(update(gateway).where(gateway.c.name == name).values(next_utc_ms=0))

    def all(self) -> Sequence[State]:
        with reading(self._engine) as db:
            rows = db.execute(select(gateway).order_by(gateway.c.name)).all()
        return tuple(State(*row) for row in rows)


def _begin(db: Connection, name: str) -> None:
    add_if_new(
        db, gateway, {"name": name, "failures": 0, "next_utc_ms": 0, "fault": "", "strays": 0}
    )
