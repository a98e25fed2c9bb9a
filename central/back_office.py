"""The office behind the cases, as the pages are given it: figures, filters, and what follows.

    office = BackOffice.over(engine, blobs, signer, clock)

`jobs` is what a running server does for it by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from central import following
from central.blobs import Blobs
from central.clock import Clock
from central.figures import rollup
from central.figures.dashboard import Figures
from central.jobs import Job
from edge.wire.signing import Signer

_FOLLOW_S = 3.0


@dataclass(frozen=True, slots=True)
class BackOffice:
    """Every part blocks."""

    engine: Engine
    blobs: Blobs
    signer: Signer
    clock: Clock
    figures: Figures

    @classmethod
    def over(cls, engine: Engine, blobs: Blobs, signer: Signer, clock: Clock) -> "BackOffice":
        return cls(engine, blobs, signer, clock, Figures(engine))

    def catch_up(self) -> None:
        """Everything that only repeats the log is as the log is now."""
        rollup.catch_up(self.engine)

    def jobs(self) -> Sequence[Job]:
        """Work that comes round, for central/jobs.py."""
        return (Job("figures", _FOLLOW_S, self._follow_figures),)

    def _follow_figures(self, _utc_ms: int) -> None:
        following.follow(self.engine, rollup.NAME, rollup.refresh)
