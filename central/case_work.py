"""Leading cases by hand and by the calendar, as pages and jobs are given it.

    work = CaseWork.over(engine, blobs)

`jobs` is what a running server does by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from central.acts import Acts
from central.blobs import Blobs
from central.calendar import LegalCalendar
from central.clocks import Clocks
from central.delivering import Delivering
from central.documents.press import Press
from central.gateways.payment import PayChannel
from central.gateways.register import Register
from central.holidays import load
from central.jobs import Job
from central.lookup import Lookup
from central.owner_lookup import OwnerLookup
from central.paying import Paying
from central.returns import Returns
from central.vehicle_checks import VehicleChecks

_CLOCKS_S, _PAYING_S, _PRESS_S = 5.0, 5.0, 2.0


@dataclass(frozen=True, slots=True)
class CaseWork:
    """Every part blocks."""

    acts: Acts
    press: Press
    delivering: Delivering
    clocks: Clocks
    paying: Paying
    owners: OwnerLookup
    returns: Returns
    vehicles: VehicleChecks

    @classmethod
    def over(
        cls,
        engine: Engine,
        blobs: Blobs,
        channel: PayChannel | None = None,
        register: Register | None = None,
        calendar: LegalCalendar | None = None,
    ) -> "CaseWork":
        calendar = calendar or load()
        return cls(
            acts=Acts(engine, Lookup(engine, blobs), calendar),
            press=Press(engine, blobs),
            delivering=Delivering(engine),
            clocks=Clocks(engine, calendar),
            paying=Paying(engine, calendar, channel),
            owners=OwnerLookup(engine, register),
            returns=Returns(engine),
            vehicles=VehicleChecks(engine),
        )

    def jobs(self) -> Sequence[Job]:
        """Work that comes round, for central/jobs.py."""
        return (
            Job("clocks", _CLOCKS_S, self.clocks.run),
            Job("owner-lookup", _CLOCKS_S, self.owners.run),
            Job("paying", _PAYING_S, self.paying.run),
            Job("press", _PRESS_S, self.press.run),
        )
