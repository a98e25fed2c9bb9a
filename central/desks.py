"""The review desk over cases and seeds alike: whoever reviews cannot tell them apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from central.cases import Action
from central.review import Desk, Judgement, Typed
from central.reviewing import MOST_WAITING, AlreadyTyped, Reviews, Waiting
from central.seeds import NotShown, Seeds
from central.views import CaseView, Reader


@dataclass(frozen=True, slots=True)
class Desks:
    """Every call blocks."""

    store: Reader
    reviews: Reviews
    seeds: Seeds

    def waiting(self, person: str, utc_ms: int, most: int = MOST_WAITING) -> Sequence[Waiting]:
        """A seed lies among the cases, by its time left; never alone."""
        real = list(self.reviews.waiting(person, utc_ms, most))
        extra = self.seeds.waiting(person, utc_ms) if real else None
        mixed = [*real, extra] if extra else real
        return sorted(mixed, key=lambda one: (one.due_utc_ms, one.number))[:most]

    def view(self, case_id: UUID, person: str) -> CaseView | None:
        return self.store.case(case_id) or self.seeds.view(case_id, person)

    def desk(self, view: CaseView, person: str) -> Desk:
        return self._of(view).desk(view, person)

    def type_plate(self, view: CaseView, typed: Typed, utc_ms: int) -> None:
        """Raises AlreadyTyped."""
        try:
            self._of(view).type_plate(view.row.id, typed, utc_ms)
        except NotShown as error:
            raise AlreadyTyped(str(error)) from None

    def judge(self, view: CaseView, person: str, judgement: Judgement, utc_ms: int) -> Action:
        """What it came to. A seed is kept as an answer and moves nothing. Raises CaseError."""
        if not _is_seed(view):
            return self.reviews.judge(view, person, judgement, utc_ms)
        caught = self.seeds.judge(view, person, judgement, utc_ms)
        return Action.REJECT if caught else Action.REVIEW

    def _of(self, view: CaseView) -> Reviews | Seeds:
        return self.seeds if _is_seed(view) else self.reviews


def _is_seed(view: CaseView) -> bool:
    """No case is without a line in the log."""
    return not view.events
