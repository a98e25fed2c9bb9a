"""From a packet to a reminded owner: what is decided on the way. Pure.

`MOVES` is the whole way; the functions below say which event follows from what is known. Doubt goes
to a person, and nobody is looked up from a plate on which not enough independent readings agree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Literal

from central import plates
from central.gateways.register import Vehicle
from central.plates import Treatment
from central.policy import Policy


class Stage(StrEnum):
    READ = "read"
    TYPE = "type"
    PERSON = "person"
    LOOK_UP = "look-up"
    SEND = "send"
    HOLD = "hold"
    SENT = "sent"
    ASLEEP = "asleep"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Event(StrEnum):
    AGREED = "enough readings agree"
    UNCLEAR = "they do not"
    UNREADABLE = "nobody can read it"
    SPECIAL = "its class is exempt or not ours"
    FOUND = "one owner, with a telephone"
    DOUBT = "the register's answer is doubtful"
    NO_PHONE = "the register knows no telephone"
    CHECKED = "a person stands for the register's answer"
    RETYPE = "a person wants the plate read anew"
    GIVE_UP = "a person gives up"
    STALE = "it was told too late"
    LIMIT = "its owner was reminded often enough today"
    QUIET = "it is a time of quiet"
    AWAKE = "the time of quiet is over"
    HANDED = "the gateway took the message"
    REFUSED = "the message will never go"
    DELIVERED = "the delivery report is in"
    NOT_DELIVERED = "it failed, or no report came in time"
    OVER = "the vehicle left, or the case went another way"


S, E = Stage, Event
LIVE = (S.READ, S.TYPE, S.PERSON, S.LOOK_UP, S.SEND, S.HOLD, S.SENT, S.ASLEEP)
MOVES: Mapping[tuple[Stage, Event], Stage] = {
    (S.READ, E.AGREED): S.LOOK_UP,
    (S.READ, E.UNCLEAR): S.TYPE,
    (S.READ, E.SPECIAL): S.PERSON,
    (S.READ, E.STALE): S.FAILED,
    (S.TYPE, E.AGREED): S.LOOK_UP,
    (S.TYPE, E.UNREADABLE): S.FAILED,
    (S.TYPE, E.SPECIAL): S.PERSON,
    (S.LOOK_UP, E.FOUND): S.SEND,
    (S.LOOK_UP, E.DOUBT): S.PERSON,
    (S.LOOK_UP, E.NO_PHONE): S.FAILED,
    (S.LOOK_UP, E.LIMIT): S.FAILED,
    (S.PERSON, E.CHECKED): S.LOOK_UP,
    (S.PERSON, E.RETYPE): S.TYPE,
    (S.PERSON, E.GIVE_UP): S.FAILED,
    (S.SEND, E.QUIET): S.HOLD,
    (S.HOLD, E.AWAKE): S.SEND,
    (S.SEND, E.HANDED): S.SENT,
    (S.SEND, E.REFUSED): S.FAILED,
    (S.SENT, E.DELIVERED): S.DONE,
    (S.SENT, E.QUIET): S.ASLEEP,
    (S.ASLEEP, E.AWAKE): S.DONE,
    (S.SENT, E.NOT_DELIVERED): S.FAILED,
    # The report came after all, and the vehicle still stands there.
    (S.FAILED, E.DELIVERED): S.DONE,
    (S.FAILED, E.OVER): S.STOPPED,
    **{(stage, E.OVER): S.STOPPED for stage in LIVE},
}
MOST_TYPISTS = 3
MOST_UNREADABLE = 2
ReaderKind = Literal["box", "machine", "person"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader made of the plate, without sight of the others. `plate` None: unread."""

    kind: ReaderKind
    plate: str | None
    colour: str | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """What readings add up to; plate and colour where enough agree."""

    event: Event
    why: str = ""
    plate: str | None = None
    colour: str | None = None


def weigh(readings: Sequence[Reading], needed: int) -> Weighed:
    """A plate counts where `needed` readings have it and no other has as many. Its colour is part
    of it; a reading without one goes with the only colour that others, or the form, allow."""
    votes = _votes([reading for reading in readings if _is_plate(reading)])
    most = max(votes.values(), default=0)
    best = [key for key, count in votes.items() if count == most]
    if most >= needed and len(best) == 1:
        plate, colour = best[0]
        special = plates.treatment(plate) is not Treatment.REMIND
        if special:
            return Weighed(E.SPECIAL, plates.treatment(plate).value, plate, colour)
        return Weighed(E.AGREED, "", plate, colour)
    people = [reading for reading in readings if reading.kind == "person"]
    blind = sum(reading.plate is None for reading in people)
    if blind >= MOST_UNREADABLE or len(people) >= MOST_TYPISTS:
        return Weighed(E.UNREADABLE, "unreadable" if blind >= MOST_UNREADABLE else "readers-differ")
    return Weighed(E.UNCLEAR, _why(readings))


