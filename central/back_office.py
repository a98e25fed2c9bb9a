"""The office behind the cases, as the pages are given it: figures, filters, and what follows.

    office = BackOffice.over(engine, blobs, signer, clock)

`jobs` is what a running server does for it by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from central import following, full_text
from central.alarms import Alarms, RecusalAlarm
from central.blobs import Blobs
from central.calendar import LegalCalendar
from central.clock import Clock
from central.doubts import Doubts
from central.figures import rollup
from central.figures.dashboard import Figures
from central.filters import Filters
from central.holidays import load
from central.jobs import Job
from central.keeping import rounds as keeping
from central.keeping.holds import Holds
from central.keeping.ledger import Ledger
from central.oversight import Audit
from central.owner.recusals import Recusals
from central.publications import Publications
from central.purposes import Purposes
from central.seeds import Seeds
from edge.wire.signing import Signer

_FOLLOW_S = 3.0
_RETENTION_S = 600.0
_RECHECK_S = 30.0
_LOG_HEAD_S = 60.0
_LATE_S = 30.0


@dataclass(frozen=True, slots=True)
class BackOffice:
    """Every part blocks."""

    engine: Engine
    blobs: Blobs
    signer: Signer
    clock: Clock
    figures: Figures
    filters: Filters
    holds: Holds
    ledger: Ledger
    doubts: Doubts
    purposes: Purposes
    audit: Audit
    seeds: Seeds
    publications: Publications
    alarms: Alarms
    late_recusals: RecusalAlarm

    @classmethod
    def over(
        cls,
        engine: Engine,
        blobs: Blobs,
        signer: Signer,
        clock: Clock,
        calendar: LegalCalendar | None = None,
    ) -> "BackOffice":
        return cls(
            engine,
            blobs,
            signer,
            clock,
            Figures(engine),
            Filters(engine),
            Holds(engine),
            Ledger(engine),
            Doubts(engine),
            Purposes(engine),
            Audit(engine),
            Seeds(engine, blobs),
            Publications(engine, blobs),
            Alarms(engine, blobs),
            RecusalAlarm(engine, Recusals(engine, calendar or load())),
        )

    def catch_up(self) -> None:
        """Everything that only repeats the log is as the log is now."""
        rollup.catch_up(self.engine)
        full_text.catch_up(self.engine)

    def jobs(self) -> Sequence[Job]:
        """Work that comes round, for central/jobs.py."""
        return (
            Job("log-head", _LOG_HEAD_S, self.alarms.run),
            Job("late-recusals", _LATE_S, self.late_recusals.run),
            Job("figures", _FOLLOW_S, self._follow(rollup.NAME, rollup.refresh)),
            Job("full-text", _FOLLOW_S, self._follow(full_text.NAME, full_text.refresh)),
            Job("retention", _RETENTION_S, self._erase),
            Job("recheck", _RECHECK_S, self.doubts.run),
        )

    def _erase(self, utc_ms: int) -> None:
        keeping.run(self.engine, self.blobs, utc_ms)

    def _follow(self, name: str, refresh: following.Refresh) -> Callable[[int], None]:
        def run(_utc_ms: int) -> None:
            following.follow(self.engine, name, refresh)

        return run
