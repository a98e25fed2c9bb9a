"""From values to what a document says, frozen. Pure.

A content is everything that is printed, so that the same page can be made from it again whatever
becomes of the forms. Its SHA-256 names the document.

Incomplete    a required value is empty; the text names all of them
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from central.documents.forms import PLACEHOLDER, Form, Value, forms

Table = Sequence[Sequence[str]]
Cell = str | Table
Given = Mapping[str, Cell]
"""Values by name: a text, or the lines of a table."""


class Incomplete(Exception):
    """A document must not leave a required value empty (行政处罚法 arts. 52, 59)."""

    def __init__(self, kind: str, missing: Sequence[str]) -> None:
        super().__init__(f"《{kind}》缺少必填内容：{'、'.join(missing)}")
        self.kind = kind
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands around the body. `number` is None for forms without one; `place` is the
    document's place in the case's file, from 1."""

    number: str | None
    agency: str
    date: str
    case_id: str
    place: int


@dataclass(frozen=True, slots=True)
class Content:
    """All that is printed, in order."""

    kind: str
    layout: str
    sender: str
    number: str | None
    agency: str
    date: str
    case_id: str
    place: int
    rows: Sequence[Sequence[tuple[str, str]]]
    text: Sequence[str]
    lists: Sequence[tuple[str, Sequence[str], Table]]
    signs: Sequence[str]
    values: Given

    def to_json(self) -> str:
        """The one spelling that is hashed."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Content":
        return cls(**json.loads(text))


def sha256_of(frozen: str) -> str:
    return hashlib.sha256(frozen.encode()).hexdigest()


def missing(kind: str, values: Given) -> tuple[str, ...]:
    """Labels of the required values that are empty, in the form's order."""
    known = forms()
    used = known.forms[kind].used
    return tuple(
        known.fields[name].label
        for name, required in used.items()
        if required and not _is_there(values.get(name))
    )


def fill(kind: str, values: Given, head: Head) -> Content:
    """The document of a kind. Raises Incomplete, KeyError for a kind that is not made here."""
    known = forms()
    form, words = known.forms[kind], known.fields
    lacking = list(missing(kind, values))
    if not head.agency and form.sender != "party":
        lacking.insert(0, words["agency"].label)
    if lacking:
        raise Incomplete(kind, lacking)
    return Content(
        kind=kind,
        layout=form.layout,
        sender=form.sender,
        number=head.number,
        agency=head.agency,
        date=head.date,
        case_id=head.case_id,
        place=head.place,
        rows=[row for names in form.rows if (row := _row(names, values, words))],
        text=_paragraphs(form, values),
        lists=_lists(form, values, words),
        signs=form.signs,
        values={name: values[name] for name in form.used if _is_there(values.get(name))},
    )


def _is_there(value: Cell | None) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def _text(values: Given, name: str) -> str:
    value = values.get(name, "")
    assert isinstance(value, str), f"{name} is a table"
    return value.strip()


def _row(names: Sequence[str], values: Given, words: Mapping[str, Value]) -> list[tuple[str, str]]:
    plain = [name.rstrip("~") for name in names]
    return [(words[name].label, text) for name in plain if (text := _text(values, name))]


def _paragraphs(form: Form, values: Given) -> list[str]:
    found = []
    for text in form.text:
        named = [name for name, _ in PLACEHOLDER.findall(text)]
        if all(_is_there(values.get(name)) for name in named):
            found.append(PLACEHOLDER.sub(lambda match: _text(values, match.group(1)), text))
    return found


def _lists(
    form: Form, values: Given, words: Mapping[str, Value]
) -> list[tuple[str, Sequence[str], Table]]:
    found: list[tuple[str, Sequence[str], Table]] = []
    for name, columns in form.lists.items():
        plain = name.rstrip("~")
        table = values.get(plain)
        if table and not isinstance(table, str):
            found.append((words[plain].label, columns, table))
    return found
