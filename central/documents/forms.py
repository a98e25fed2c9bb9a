"""What each document says, as data: central/documents/forms.yaml, read once and checked. Pure.

A name with `~` may be empty. Everything else that a form uses is required.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

FILE = Path(__file__).with_name("forms.yaml")
PLACEHOLDER = re.compile(r"\{([a-z_]+)(~?)\}")
Name = Annotated[str, Field(pattern=r"^[a-z_]+~?$")]
Line = Annotated[str, Field(min_length=1, max_length=80)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Value(_Part):
    """The words for a value; a long one is typed into a box of several lines."""

    label: Line
    long: bool = False


class Form(_Part):
    """One document. The keys are described at the head of forms.yaml."""

    series: Annotated[str, Field(pattern=r"^\w{1,8}$")] | None = None
    layout: Literal["letter", "sheet"]
    sender: Literal["staff", "party", "system"] = "staff"
    rows: list[Annotated[list[Name], Field(min_length=1, max_length=2)]] = []
    text: list[str] = []
    lists: dict[Name, list[Line]] = {}
    asked: list[Name] = []
    signs: list[Line] = []
    public: bool = False

    @property
    def used(self) -> Mapping[str, bool]:
        """Every value that the form shows, in order, and whether it is required."""
        named = [name for row in self.rows for name in row]
        named += ["".join(found) for text in self.text for found in PLACEHOLDER.findall(text)]
        named += list(self.lists)
        found: dict[str, bool] = {}
        for name in named:
            plain = name.rstrip("~")
            found[plain] = found.get(plain, False) or plain == name
        return found


class Forms(_Part):
    """The whole file."""

    fields: dict[Name, Value]
    forms: dict[Line, Form]

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for kind, form in self.forms.items():
            unknown = (set(form.used) | set(form.asked)) - set(self.fields)
            if unknown:
                raise ValueError(f"{kind} uses values that have no words: {sorted(unknown)}")
            if left := [text for text in form.text if set("{}") & set(PLACEHOLDER.sub("", text))]:
                raise ValueError(f"{kind} has a brace that names no value: {left[0]}")
            if idle := set(form.asked) - set(form.used):
                raise ValueError(f"{kind} asks for what it does not show: {sorted(idle)}")
        series = [form.series for form in self.forms.values() if form.series]
        if len(series) != len(set(series)):
            raise ValueError("two forms have one series of numbers")
        return self


@cache
def forms() -> Forms:
    """The forms of this release."""
    return Forms.model_validate(yaml.load(FILE.read_text(encoding="utf-8"), yaml.CSafeLoader))


KINDS = frozenset(forms().forms)
"""Names of all documents that are made here."""
