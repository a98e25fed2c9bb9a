"""What the uplink is made of: who the device is, where its evidence lies, how patient it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.alerts import Alerts
from edge.answers import Answers
from edge.clock import Clock
from edge.delivery_rules import Pace
from edge.epoch import Epoch
from edge.health import HealthBook
from edge.link import BrokerAddress, Publication
from edge.outbox import Outbox
from edge.stay_memory import StayMemory
from edge.vault import Vault
from edge.wire.replies import ConfigDesired, ConfigReported
from edge.wire.signing import Signer
from edge.wire.status import Birth, State
from edge.wire.topics import Kind, device_topic


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this device is, and whom it believes."""

    device: str
    signer: Signer
    central_keys: Mapping[str, Ed25519PublicKey]
    epoch: Epoch
    boot: UUID
    cert_days_left: Callable[[], int | None]

    def state(self, word: Literal["online", "stopped", "lost"]) -> Publication:
        """What is said of the connection of the present epoch."""
        state = State.model_validate(
            {"v": 1, "s": word, "epoch": self.epoch.now, "boot": self.boot}
        )
        return Publication(device_topic(self.device, Kind.STATE), state.to_bytes(), retain=True)


@dataclass(frozen=True, slots=True)
class Stores:
    outbox: Outbox
    vault: Vault
    memory: StayMemory


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. The defaults are for the field; tests are less patient."""

    reconnect_s: tuple[float, float] = (1.0, 60.0)
    """Longest wait before the first attempt to connect again, and before any: a broker that was
    only restarted has everybody back in seconds, one that was away all day within a minute."""
    accept_s: float = 20.0
    """From connecting to the broker's word, and from subscribing to its answer."""
    ack_s: float = 90.0
    """Without one acknowledgement for so long the link counts as dead."""
    central_s: float = 300.0
    tend_s: float = 60.0
    turn_s: float = 0.5
    farewell_s: float = 3.0


@dataclass(frozen=True, slots=True)
class UplinkParts:
    identity: Identity
    broker: BrokerAddress
    stores: Stores
    clock: Clock
    alerts: Alerts
    health: HealthBook
    birth: Callable[[], Birth]
    answers: Answers
    configure: Callable[[ConfigDesired | None], ConfigReported]
    """Take a desired configuration, or none at the start; gives what runs and what was refused."""
    tend: Callable[[], None]
    """Housekeeping of the disk, every minute."""
    make_room: Callable[[], object]
    """The disk is full: give up what may go."""
    jitter: Callable[[], float]
    pace: Pace = field(default_factory=Pace)
    patience: Patience = field(default_factory=Patience)
