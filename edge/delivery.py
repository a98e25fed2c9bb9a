"""Puts the parts of delivery together: vault, outbox, disk room, health, uplink.

`open_delivery` makes everything that keeps evidence, also where nothing is ever sent (replay);
`Delivery.uplink` adds the thread that sends it.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from edge.alerts import AlertCode, Alerts
from edge.answers import Answer, Answers
from edge.clock import Clock
from edge.database import open_database
from edge.diskroom import DiskRoom, make_room_to_start
from edge.epoch import Epoch, next_start
from edge.health import HealthBook, HealthParts
from edge.host import HostPaths, boot_id
from edge.link import BrokerAddress
from edge.outbox import Outbox
from edge.remote_config import RemoteConfig
from edge.stay_memory import StayMemory
from edge.storage import make_folder
from edge.uplink import Uplink
from edge.uplink_parts import Identity, Patience, Stores, UplinkParts
from edge.vault import Vault
from edge.wire.replies import Operation, Request
from edge.wire.signing import Signer, key_id
from edge.wire.status import Birth, CameraHealth, CameraProfile, DetectorHealth

_DAY_S = 86_400
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """What the configuration says about keeping and sending."""

    device: str
    folder: Path
    signing_key: Path
    keep_days: float = 7.0
    quota_mb: int = 4096


@dataclass(frozen=True, slots=True)
class Connection:
    """What the configuration says about the broker and the server behind it."""

    broker: BrokerAddress
    central_keys: Sequence[Path]
    health_every_s: float = 60.0
    patience: Patience | None = None


@dataclass(frozen=True, slots=True)
class Daemon:
    """What delivery asks of the rest of the daemon."""

    cameras: Callable[[], list[CameraHealth]]
    detector: Callable[[], DetectorHealth]
    profiles: Callable[[], list[CameraProfile]]
    check_config: Callable[[str], str]
    restart: Callable[[], None]
    config_sha256: str
    software_version: str
    software_sha256: str
    model_sha256: str


class Delivery:
    """Everything that a device keeps. One process at a time may have its folder open."""

    def __init__(self, settings: DeliverySettings, clock: Clock, paths: HostPaths) -> None:
        """Raises StorageFault, or KeyFileError for a signing key that is none."""
        self.settings = settings
        self.clock = clock
        self.paths = paths
        self.boot = UUID(boot_id(paths))
        self.signer = load_signer(settings.signing_key)
        self.alerts = Alerts()
        make_folder(settings.folder)
        make_room_to_start(settings.folder)
        self.vault = Vault(settings.folder)
        utc_ms = clock.utc_ms()
        self.database, fault = open_database(settings.folder / "outbox.sqlite3", utc_ms)
        self.outbox = Outbox(self.database, self.vault)
        damaged = self.outbox.recover({self.signer.key_id: self.signer.key.public_key()})
        if fault or damaged:
            text = (
                f"{fault or 'record files were damaged'}; {len(damaged)} records could not be read"
            )
            self.alerts.set(AlertCode.OUTBOX_REBUILT, "warn", text, utc_ms)
        self.memory = StayMemory(self.database)
        self.room = DiskRoom(
            settings.folder, self.outbox, settings.quota_mb * _MIB, settings.keep_days
        )
        self.epoch = Epoch(next_start(settings.folder, utc_ms))

    def tend(self) -> None:
        """Housekeeping: what may go, goes."""
        self.room.tend(self.clock.utc_ms())

    def uplink(self, connection: Connection, daemon: Daemon) -> Uplink:
        """The sending thread, not yet started. Raises KeyFileError for a key that is none."""
        device = self.settings.device
        certificate = connection.broker.certificate
        health = HealthBook(
            HealthParts(
                device=device,
                epoch=self.epoch,
                clock=self.clock,
                paths=self.paths,
                storage=self.settings.folder,
                outbox=self.outbox,
                alerts=self.alerts,
                cameras=daemon.cameras,
                detector=daemon.detector,
                paused=lambda: self.room.paused,
                every_s=connection.health_every_s,
            )
        )
        remote = RemoteConfig(
            device, self.settings.folder / "config", daemon.config_sha256, self.alerts, self.clock
        )
        remote.check, remote.restart = daemon.check_config, daemon.restart
        desk = _Desk(self, daemon, remote)
        uplink = Uplink(
            UplinkParts(
                identity=Identity(
                    device=device,
                    signer=self.signer,
                    central_keys=load_keys(connection.central_keys),
                    epoch=self.epoch,
                    boot=self.boot,
                    cert_days_left=lambda: days_left(certificate, self.clock.utc_ms()),
                ),
                broker=connection.broker,
                stores=Stores(self.outbox, self.vault, self.memory),
                clock=self.clock,
                alerts=self.alerts,
                health=health,
                birth=lambda: desk.birth(certificate),
                answers=Answers(device, self.signer, self.outbox, desk.operations()),
                configure=remote.configure,
                tend=self.tend,
                make_room=lambda: self.room.make_room(self.clock.utc_ms()),
                jitter=random.SystemRandom().random,
                patience=connection.patience or Patience(),
            )
        )
        desk.announce = uplink.announce_birth
        return uplink

    def close(self) -> None:
        self.database.close()


class _Desk:
    """What the daemon says and does when the server asks."""

    def __init__(self, delivery: Delivery, daemon: Daemon, remote: RemoteConfig) -> None:
        self._delivery = delivery
        self._daemon = daemon
        self._remote = remote
        self.announce: Callable[[], None] = lambda: None

    def operations(self) -> dict[Operation, Callable[[Request], Answer]]:
        return {
            Operation.BIRTH: self._birth,
            Operation.DIAGNOSE: self._diagnose,
            Operation.RESTART: self._restart,
        }

    def birth(self, certificate: Path) -> Birth:
        delivery, daemon = self._delivery, self._daemon
        seq, head = delivery.outbox.head()
        end = certificate_end(certificate)
        return Birth(
            v=1,
            device=delivery.settings.device,
            epoch=delivery.epoch.now,
            boot=delivery.boot,
            utc_ms=delivery.clock.utc_ms(),
            software=daemon.software_version,
            software_sha256=daemon.software_sha256,
            model_sha256=daemon.model_sha256,
            config_version=self._remote.version(),
            config_sha256=daemon.config_sha256,
            signing_key=delivery.signer.key_id,
            cert_not_after_utc_ms=None if end is None else int(end.timestamp() * 1000),
            seq=seq,
            chain_head=head,
            cameras=daemon.profiles(),
            hardware=_first_line(delivery.paths.proc / "device-tree/model"),
            system=_first_line(delivery.paths.proc / "version")[:300],
        )

    def _birth(self, _request: Request) -> Answer:
        self.announce()
        return Answer(True, "birth published", {})

    def _restart(self, _request: Request) -> Answer:
        self._daemon.restart()
        return Answer(True, "the service restarts", {})

    def _diagnose(self, _request: Request) -> Answer:
        delivery = self._delivery
        figures = delivery.outbox.figures(delivery.clock.utc_ms())
        aside = delivery.outbox.all_set_aside()
        facts = {
            "waiting": str(figures.depth),
            "waiting_bytes": str(figures.size_bytes),
            "seq": str(figures.seq),
            "set_aside": str(figures.set_aside),
            "suppressed": str(delivery.room.suppressed),
            "paused": str(delivery.room.paused).lower(),
        }
        for item in aside[:8]:
            facts[f"set_aside.{item.seq}"] = f"{item.code}: {item.text}"[:200]
        for code, alert in sorted(delivery.alerts.held().items())[:8]:
            facts[f"alert.{code}"] = alert.text[:200]
        return Answer(True, f"{len(facts)} facts", facts)


class KeyFileError(ValueError):
    """A key file is missing or holds something else."""


def load_signer(path: Path) -> Signer:
    """The Ed25519 key that signs this device's records. Raises KeyFileError."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise KeyFileError(f"cannot read the signing key {path}: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        kind = type(key).__name__
        raise KeyFileError(f"{path} must hold an Ed25519 private key, got {kind}")
    return Signer(key)


def load_keys(paths: Sequence[Path]) -> dict[str, Ed25519PublicKey]:
    """The public keys in these files by their ids. Raises KeyFileError."""
    keys = {}
    for path in paths:
        try:
            key = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError) as error:
            raise KeyFileError(f"cannot read the public key {path}: {error}") from error
        if not isinstance(key, Ed25519PublicKey):
            kind = type(key).__name__
            raise KeyFileError(f"{path} must hold an Ed25519 public key, got {kind}")
        keys[key_id(key)] = key
    return keys


def certificate_end(path: Path) -> datetime | None:
    """When a certificate ends; None where it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return None


def days_left(path: Path, utc_ms: int) -> int | None:
    end = certificate_end(path)
    if end is None:
        return None
    return int((end - datetime.fromtimestamp(utc_ms / 1000, UTC)).total_seconds() // _DAY_S)


def _first_line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip("\0\n").split("\n")[0][:300]
    except OSError:
        return ""
