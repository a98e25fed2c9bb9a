"""Which vehicle stood in which lane from when until when: the rules of stays.

Pure: time and looks come in as arguments, events go out as values. Nothing here counts frames.
"""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from edge.lanes import Lane
from edge.looks import Look, Place
from edge.stay_events import Reminder, StayEvent, StayRules


class Stays:
    """The stays of one camera."""

    def __init__(self, rules: StayRules, lanes: Sequence[Lane], new_id: Callable[[], UUID]) -> None:
        self._rules = rules
        self._lanes = tuple(lanes)
        self._new_id = new_id
        self.revision = 0
        """Goes up whenever something changed that must outlive a power cut: save a snapshot."""

    def observe(self, look: Look) -> list[StayEvent]:
        """Take in one look. Raises ValueError when time goes back (a fault of the shell)."""
        raise NotImplementedError(look)

    def notice(self, t_s: float, stay_id: UUID, reminder: Reminder) -> list[StayEvent]:
        """The owner was reminded, as came to be known at t_s. An empty list: the notice is known
        already, or the stay is not open here."""
        raise NotImplementedError(t_s, stay_id, reminder)

    def places(self) -> Mapping[UUID, Place]:
        """Where the vehicles of open stays stand, for the shell to look at."""
        raise NotImplementedError

    def needs_search(self, t_s: float) -> bool:
        """Whether the detector must look now even if nothing seems to have changed."""
        raise NotImplementedError(t_s)

    @property
    def restless(self) -> bool:
        """Whether a vehicle is arriving, leaving or hidden: every frame counts now."""
        raise NotImplementedError

    def snapshot(self) -> bytes:
        """All that must outlive a power cut."""
        raise NotImplementedError

    def restore(self, snapshot: bytes, now_s: float, away_s: float | None) -> None:
        """Go on from a snapshot. `away_s`: seconds from the snapshot's last look until now_s, by
        the monotonic clock (same boot) or a trusted wall clock; None where nobody knows: then no
        open stay survives. Raises SnapshotError for bytes that are no snapshot; what follows is as
        after a first start."""
        raise NotImplementedError(snapshot, now_s, away_s)
