"""What a person fills in for each act of the table, and reading it back. Pure.

The form follows from the table: what the act's document asks a person for (documents/forms.yaml),
what the conditions want that the file does not show, and the few things that are neither.

BadForm    something is missing or cannot be read; every fault is told by its field
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

from central.access import Role as StaffRole
from central.case_moves import RULES
from central.cases import Action, Case, Guard, Role
from central.documents.forms import KINDS, forms
from central.proofs import WAYS, Typed

A, G = Action, Guard
Shape = Literal["line", "long", "amount", "day", "choice", "tick"]
_MOST: Mapping[str, int] = MappingProxyType({"line": 200, "long": 2000, "amount": 12, "day": 10})


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in. `choices` are words as the documents have them."""

    name: str
    shape: Shape = "line"
    required: bool = True
    choices: tuple[str, ...] = ()


class BadForm(Exception):
    """What was sent cannot be taken; `faults` has a key of the locales for each field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{name}: {fault}" for name, fault in faults.items()))
        self.faults = faults


ELSEWHERE = frozenset(
    {A.REVIEW, A.REVIEW_AGAIN, A.DISAGREE, A.PAY, A.PAY_PART, A.REFUND, A.RESOLVE_OWNER}
)
"""Done on the review desk, by the treasury's statement, or never by hand."""
CLERKS: Mapping[StaffRole, Mapping[Role, frozenset[Action]]] = MappingProxyType(
    {
        StaffRole.OFFICER: {
            Role.PARTY: frozenset({A.WAIVE, A.FILE_RECONSIDERATION, A.FILE_SUIT, A.WITHDRAW_REMEDY})
        },
        StaffRole.LEGAL: {
            Role.COURT: frozenset(
                {
                    A.FILE_RECONSIDERATION,
                    A.DECIDE_RECONSIDERATION,
                    A.FILE_SUIT,
                    A.DECIDE_SUIT,
                    A.WITHDRAW_REMEDY,
                    A.REVOKE,
                }
            )
        },
    }
)
"""Who enters what the party signed on paper, and what a court or a reconsideration body sent."""
_KIND = Field("party_kind", "choice", choices=("person", "unit"))
_RELATION = Field("party_relation", "choice", choices=("driver", "holder", "agent"))
_PARTY = (
    _KIND,
    _RELATION,
    Field("party_name"),
    Field("party_id_number"),
    Field("party_phone", required=False),
    Field("party_address"),
    Field("statement", "long", required=False),
)
_WAY = Field("way", "choice", choices=WAYS)
_AMOUNT = Field("amount", "amount", required=False)
SETS_AMOUNT = frozenset({A.NOTIFY, A.RECHECK, A.DECIDE, A.DECIDE_ON_THE_SPOT})
EXTRA: Mapping[Action, tuple[Field, ...]] = MappingProxyType(
    {
        A.IDENTIFY_PARTY: _PARTY,
        A.NOTIFY: (_AMOUNT,),
        A.RECHECK: (_AMOUNT,),
        A.DECIDE: (_AMOUNT,),
        A.DECIDE_ON_THE_SPOT: (_AMOUNT,),
        A.EXEMPT: (Field("exempt_reason", "choice", choices=("duty", "cloned")),),
        A.CLOSE: (Field("outcome", "long"),),
        A.FILE_RECONSIDERATION: (Field("application", "long", required=False),),
        A.FILE_SUIT: (Field("application", "long", required=False),),
    }
)
_SHAPES: Mapping[str, Field] = MappingProxyType(
    {"way": _WAY, "until_day": Field("until_day", "day")}
)
_WANT_GROUNDS = frozenset({G.GROUNDS_GIVEN, G.PROOF_OF_EXEMPTION, G.VEHICLE_MATCHES})
_TICKS: Mapping[Guard, str] = MappingProxyType(
    {
        G.NO_CONFLICT: "no_conflict",
        G.IDENTITY_CHECKED: "id_seen",
        G.EXPRESS: "express",
        G.SIMPLE_ALLOWED: "heard",
        G.ROUTE_OPEN: "on_site",
    }
)


