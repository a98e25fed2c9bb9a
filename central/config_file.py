"""Reads YAML and the environment into a pydantic model, and tells every fault with its place.

The edge daemon reads its own file in the same way; the two share no code because neither half may
import the other's, and the contract between them knows no YAML.

ConfigError    the configuration cannot be used; `.faults` holds one sentence a fault
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

_SHOWN = 60
_BYTES = 1 << 20
_DEPTH = 24
_OPEN = 1000
"""Brackets that may stand open at once, those in texts and comments counted as well: YAML's reader
takes time by the square of them."""
_VALUES = 20_000
UNREADABLE = (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, OverflowError)
"""What PyYAML raises over a scalar that is not what its tag says."""
_MARKS = re.compile(rb"[\[\]{}\n]")
File = Annotated[Path, Field(strict=False)]
Loc = tuple[str | int, ...]
AnyModel = TypeVar("AnyModel", bound=BaseModel)


class Section(BaseModel):
    """Unknown keys are refused; a text is never taken for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ConfigError(Exception):
    """One sentence a fault: place, key, what came, what is allowed."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def load_model(model: type[AnyModel], path: Path, env: Mapping[str, str], prefix: str) -> AnyModel:
    """`PREFIX__WEB__PORT=8080` in the environment replaces `web: {port: …}`. Raises ConfigError."""
    try:
        document = path.read_bytes()
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    given = {name: value for name, value in sorted(env.items()) if name.startswith(f"{prefix}__")}
    return parse_model(model, document, path, given, prefix)


def parse_model(
    model: type[AnyModel],
    document: bytes,
    path: Path,
    given: Mapping[str, str] = MappingProxyType({}),
    prefix: str = "",
) -> AnyModel:
    """The model from YAML bytes; `path` is only named. Raises ConfigError."""
    root = _compose(document, path)
    places: dict[Loc, str] = {(): f"{path}:1"}
    faults: list[str] = []
    data = _plain(root, (), path, places, faults) if root is not None else {}
    if not isinstance(data, dict):
        raise ConfigError([f"{path}:1: must hold keys and values, got {_show(data)}"])
    for name, text in given.items():
        loc = tuple(name.removeprefix(f"{prefix}__").lower().split("__"))
        _put(data, loc, _from_text(text))
        places[loc] = f"environment {name}"
    try:
        value = model.model_validate(data)
    except ValidationError as error:
        faults += _told(error, model, places)
        raise ConfigError(faults) from None
    if faults:
        raise ConfigError(faults)
    return value


def plain(document: bytes, path: Path) -> object:
    """What YAML bytes hold, within the limits of a configuration. Raises ConfigError."""
    root, faults = _compose(document, path), list[str]()
    found = _plain(root, (), path, {}, faults) if root is not None else {}
    if faults:
        raise ConfigError(faults)
    return found


def _compose(document: bytes, path: Path) -> yaml.Node | None:
    if len(document) > _BYTES:
        raise ConfigError([f"{path}: must be at most {_BYTES} bytes, it has {len(document)}"])
    _require_shallow(document, path)
    try:
        return yaml.compose(document.decode(), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: must be UTF-8 text: {error.reason}"]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError([f"{where}: is not YAML: {getattr(error, 'problem', error)}"]) from None
    except (RecursionError, *UNREADABLE):
        raise ConfigError([f"{path}: is not YAML that can be read; is it nested deeply?"]) from None


def _require_shallow(document: bytes, path: Path) -> None:
    """Raises ConfigError where far more brackets open than close."""
    depth, line = 0, 1
    for mark in _MARKS.findall(document):
        line += mark == b"\n"
        depth = depth + 1 if mark in b"[{" else max(0, depth - 1) if mark in b"]}" else depth
        if depth > _OPEN:
            raise ConfigError([f"{path}:{line}: must have at most {_OPEN} brackets open at once"])


def _plain(
    node: yaml.Node, loc: Loc, path: Path, places: dict[Loc, str], faults: list[str]
) -> object:
    """The node's value; notes the line of every key, and keys that stand there twice."""
    line = node.start_mark.line + 1
    places.setdefault(loc, f"{path}:{line}")
    if len(loc) > _DEPTH:
        raise ConfigError([f"{path}:{line}: must be nested at most {_DEPTH} deep"])
    if len(places) > _VALUES:  # a few lines of aliases of aliases can stand for millions
        raise ConfigError([f"{path}:{line}: must hold at most {_VALUES} values"])
    if isinstance(node, yaml.SequenceNode):
        return [
            _plain(item, (*loc, index), path, places, faults)
            for index, item in enumerate(node.value)
        ]
    if not isinstance(node, yaml.MappingNode):
        return _readable(node, loc, path)
    found: dict[str, object] = {}
    for key_node, value_node in node.value:
        key, place = _key(key_node, path), f"{path}:{key_node.start_mark.line + 1}"
        if key in found:
            faults.append(f"{place}: {_dotted((*loc, key))}: stands there twice")
        places[(*loc, key)] = place
        found[key] = _plain(value_node, (*loc, key), path, places, faults)
    return found


def _key(node: yaml.Node, path: Path) -> str:
    if isinstance(node, yaml.ScalarNode) and node.value.isprintable():
        return str(node.value)
    raise ConfigError([f"{path}:{node.start_mark.line + 1}: a key must be printable text"])


def _readable(node: yaml.Node, loc: Loc, path: Path) -> object:
    try:
        return _scalar(node)
    except UNREADABLE:
        where = f"{path}:{node.start_mark.line + 1}: {_dotted(loc)}"
        raise ConfigError([f"{where}: cannot be read, got {_show(node.value)}"]) from None


def _scalar(node: yaml.Node) -> object:
    loader = yaml.SafeLoader("")
    try:
        value: object = loader.construct_object(node, deep=True)
        return value
    finally:
        loader.dispose()


def _from_text(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except (RecursionError, *UNREADABLE):
        return text


def _put(data: dict[str, object], loc: Sequence[str], value: object) -> None:
    spot = data
    for key in loc[:-1]:
        inner = spot.setdefault(key, {})
        if not isinstance(inner, dict):
            inner = spot[key] = {}
        spot = inner
    spot[loc[-1]] = value


def _told(
    error: ValidationError, model: type[BaseModel], places: Mapping[Loc, str]
) -> Iterator[str]:
    for fault in error.errors(include_url=False):
        loc = tuple(fault["loc"])
        near = next(places[loc[:end]] for end in range(len(loc), -1, -1) if loc[:end] in places)
        head = f"{near}: {_dotted(loc)}:"
        if fault["type"] == "extra_forbidden":
            yield f"{head} unknown key; {_allowed(loc, model)}"
        elif fault["type"] == "missing":
            yield f"{head} is missing"
        elif fault["type"] == "value_error":
            yield f"{head} {fault['msg'].removeprefix('Value error, ')}"
        else:
            said = fault["msg"].replace("Input should", "must")
            yield f"{head} {said[:1].lower()}{said[1:]}, got {_show(fault['input'])}"


def _allowed(loc: Loc, model: type[BaseModel]) -> str:
    for part in loc[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _inner(model.model_fields[part].annotation) or model
    near = difflib.get_close_matches(str(loc[-1]), list(model.model_fields), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}allowed: {', '.join(model.model_fields)}"


def _inner(annotation: object) -> type[BaseModel] | None:
    """The model inside `Model`, `Model | None`, `list[Model]` or `dict[str, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_inner(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in found if model is not None), None)


def _dotted(loc: Loc) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "configuration"


def _show(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
