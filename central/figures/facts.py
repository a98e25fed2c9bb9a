"""What one case adds to the figures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from central.acting import Logged
from central.cases import Action, State

_DECISIONS = frozenset({Action.DECIDE, Action.DECIDE_ON_THE_SPOT})
_FORCED = frozenset({Action.DEMAND, Action.APPLY_TO_COURT})
_TAKEN_BACK = frozenset({State.REVOKED, State.VOID, State.REFUNDED})


@dataclass(frozen=True, slots=True)
class Fact:
    """Each is 1 or 0, so that adding up counts cases. `decision_ms` runs from the opening."""

    reminded: int
    left_in_time: int
    overstayed: int
    rejected: int
    decided: int
    paid: int
    self_paid: int
    revoked: int
    decision_ms: int | None


def fact(state: str, opened_utc_ms: int, acts: Sequence[Logged]) -> Fact:
    """Read a case's acts. Left in time is who was reminded and left without an overstay; paid by
    oneself is who needed neither a demand nor a court."""
    done = [logged.act.action for logged in acts]
    decision = next((one for one in acts if one.act.action in _DECISIONS), None)
    paid = Action.PAY in done
    forced = paid and not _FORCED.isdisjoint(done[: done.index(Action.PAY)])
    reminded = Action.REMIND in done
    return Fact(
        reminded=int(reminded),
        left_in_time=int(reminded and state == State.DEPARTED),
        overstayed=int(Action.OVERSTAY in done),
        rejected=int(state == State.REJECTED),
        decided=int(decision is not None),
        paid=int(paid),
        self_paid=int(paid and not forced),
        revoked=int(state in _TAKEN_BACK or Action.REVOKE in done),
        decision_ms=None if decision is None else decision.utc_ms - opened_utc_ms,
    )