def _is_plate(reading: Reading) -> bool:
    """Nobody is looked up from what is no plate, or comes in no such colour."""
    if reading.plate is None or plates.classify(reading.plate) is None:
        return False
    return reading.colour is None or plates.consistent(reading.plate, reading.colour)


def _votes(readings: Iterable[Reading]) -> dict[tuple[str, str], int]:
    sure: dict[tuple[str, str], int] = {}
    open_: dict[str, int] = {}
    for reading in readings:
        assert reading.plate is not None
        allowed = plates.colours(reading.plate)
        colour = reading.colour or (allowed[0] if len(allowed) == 1 else None)
        if colour is None:
            open_[reading.plate] = open_.get(reading.plate, 0) + 1
        else:
            sure[reading.plate, colour] = sure.get((reading.plate, colour), 0) + 1
    for plate, count in open_.items():
        seen = [key for key in sure if key[0] == plate]
        if len(seen) == 1:
            sure[seen[0]] += count
    return sure


def _why(readings: Sequence[Reading]) -> str:
    """Why a person has to read the plate; the first that holds."""
    by_kind = {reading.kind: reading for reading in readings}
    box, machine = by_kind.get("box"), by_kind.get("machine")
    if box is None or box.plate is None:
        return "box-unread"
    if not _is_plate(box):
        return "no-plate"
    if machine is None:
        return "no-second-reader"
    if machine.plate is None or not _is_plate(machine):
        return "second-unread"
    if machine.plate != box.plate:
        return "readers-differ"
    return "no-colour" if box.colour is None and machine.colour is None else "colours-differ"


_HEAVY = frozenset({"large-truck", "large-bus", "trailer"})
_TWO_WHEELS = frozenset({"motorcycle", "moped"})
_KINDS: Mapping[str, frozenset[str]] = {
    # What the picture shows: classes of the register that it cannot be.
    "car": _HEAVY | _TWO_WHEELS,
    "van": _HEAVY | _TWO_WHEELS,
    "truck": _TWO_WHEELS,
    "bus": _TWO_WHEELS,
    "motorcycle": _HEAVY,
}
_DUTY = frozenset({"police", "fire", "ambulance", "engineering-rescue"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the register was asked about, and what the picture shows."""

    plate: str
    colour: str
    kind: str


def owner(found: Sequence[Vehicle], asked: Asked, checked: bool) -> tuple[Event, str]:
    """What follows from the register's answer. `checked`: a person stands for it, which settles a
    doubt about the kind of vehicle and nothing else."""
    if not found:
        return E.DOUBT, "not-registered"
    if len(found) > 1:
        return E.DOUBT, "two-owners"
    vehicle = found[0]
    if plates.normal(vehicle.plate) != asked.plate:
        return E.DOUBT, "another-plate"
    if vehicle.colour != asked.colour:
        return E.DOUBT, "another-colour"
    if vehicle.usage in _DUTY:
        return E.DOUBT, "on-duty"
    if vehicle.status != "normal":
        return E.DOUBT, "not-normal"
    if not checked and vehicle.vehicle_class in _KINDS.get(asked.kind, frozenset()):
        return E.DOUBT, "another-kind"
    return (E.FOUND, "") if vehicle.contact else (E.NO_PHONE, "no-phone")


def quiet_until(policy: Policy, utc_ms: int, zone: tzinfo) -> int | None:
    """When the time of quiet ends in which `utc_ms` lies; None outside of one."""
    if policy.quiet_hours is None:
        return None
    local = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(zone)
    if not policy.quiet_hours.covers(f"{local:%H:%M}"):
        return None
    hour, minute = map(int, policy.quiet_hours.end.split(":"))
    end = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if end <= local:
        day = end.date() + timedelta(days=1)
        end = end.replace(year=day.year, month=day.month, day=day.day)
    return int(end.timestamp() * 1000)


def day_begin(utc_ms: int, zone: tzinfo) -> int:
    """The midnight before, local time: from where a day's reminders are counted."""
    local = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(zone)
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def is_stale(policy: Policy, last_seen_utc_ms: int, synced: bool, utc_ms: int) -> bool:
    """Whether the vehicle may long be gone. An unset clock of the device proves no age."""
    return synced and utc_ms - last_seen_utc_ms > policy.reminder.fresh_s * 1000


def move(stage: Stage, event: Event) -> Stage | None:
    """Where the event leads from here; None where it means nothing any more."""
    return MOVES.get((stage, event))


def page() -> str:
    """The way as a diagram, for the README; a test holds them together."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {_name(S.READ)}"]
    lines += [
        f"    {_name(stage)} --> {_name(to)}: {event}"
        for (stage, event), to in MOVES.items()
        if event is not E.OVER
    ]
    lines += [f"    {_name(stage)} --> [*]" for stage in (S.DONE, S.STOPPED)]
    return "\n".join([*lines, "```"]) + "\n"


def _name(stage: Stage) -> str:
    return stage.value.replace("-", "_")
