"""Acts by hand as the staff pages use them: what is open to somebody, its form, its preview, doing
it, and the second officer's signature.

A preview is the act itself, done in a transaction that is rolled back: what is shown is what would
be issued, and every condition was asked for. Every call blocks.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Engine, insert, select, update

from central import act_forms, inquiry, interests, performing, proofs, tables
from central.accounts import Accounts
from central.act_forms import Field
from central.act_tables import act_form, pending_act
from central.auth import User
from central.calendar import LegalCalendar
from central.case_moves import RULES
from central.cases import Action, Case, Guard, Role
from central.database import reading
from central.interests import Interest
from central.lookup import Lookup
from central.money import yuan
from central.owner import parties
from central.performing import Moved, NotYours, Office, Order, Performed
from central.proofs import Known

_ASIDE = frozenset(
    {
        Action.REJECT,
        Action.EXEMPT,
        Action.DECLINE_FILING,
        Action.SPARE,
        Action.TRANSFER,
        Action.ANNOUNCE,
        Action.DEFER,
        Action.REVOKE,
        Action.CORRECT,
        Action.MAKE_VOID,
        Action.FILE_RECONSIDERATION,
        Action.FILE_SUIT,
        Action.WITHDRAW_REMEDY,
    }
)
"""What leads off the usual road stands behind what leads along it."""
_NEEDS_GREEN = frozenset({Action.RELEASE, Action.SETTLE})


class NotWaiting(performing.PerformError):
    """The act waits for no signature, or not for this person's."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An action that leads on from here. `role` is as whom this person does it, None where it is
    others' (`by`); `barred` names what they did before that excludes them; `lacking` are the
    conditions that the file shows not to hold."""

    action: Action
    by: tuple[Role, ...]
    role: Role | None
    barred: tuple[Action, ...]
    lacking: tuple[Guard, ...]
    papers: tuple[str, ...]
    seconded: bool

    @property
    def open(self) -> bool:
        return self.role is not None and not self.barred and not self.lacking


@dataclass(frozen=True, slots=True)
class Outlook:
    """What may be done on a case now, this person's own actions first."""

    case: Case
    choices: Sequence[Choice]
    interest: Interest | None
    waiting: Sequence["Waiting"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form of an action, with what is known already."""

    choice: Choice
    fields: Sequence[Field]
    known: Mapping[str, str]
    seen: int
    cap_fen: int | None
    vehicle_in_doubt: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """An act that waits for the second officer."""

    id: UUID
    case_id: UUID
    number: str
    action: Action
    person: str
    asked_utc_ms: int


class Acts:
    """The shell around the table. Every call blocks."""

    def __init__(self, engine: Engine, lookup: Lookup, calendar: LegalCalendar) -> None:
        self._engine = engine
        self._lookup = lookup
        self._calendar = calendar
        self._accounts = Accounts(engine)

    def outlook(self, case_id: UUID, user: User, utc_ms: int, *, green: bool) -> Outlook:
        """Every action that leads on from here; `green`: the integrity checks hold."""
        with reading(self._engine) as db:
            known = inquiry.read(db, case_id, user.id, utc_ms, self._calendar, green=green)
            found = [_choice(known, user, action) for action in _open(known.case)]
            return Outlook(
                case=known.case,
                choices=sorted(
                    found,
                    key=lambda one: (one.role is None, not one.open, one.action in _ASIDE),
                ),
                interest=interests.interest(db, case_id, user.id),
                waiting=_waiting(db, pending_act.c.case_id == case_id),
            )

    def sheet(self, case_id: UUID, user: User, action: Action, utc_ms: int) -> Sheet:
        """The form. Raises IllegalMove where the action does not lead on, NotYours."""
        green = self._is_green(case_id, action)
        with reading(self._engine) as db:
            known = inquiry.read(db, case_id, user.id, utc_ms, self._calendar, green=green)
            RULES.moves_of(known.case, action)
            choice = _choice(known, user, action)
            if choice.role is None:
                raise NotYours(f"{user.role} must not {action} from here")
            left = proofs.left_to_form(known, action, choice.role)
            return Sheet(
                choice=choice,
                fields=act_forms.fields(known.case, action, left),
                known=_prefilled(db, case_id, action, known),
                seen=performing.last_seq(known.course.done),
                cap_fen=known.cap_fen,
                vehicle_in_doubt=Guard.VEHICLE_MATCHES in left,
            )

    def preview(self, order: Order, utc_ms: int) -> Performed:
        """What the act would make. Nothing of it stays. Raises what `do` raises."""
        office = replace(self._office(order, utc_ms), trial=True)
        with self._engine.connect() as db, db.begin() as transaction:
            done = performing.perform(db, order, office)
            transaction.rollback()
            # The number of the trial went back with it.
            return replace(done, contents=[replace(one, number=None) for one in done.contents])

    def do(self, order: Order, utc_ms: int, digest: str = "") -> Performed:
        """Do it, once. `digest`, where given, is of the preview that was seen: other documents than
        those are not issued.

        Raises PerformError, CaseError, Incomplete.
        """
        office = self._office(order, utc_ms)
        with self._engine.begin() as db:
            performing.take_form(db, order, utc_ms)
            return _as_seen(performing.perform(db, order, office), digest)

    def is_taken(self, form: str) -> bool:
        """Whether this very form was taken before."""
        with reading(self._engine) as db:
            query = select(act_form.c.form).where(act_form.c.form == form)
            return db.scalar(query) is not None

    def ask_second(self, order: Order, utc_ms: int) -> UUID:
        """Keep an act until a second officer signs it in their own session. It was tried just now:
        all that is left is the signature. Raises what `do` raises."""
        self.preview(order, utc_ms)
        pending_id = uuid4()
        with self._engine.begin() as db:
            performing.take_form(db, order, utc_ms)
            db.execute(
                insert(pending_act).values(
                    id=pending_id,
                    case_id=order.case_id,
                    action=order.action.value,
                    person=order.user.id,
                    fields=json.dumps(dict(order.values), ensure_ascii=False),
                    seen=order.seen,
                    asked_utc_ms=utc_ms,
                    state="waiting",
                )
            )
        return pending_id

    def waiting(self) -> Sequence[Waiting]:
        """All acts that wait for a signature, the oldest first."""
        with reading(self._engine) as db:
            return _waiting(db, pending_act.c.state == "waiting")

    def pending(self, pending_id: UUID, second: User | None = None) -> tuple[Waiting, Order]:
        """One of them, with `second` as who signs. Raises NotWaiting."""
        with reading(self._engine) as db:
            return self._pending(db, pending_id, second)

    def sign(self, pending_id: UUID, second: User, utc_ms: int, digest: str = "") -> Performed:
        """The second officer's signature: the act is done in both names. Raises what `do` raises,
        NotWaiting."""
        _, order = self.pending(pending_id, second)
        office = self._office(order, utc_ms)
        with self._engine.begin() as db:
            self._pending(db, pending_id, second)
            done = _as_seen(performing.perform(db, order, office), digest)
            _end(db, pending_id, "signed", second.id, utc_ms)
            return done

    def drop(self, pending_id: UUID, user: User, utc_ms: int) -> None:
        """The first officer takes it back, or another one does not sign. Raises NotWaiting."""
        with self._engine.begin() as db:
            waiting, _ = self._pending(db, pending_id, None)
            if waiting.person != user.id and Role(user.role.value) is not Role.OFFICER:
                raise NotWaiting("only officers sign or refuse")
            _end(
                db,
                pending_id,
                "withdrawn" if waiting.person == user.id else "refused",
                user.id,
                utc_ms,
            )

    def recuse(self, case_id: UUID, user: User, utc_ms: int) -> None:
        """From now on this person does nothing in the case."""
        with self._engine.begin() as db:
            interests.recuse(db, case_id, user.id, utc_ms)

    def plates(self, user_id: str) -> Sequence[str]:
        with reading(self._engine) as db:
            return interests.plates(db, user_id)

    def declare_plate(self, user_id: str, typed: str, utc_ms: int) -> None:
        """Raises BadPlate."""
        with self._engine.begin() as db:
            interests.declare(db, user_id, typed, utc_ms)

    def withdraw_plate(self, user_id: str, plate: str) -> None:
        with self._engine.begin() as db:
            interests.withdraw(db, user_id, plate)

    def _pending(
        self, db: Connection, pending_id: UUID, second: User | None
    ) -> tuple[Waiting, Order]:
        row = db.execute(select(pending_act).where(pending_act.c.id == pending_id)).one_or_none()
        if row is None or row.state != "waiting":
            raise NotWaiting("nothing waits for a signature here")
        first = self._accounts.user(row.person)
        assert first is not None
        if second is not None and (second.role != "officer" or second.id == row.person):
            raise NotWaiting("another officer signs")
        (waiting,) = _waiting(db, pending_act.c.id == pending_id)
        order = Order(
            case_id=row.case_id,
            action=Action(row.action),
            user=first,
            values=json.loads(row.fields),
            form=str(pending_id),
            seen=row.seen,
            second=second.id if second else None,
        )
        return waiting, order

    def _office(self, order: Order, utc_ms: int) -> Office:
        return Office(self._calendar, utc_ms, self._is_green(order.case_id, order.action))

    def _is_green(self, case_id: UUID, action: Action) -> bool:
        """Whether every check of the case's records holds: only asked where it matters, since the
        images are hashed for it."""
        if action not in _NEEDS_GREEN:
            return False
        view = self._lookup.case(case_id)
        return view is not None and all(
            check.ok is not False for held in view.records for check in held.checks
        )


def _as_seen(done: Performed, digest: str) -> Performed:
    if digest and done.digest != digest:
        raise Moved("the documents would say something else than what was shown")
    return done


def _end(db: Connection, pending_id: UUID, state: str, by: str, utc_ms: int) -> None:
    """Once; what was typed is not kept any longer than needed."""
    waits = (pending_act.c.id == pending_id) & (pending_act.c.state == "waiting")
    values = {"state": state, "ended_utc_ms": utc_ms, "ended_by": by, "fields": "{}"}
    if db.execute(update(pending_act).where(waits).values(values)).rowcount != 1:
        raise NotWaiting("somebody else was faster")


def _waiting(db: Connection, wanted: ColumnElement[bool]) -> list[Waiting]:
    query = (
        select(pending_act, tables.case.c.number)
        .join(tables.case, tables.case.c.id == pending_act.c.case_id)
        .where(pending_act.c.state == "waiting", wanted)
        .order_by(pending_act.c.asked_utc_ms)
    )
    return [
        Waiting(row.id, row.case_id, row.number, Action(row.action), row.person, row.asked_utc_ms)
        for row in db.execute(query)
    ]


def _open(case: Case) -> list[Action]:
    """What leads on from here, in the table's order; machines' own acts are left out."""
    machines = {Role.DEVICE, Role.SYSTEM}
    return [
        action
        for action in Action
        if action in RULES.open_to(case) and set(_by(case, action)) - machines
    ]


def _by(case: Case, action: Action) -> tuple[Role, ...]:
    sets = [move.by for move in RULES.moves_of(case, action)]
    return tuple(sorted(frozenset.intersection(*sets)))


def _choice(known: Known, user: User, action: Action) -> Choice:
    case = known.case
    role = act_forms.acts_as(user.role, case, action)
    barred = RULES.excludes.get(action, frozenset())
    mine = {done.action for done in case.acts if user.id in (done.person, done.second)}
    return Choice(
        action=action,
        by=_by(case, action),
        role=role,
        barred=tuple(sorted(barred & mine)) if role else (),
        lacking=proofs.lacking(known, action, role) if role else (),
        papers=act_forms.papers(case, action),
        seconded=role is not None and performing.is_seconded(case, action, role),
    )


def _prefilled(db: Connection, case_id: UUID, action: Action, known: Known) -> dict[str, str]:
    """What the form need not ask again."""
    found: dict[str, str] = {}
    if action in act_forms.SETS_AMOUNT and known.set_fen is not None:
        found["amount"] = yuan(known.set_fen)
    named = parties.named(db, case_id)
    if action is Action.IDENTIFY_PARTY and named:
        person = named[-1].person
        found |= {
            "party_kind": person.kind,
            "party_relation": person.relation,
            "party_name": person.name,
            "party_id_number": person.id_number,
            "party_phone": person.phone,
            "party_address": person.address,
        }
    if action is Action.IDENTIFY_PARTY:
        found = {"party_kind": "person", "party_relation": "driver"} | found
    return found
