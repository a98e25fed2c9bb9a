"""Registered devices: their keys, and what they last said of themselves. One transaction a call.

RegistryError
├── DeviceTaken     the id is registered already
├── KeyTaken        the key belongs to a device already
├── BadDevice       the id, site or key cannot be one
└── UnknownDevice   no device has the id
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Engine, delete, insert, select, update

from central import tables
from central.counters import take
from central.database import add_if_new, reading
from central.verification import Registered
from edge.wire.replies import ConfigReported
from edge.wire.signing import key_id
from edge.wire.status import Alert, Birth, Health, State
from edge.wire.topics import DEVICE_ID_PATTERN, is_device_id

_NAME_LENGTH = 64


class RegistryError(Exception):
    """The registry refuses."""


class DeviceTaken(RegistryError):
    """The id is registered already."""


class KeyTaken(RegistryError):
    """The key belongs to a device already."""


class BadDevice(RegistryError):
    """The id, site or key cannot be one."""


class UnknownDevice(RegistryError):
    """No device has the id."""


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What is said about a device when it is registered. Raises BadDevice."""

    id: str
    site: str
    name: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not is_device_id(self.id):
            raise BadDevice(f"device id must match {DEVICE_ID_PATTERN}, got {self.id[:64]!r}")
        for word, text in (("site", self.site), ("name", self.name)):
            if len(text) > _NAME_LENGTH or (word == "site" and not text.strip()):
                raise BadDevice(f"{word} must have 1 to {_NAME_LENGTH} characters, got {text!r}")