def acts_as(role: StaffRole, case: Case, action: Action) -> Role | None:
    """As whom somebody of this office does the action from here: in their own role, as the clerk
    of the party or a court, or not at all."""
    if action in ELSEWHERE:
        return None
    own = Role(role.value)
    if action in RULES.open_to(case, own):
        return own
    for other, allowed in CLERKS.get(role, {}).items():
        if action in allowed and action in RULES.open_to(case, other):
            return other
    return None


def papers(case: Case, action: Action) -> tuple[str, ...]:
    """Documents that the action makes from here. Raises IllegalMove."""
    found = [move.document for move in RULES.moves_of(case, action)]
    return tuple(kind for kind in dict.fromkeys(found) if kind in KINDS)


def fields(case: Case, action: Action, left: Sequence[Guard]) -> tuple[Field, ...]:
    """The form of an action; `left` are the conditions that the file leaves to it."""
    found: dict[str, Field] = {field.name: field for field in EXTRA.get(action, ())}
    for kind in papers(case, action):
        form = forms().forms[kind]
        for name in form.asked:
            long = forms().fields[name].long
            plain = Field(name, "long" if long else "line", form.used[name])
            found.setdefault(name, _SHAPES.get(name, plain))
    if "grounds" not in found and _WANT_GROUNDS & set(left):
        found["grounds"] = Field("grounds", "long")
    for guard in left:
        if guard in _TICKS:
            found[_TICKS[guard]] = Field(_TICKS[guard], "tick")
    if action is A.PROVE_SERVICE and "witness" in found:
        found["witness"] = Field("witness", required=False)
    return tuple(found.values())


def read(wanted: Sequence[Field], sent: Mapping[str, str]) -> dict[str, str]:
    """What was filled in, trimmed. Raises BadForm with every fault."""
    faults: dict[str, str] = {}
    values: dict[str, str] = {}
    for field in wanted:
        value = _clean(sent.get(field.name, ""), many=field.shape == "long")
        fault = _fault(field, value)
        if fault:
            faults[field.name] = fault
        elif value:
            values[field.name] = value
    if faults:
        raise BadForm(faults)
    return values


def typed(values: Mapping[str, str]) -> Typed:
    """The values as the proofs read them."""
    amount = values.get("amount")
    return Typed(
        grounds=values.get("grounds", ""),
        application=values.get("application", ""),
        amount_fen=fen(amount) if amount else None,
        way=values.get("way", ""),
        witness=values.get("witness", ""),
        until_day=values.get("until_day", ""),
        declared=frozenset(name for name in _TICKS.values() if values.get(name) == "yes"),
    )


def fen(text: str) -> int | None:
    """`100` or `99.50` yuan in fen; None for anything else."""
    whole, _, part = text.partition(".")
    digits = (whole + part).isascii() and (whole + part).isdigit()
    if not digits or not whole or len(part) > 2 or (not part and "." in text):
        return None
    return int(whole) * 100 + int(part.ljust(2, "0"))


def _clean(text: str, *, many: bool) -> str:
    """Without control characters; a text of several lines keeps its lines."""
    kept = (char for char in text.replace("\r\n", "\n") if char.isprintable() or char == "\n")
    plain = "".join(kept).strip()
    return plain if many else plain.replace("\n", " ")


def _fault(field: Field, value: str) -> str:
    """A key of the locales for what is wrong; empty where nothing is."""
    if not value:
        return ("tick" if field.shape == "tick" else "missing") if field.required else ""
    if len(value) > _MOST.get(field.shape, 200):
        return "too_long"
    match field.shape:
        case "choice":
            return "" if value in field.choices else "choice"
        case "amount":
            return "amount" if fen(value) is None else ""
        case "day":
            return "" if _is_day(value) else "day"
        case "tick":
            return "" if value == "yes" else "tick"
        case _:
            return ""


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
