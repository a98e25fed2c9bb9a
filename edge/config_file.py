"""Reads a YAML file into plain values, remembering where each one came from.

Three sources, the later wins: the file, environment variables, `--set KEY=VALUE`. Nothing is
checked here but the form; what a key may hold is edge/config.py's to say.

ConfigError          the configuration cannot be used; `.faults` has every fault with its place
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml
from pydantic import BaseModel, ValidationError

ENV_PREFIX = "FIRELANE_EDGE__"
Loc: TypeAlias = tuple[str | int, ...]
_SHOWN = 60
_BYTES = 1 << 20
_DEPTH = 24
_OPEN = 1000
"""Brackets that may stand open at once, those in texts and comments counted as well: YAML's reader
takes time by the square of them."""
_MARKS = re.compile(rb"[\[\]{}\n]")
_VALUES = 20_000
_UNREADABLE = (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, OverflowError)
"""What PyYAML raises over a scalar that is not what its tag says."""


class ConfigError(Exception):
    """One line a fault: place, key, what came, what is allowed."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(slots=True)
class Source:
    """The values as they came, and for every key the place that it came from."""

    data: dict[str, object] = field(default_factory=dict)
    places: dict[Loc, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    given: set[Loc] = field(default_factory=set)
    """Keys that came from the environment or the command line."""

    def place(self, loc: Loc) -> str:
        """Where the key stands, or the nearest part of the file above it."""
        for end in range(len(loc), -1, -1):
            if loc[:end] in self.places:
                return self.places[loc[:end]]
        return "configuration"


def read(path: Path | None, env: Mapping[str, str], sets: Sequence[str]) -> Source:
    """Gather all three sources. Raises ConfigError when the file is not there or is not YAML."""
    source = Source()
    if path is not None:
        _read_file(path, source)
    for name in sorted(env):
        if name.startswith(ENV_PREFIX):
            keys = name.removeprefix(ENV_PREFIX).lower().split("__")
            _put(source, keys, _scalar(env[name]), f"environment {name}")
    for text in sets:
        key, equals, value = text.partition("=")
        if not equals or not key:
            source.faults.append(f"--set {text}: must be KEY=VALUE, as in stays.settle_s=4")
            continue
        _put(source, key.split("."), _scalar(value), f"--set {key}")
    return source


def _read_file(path: Path, source: Source) -> None:
    try:
        with path.open("rb") as file:
            raw = file.read(_BYTES + 1)
        if len(raw) > _BYTES:
            raise ConfigError([f"{path}: must be at most {_BYTES} bytes"])
        _require_shallow(raw, path)
        node = yaml.compose(raw.decode("utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: must be UTF-8 text: {error.reason}"]) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError([f"{path}:{line}: is not YAML: {error.problem}"]) from None
    except yaml.reader.ReaderError as error:
        raise ConfigError([f"{path}: is not YAML: {error.reason}"]) from None
    except (RecursionError, *_UNREADABLE):
        raise ConfigError([f"{path}: is not YAML that can be read; is it nested deeply?"]) from None
    source.places[()] = f"{path}:1"
    if node is None:
        return
    value = _value(node, (), path, source)
    if not isinstance(value, dict):
        raise ConfigError([f"{path}:1: must be keys and values, got {_show(value)}"])
    source.data = value


def _require_shallow(document: bytes, path: Path) -> None:
    """Raises ConfigError where far more brackets open than close."""
    depth, line = 0, 1
    for mark in _MARKS.findall(document):
        line += mark == b"\n"
        depth = depth + 1 if mark in b"[{" else max(0, depth - 1) if mark in b"]}" else depth
        if depth > _OPEN:
            raise ConfigError([f"{path}:{line}: must have at most {_OPEN} brackets open at once"])


def _value(node: yaml.Node, loc: Loc, path: Path, source: Source) -> object:
    line = node.start_mark.line + 1
    source.places.setdefault(loc, f"{path}:{line}")
    if len(loc) > _DEPTH:
        raise ConfigError([f"{path}:{line}: must be nested at most {_DEPTH} deep"])
    if len(source.places) > _VALUES:  # a few lines of aliases of aliases can stand for millions
        raise ConfigError([f"{path}:{line}: must hold at most {_VALUES} values"])
    if isinstance(node, yaml.MappingNode):
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = _key(key_node, path)
            place = f"{path}:{key_node.start_mark.line + 1}"
            if key in found:
                first = source.places[(*loc, key)].rpartition(":")[2]
                source.faults.append(
                    f"{place}: {dotted((*loc, key))}: is there twice, first in line {first}"
                )
            source.places[(*loc, key)] = place
            found[key] = _value(value_node, (*loc, key), path, source)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*loc, i), path, source) for i, item in enumerate(node.value)]
    try:
        return _scalar_of(node)
    except _UNREADABLE:
        raise ConfigError(
            [f"{path}:{line}: {dotted(loc)}: cannot be read, got {_show(node.value)}"]
        ) from None


