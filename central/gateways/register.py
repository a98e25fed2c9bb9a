"""The register of vehicles: whose plate it is, asked call by call, each with its purpose.

For a reminder the register gives no name: a telephone (or a token that stands for one), what the
vehicle is, and the tails of numbers by which its owner is known later. Name, ID number and address
come only for a case that two reviewers passed (个人信息保护法 arts. 6, 34).
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from central import plates
from central.gateways.calls import BadAnswer, Caller, GatewayDown
from central.gateways.config import CsvRegister, HttpRegister

Purpose = Literal["reminder", "case"]
PURPOSES: tuple[Purpose, ...] = ("reminder", "case")
MOST_FOUND = 20
COLUMNS = (
    "plate", "colour", "vehicle_class", "usage", "status", "vin", "phone", "holder_kind",
    "holder_name", "holder_id", "holder_address",
)  # fmt: skip
OPTIONAL_COLUMNS = ("body_colour", "make", "model")
"""Columns that a file may lack."""


@dataclass(frozen=True, slots=True)
class Query:
    """Whom a plate belongs to, and why we ask. No case, no question."""

    plate: str
    colour: str
    purpose: Purpose
    case: str


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Holder(_Part):
    """Who a vehicle is registered to."""

    kind: Literal["person", "unit"]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    id_number: Annotated[str, Field(max_length=32)] = ""
    address: Annotated[str, Field(max_length=300)] = ""


class Vehicle(_Part):
    """An entry of the register. `contact` is a telephone, or what the SMS gateway takes for one;
    `body_colour` has the letters of GA 24.8, several for a car of several colours."""

    plate: Annotated[str, Field(min_length=5, max_length=16)]
    colour: Annotated[str, Field(max_length=16)]
    vehicle_class: Annotated[str, Field(max_length=32)]
    usage: Annotated[str, Field(max_length=32)] = "private"
    status: Annotated[str, Field(max_length=32)] = "normal"
    contact: Annotated[str, Field(max_length=64)] = ""
    vin_tail: Annotated[str, Field(max_length=17)] = ""
    id_tail: Annotated[str, Field(max_length=18)] = ""
    body_colour: Annotated[str, Field(pattern=r"^[A-JZ]{0,8}$")] = ""
    make: Annotated[str, Field(max_length=64)] = ""
    model: Annotated[str, Field(max_length=64)] = ""
    holder: Holder | None = None


class Register(Protocol):
    """Every call blocks and raises GatewayError."""

    def find(self, query: Query) -> Sequence[Vehicle]:
        """Every entry of the plate; none where there is none."""

    def close(self) -> None:
        """Let go of connections."""


class HttpRegisterGateway:
    """`POST /vehicles/find` over mutual TLS (central/gateways/README.md). Never in an address:
    what is asked would stand in every log on the way."""

    def __init__(self, config: HttpRegister) -> None:
        self._caller = Caller("register", config)

    def find(self, query: Query) -> Sequence[Vehicle]:
        asked = {
            "plate": query.plate,
            "colour": query.colour,
            "purpose": query.purpose,
            "case": query.case,
        }
        told = self._caller.call("POST", "/vehicles/find", body=asked).fields().get("vehicles")
        if not isinstance(told, list) or len(told) > MOST_FOUND:
            raise BadAnswer(f"register must answer a list of at most {MOST_FOUND} vehicles")
        try:
            return tuple(Vehicle.model_validate(one) for one in told)
        except ValidationError as error:
            keys = ", ".join(sorted({str(fault["loc"][0]) for fault in error.errors()}))
            raise BadAnswer(f"register answered a vehicle with a wrong {keys}") from None

    def close(self) -> None:
        self._caller.close()


class BadRegister(Exception):
    """A register file that cannot be used; one sentence a fault."""


class CsvRegisterGateway:
    """A file in UTF-8 with the columns of COLUMNS, and of OPTIONAL_COLUMNS where it has them, read
    again when it was changed."""

    def __init__(self, config: CsvRegister) -> None:
        self._file = config.file
        self._lock = Lock()
        self._read: tuple[float, int] | None = None
        self._entries: Mapping[str, Sequence[Vehicle]] = {}

    def find(self, query: Query) -> Sequence[Vehicle]:
        found = self._fresh().get(plates.normal(query.plate), ())
        return for_purpose(found, query.purpose)

    def close(self) -> None:
        """The file is open only while it is read."""

    def _fresh(self) -> Mapping[str, Sequence[Vehicle]]:
        with self._lock:
            try:
                state = self._file.stat()
                seen = (state.st_mtime, state.st_size)
                if seen != self._read:
                    self._entries = by_plate(read_csv(self._file))
                    self._read = seen
            except (OSError, BadRegister) as error:
                kind = "cannot be read" if isinstance(error, OSError) else "has faults"
                raise GatewayDown(f"the register file {self._file.name} {kind}") from None
            return self._entries


def for_purpose(found: Iterable[Vehicle], purpose: Purpose) -> tuple[Vehicle, ...]:
    """The entries with no more than the purpose needs."""
    if purpose == "case":
        return tuple(found)
    less = {"holder": None, **dict.fromkeys(OPTIONAL_COLUMNS, "")}
    return tuple(one.model_copy(update=less) for one in found)


def by_plate(entries: Iterable[Vehicle]) -> Mapping[str, Sequence[Vehicle]]:
    found: dict[str, list[Vehicle]] = {}
    for entry in entries:
        found.setdefault(plates.normal(entry.plate), []).append(entry)
    return found


def read_csv(path: Path) -> list[Vehicle]:
    """Every entry of a register file. Raises OSError, or BadRegister with a sentence a fault."""
    faults, found = [], []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadRegister(f"{path}: must be UTF-8 text") from None
    rows = csv.DictReader(text.splitlines())
    missing = set(COLUMNS) - set(rows.fieldnames or ())
    if missing:
        raise BadRegister(f"{path}:1: columns missing: {', '.join(sorted(missing))}")
    for number, row in enumerate(rows, 2):
        try:
            found.append(_entry(row))
        except ValueError as error:
            faults.append(f"{path}:{number}: {error}")
    if faults:
        raise BadRegister("\n".join(faults))
    return found


def _entry(row: Mapping[str, str]) -> Vehicle:
    plate = plates.normal(row["plate"] or "")
    if plates.classify(plate) is None:
        raise ValueError(f"plate must be a number plate, got {row['plate']!r}")
    if not plates.consistent(plate, row["colour"]):
        allowed = ", ".join(plates.colours(plate))
        raise ValueError(f"colour must be one of {allowed} for this plate, got {row['colour']!r}")
    holder = None
    try:
        if row["holder_name"]:
            holder = Holder.model_validate(
                {
                    "kind": row["holder_kind"] or "person",
                    "name": row["holder_name"],
                    "id_number": row["holder_id"] or "",
                    "address": row["holder_address"] or "",
                }
            )
        return Vehicle(
            plate=plate,
            colour=row["colour"],
            vehicle_class=row["vehicle_class"],
            usage=row["usage"] or "private",
            status=row["status"] or "normal",
            contact=row["phone"] or "",
            vin_tail=(row["vin"] or "")[-6:],
            id_tail=(row["holder_id"] or "")[-6:],
            holder=holder,
            **{name: row.get(name) or "" for name in OPTIONAL_COLUMNS},
        )
    except ValidationError as error:
        keys = ", ".join(str(fault["loc"][-1]) for fault in error.errors())
        letters = " (letters of GA 24.8: A to J, Z)" if "body_colour" in keys else ""
        raise ValueError(f"wrong value for {keys}{letters}") from None