class Registry:
    """Devices in the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, new: NewDevice, key: Ed25519PublicKey, utc_ms: int) -> None:
        """Register a device with its first key. Raises DeviceTaken or KeyTaken."""
        with self._engine.begin() as db:
            values = {
                "id": new.id,
                "site": new.site.strip(),
                "name": new.name.strip() or new.id,
                "active": True,
                "note": new.note,
                "registered_utc_ms": utc_ms,
                "state": "never",
                "contiguous_seq": 0,
            }
            if not add_if_new(db, tables.device, values):
                raise DeviceTaken(f"device {new.id!r} is registered already")
            _add_key(db, new.id, key, utc_ms)
            take(db, "fleet")

    def add_key(self, device: str, key: Ed25519PublicKey, utc_ms: int) -> None:
        """Another key for a device, beside those it has. Raises UnknownDevice or KeyTaken."""
        with self._engine.begin() as db:
            _require(db, device)
            _add_key(db, device, key, utc_ms)

    def retire_key(self, key: str, utc_ms: int) -> None:
        """The key signs nothing new; what it signed before still verifies."""
        table = tables.device_key
        with self._engine.begin() as db:
            db.execute(
                update(table)
                .where(table.c.key_id == key)
                .values(active=False, retired_utc_ms=utc_ms)
            )

    def set_active(self, device: str, active: bool) -> None:
        """Take what it sends, or nothing more. Raises UnknownDevice.

        Its epoch is forgotten: a box with a new disk counts from one again.
        """
        with self._engine.begin() as db:
            _require(db, device)
            _change(db, device, {"active": active, "epoch": None})

    def registered(self, device: str) -> Registered | None:
        """The device with the keys that may sign now, or None."""
        with reading(self._engine) as db:
            active = db.scalar(select(tables.device.c.active).where(tables.device.c.id == device))
            if active is None:
                return None
            return Registered(device, bool(active), keys(db, device, retired=False))

    def born(self, birth: Birth, seen_utc_ms: int | None) -> bool:
        """Keep a birth unless a later one is known; whether it was kept.

        `seen_utc_ms` is null, here and below, where the device may have said it long ago.
        """
        values = {"birth": birth.to_bytes().decode(), "epoch": birth.epoch}
        return self._say(birth.device, birth.epoch, seen_utc_ms, values)

    def state(self, device: str, state: State, seen_utc_ms: int | None) -> bool:
        """Keep a state unless its epoch is over: a will may come long after its device is back."""
        values = {"state": state.s, "epoch": state.epoch}
        return self._say(device, state.epoch, None if state.s == "lost" else seen_utc_ms, values)

    def health(self, health: Health, utc_ms: int) -> bool:
        """Keep a health document unless it is from an epoch that is over."""
        values = {
            "health": health.to_bytes().decode(),
            "health_utc_ms": utc_ms,
            "epoch": health.epoch,
        }
        return self._say(health.device, health.epoch, utc_ms, values)

    def config_reported(self, reported: ConfigReported) -> None:
        """Keep what the device says that it runs."""
        with self._engine.begin() as db:
            _change(db, reported.device, {"config_reported": reported.to_bytes().decode()})

    def alert(self, device: str, code: str, alert: Alert | None, source: str = "device") -> None:
        """Raise an alert, or clear it. The same alert again changes nothing; one that the server
        raises keeps the time when it was raised first."""
        table = tables.alert
        mine = (table.c.device == device) & (table.c.source == source) & (table.c.code == code)
        with self._engine.begin() as db:
            before = db.execute(select(table).where(mine)).mappings().first()
            after = None if alert is None else _alert_row(device, code, alert, source)
            if before is not None and after is not None and source == "central":
                after["since_utc_ms"] = before["since_utc_ms"]
            if (None if before is None else dict(before)) == after:
                return
            db.execute(delete(table).where(mine))
            if after is not None:
                db.execute(insert(table).values(after))
            take(db, "fleet")

    def _say(
        self, device: str, epoch: int, seen_utc_ms: int | None, values: Mapping[str, object]
    ) -> bool:
        with self._engine.begin() as db:
            query = select(tables.device.c.epoch).where(tables.device.c.id == device)
            known = db.execute(query.with_for_update()).scalar_one_or_none()
            if known is not None and epoch < known:
                return False
            seen = {} if seen_utc_ms is None else {"last_seen_utc_ms": seen_utc_ms}
            # Whatever is said first in a new epoch says that the device is back, also where a late
            # will has taken the place of its `online` at the broker while we were away.
            back = {"state": "online"} if known is None or epoch > known else {}
            _change(db, device, {**back, **values, **seen})
            return True


def keys(db: Connection, device: str, *, retired: bool) -> dict[str, Ed25519PublicKey]:
    """A device's keys by id; with `retired`, also those that sign nothing new."""
    table = tables.device_key
    query = select(table.c.key_id, table.c.public_key).where(table.c.device == device)
    if not retired:
        query = query.where(table.c.active)
    return {
        row.key_id: Ed25519PublicKey.from_public_bytes(row.public_key) for row in db.execute(query)
    }


def _add_key(db: Connection, device: str, key: Ed25519PublicKey, utc_ms: int) -> None:
    values = {
        "key_id": key_id(key),
        "device": device,
        "public_key": key.public_bytes_raw(),
        "active": True,
        "added_utc_ms": utc_ms,
    }
    if not add_if_new(db, tables.device_key, values):
        raise KeyTaken(f"key {key_id(key)} belongs to a device already")


def _require(db: Connection, device: str) -> None:
    if db.scalar(select(tables.device.c.id).where(tables.device.c.id == device)) is None:
        raise UnknownDevice(f"no device {device!r} is registered")


def _change(db: Connection, device: str, values: Mapping[str, object]) -> None:
    db.execute(update(tables.device).where(tables.device.c.id == device).values(dict(values)))
    take(db, "fleet")


def _alert_row(device: str, code: str, alert: Alert, source: str) -> dict[str, object]:
    return {
        "device": device,
        "source": source,
        "code": code,
        "level": alert.level,
        "since_utc_ms": alert.since_utc_ms,
        "text": alert.text,
        "hint": alert.hint,
    }