def _key(node: yaml.Node, path: Path) -> str:
    """A key is plain text: keys that are lists of lists would grow without bound when printed."""
    if isinstance(node, yaml.ScalarNode) and node.value.isprintable():
        return str(node.value)
    raise ConfigError([f"{path}:{node.start_mark.line + 1}: a key must be printable text"])


def _scalar_of(node: yaml.Node) -> object:
    loader = yaml.SafeLoader("")
    try:
        value: object = loader.construct_object(node, deep=True)
        return value
    finally:
        loader.dispose()


def _scalar(text: str) -> object:
    try:
        value: object = yaml.safe_load(text)
    except (RecursionError, *_UNREADABLE):
        return text
    return text if value is None and text.strip() not in ("", "null", "~") else value


def _put(source: Source, keys: Sequence[str], value: object, place: str) -> None:
    """Lay one value over the others. A list item is named by its number or by its id."""
    loc: list[str | int] = []
    spot: object = source.data
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        step = _step(spot, key)
        if step is None:
            source.faults.append(
                f"{place}: {dotted((*loc, key))}: there is no such item; {_choices(spot)}"
            )
            return
        loc.append(step)
        if last:
            spot[step] = value  # type: ignore[index]
        elif isinstance(spot, dict):
            spot = spot.setdefault(step, {})
        else:
            spot = spot[step]  # type: ignore[index]
    source.places[tuple(loc)] = place
    source.given.add(tuple(loc))


def _step(spot: object, key: str) -> str | int | None:
    if isinstance(spot, dict):
        return key
    if isinstance(spot, list):
        if key.isdigit() and int(key) < len(spot):
            return int(key)
        for i, item in enumerate(spot):
            if isinstance(item, dict) and str(item.get("id", "")).replace("-", "_") == key.replace(
                "-", "_"
            ):
                return i
    return None


def _choices(spot: object) -> str:
    if isinstance(spot, list):
        ids = [str(item.get("id", i)) for i, item in enumerate(spot) if isinstance(item, dict)]
        return f"there are {', '.join(ids) or 'none'}"
    return f"its parent is {_show(spot)}, not a list or keys"


def dotted(loc: Loc) -> str:
    """`cameras[0].lanes[1].polygon`"""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "configuration"


def explain(error: ValidationError, source: Source, model: type[BaseModel]) -> list[str]:
    """One line for every fault that pydantic found."""
    lines = []
    for fault in error.errors(include_url=False):
        loc = tuple(part for part in fault["loc"] if not _is_tag(part, model))
        head = f"{source.place(loc)}: {dotted(loc)}:"
        if fault["type"] == "extra_forbidden":
            lines.append(f"{head} unknown key; {_allowed(loc, model)}")
        elif fault["type"] == "missing":
            lines.append(f"{head} is missing")
        else:
            said = fault["msg"].removeprefix("Value error, ").replace("Input should", "must")
            said = said[:1].lower() + said[1:]
            got = "" if fault["type"] == "value_error" else f", got {_show(fault['input'])}"
            lines.append(f"{head} {said}{got}")
    return lines


def _is_tag(part: str | int, model: type[BaseModel]) -> bool:
    return isinstance(part, str) and part.startswith(("function-", "tuple[", "list[", "lax-or"))


def _allowed(loc: Loc, model: type[BaseModel]) -> str:
    keys = list(_model_at(loc[:-1], model).model_fields)
    near = difflib.get_close_matches(str(loc[-1]), keys, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}allowed: {', '.join(keys)}"


def _model_at(loc: Loc, model: type[BaseModel]) -> type[BaseModel]:
    for part in loc:
        if isinstance(part, int):
            continue
        found = _inner_model(model.model_fields[part].annotation)
        assert found is not None, f"{part} holds no keys"
        model = found
    return model


def _inner_model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None


def _show(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
