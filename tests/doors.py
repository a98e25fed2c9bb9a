"""Every door of the running application: its routes, who guards each, and the forms behind them.

Nothing here names a page: what is added to the application is found, and tried like the rest.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from central.access import Act
from central.web import codes, guard, owner_guard

NOBODYS = "3a1f0c52-7f1e-4d0b-9a58-2f6f8f6f7b10"
"""An id that nothing has; fixed, so that parallel runs collect the same tests."""
_HOLE = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True)
class Door:
    """A route with one method. `acts` are the rights that it asks for, `calls` its guards."""

    method: str
    path: str
    acts: frozenset[Act]
    calls: frozenset[Callable[..., Any]]

    @property
    def is_owners(self) -> bool:
        return self.path.startswith(owner_guard.PREFIX)

    @property
    def is_guarded(self) -> bool:
        """Whether somebody must have signed in, or passed the check of a link."""
        guards = {guard.signed_in, codes.require_fresh_code, owner_guard.passed,
                  owner_guard.checked}  # fmt: skip
        return bool(self.acts or self.calls & guards)

    @property
    def is_gateways(self) -> bool:
        """What gateways call back: no browser comes here, and a signature takes a session's
        place."""
        return self.path.startswith("/gateways/") and not self.acts

    @property
    def takes_a_form(self) -> bool:
        return self.method == "POST" and not self.is_gateways

    def address(self, **values: str) -> str:
        """The path with its holes filled: what is not given becomes an id that nothing has."""
        return _HOLE.sub(lambda hole: values.get(hole.group(1), NOBODYS), self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def doors(app: FastAPI) -> list[Door]:
    """All routes but those of the mounted sharing API, which has keys of its own."""
    return [
        Door(method, route.path, _acts(route.dependant), frozenset(_calls(route.dependant)))
        for route in _routes(app.routes)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def _routes(routes: Sequence[Any]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _routes(route.original_router.routes)


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for one in dependant.dependencies:
        if one.call is not None:
            yield one.call
        yield from _calls(one)


def _acts(dependant: Dependant) -> frozenset[Act]:
    """The rights that `may(...)` closed over."""
    return frozenset(
        cell.cell_contents
        for call in _calls(dependant)
        for cell in getattr(call, "__closure__", None) or ()
        if isinstance(cell.cell_contents, Act)
    )


@dataclass
class HtmlForm:
    """A form of a page: where it goes, and its fields with what stands in them."""

    action: str
    method: str
    multipart: bool
    fields: dict[str, str] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)


@dataclass
class Seen(HTMLParser):
    """What a browser makes of a page: its tags, its forms, its links."""

    tags: set[str] = field(default_factory=set)
    handlers: set[str] = field(default_factory=set)
    forms: list[HtmlForm] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    words: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, text: str) -> "Seen":
        seen = cls()
        seen.feed(text)
        return seen

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.handlers |= {name for name in told if name.startswith("on")}
        if tag == "a" and told.get("href", "").startswith("/"):
            self.links.append(told["href"].partition("#")[0])
        if tag == "form":
            multipart = told.get("enctype", "").startswith("multipart")
            method = told.get("method", "get").lower()
            self.forms.append(HtmlForm(told.get("action", ""), method, multipart))
        elif tag in ("input", "textarea", "select", "button") and self.forms and "name" in told:
            self._field(tag, told)

    def handle_data(self, data: str) -> None:
        self.words += data

    def _field(self, tag: str, told: dict[str, str]) -> None:
        form, kind = self.forms[-1], told.get("type", "text")
        if kind == "file":
            return
        if kind in ("radio", "checkbox") and told["name"] in form.fields:
            return
        form.fields[told["name"]] = told.get("value", "")
        free = ("text", "search", "tel", "password", "number", "date", "email", "time")
        if tag == "textarea" or (tag == "input" and kind in free):
            form.typed.add(told["name"])
