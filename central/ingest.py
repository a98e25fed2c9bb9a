"""What a message from a device leads to: verify, store, commit, and what to answer.

No MQTT here: a topic and its payload in, messages to be published out. When `handle` returns, all
that it reports is on the disk, and the caller may acknowledge. Their fault (WireError) is refused,
kept for people to see, and harms nothing else. The world's fault (OSError, a database that cannot
be reached) comes out as it is: nothing may be acknowledged, and the same message is handled again.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from central import receipts
from central.blobs import BlobFault, Blobs, Missing
from central.clock import Clock
from central.fleet import Fleet
from central.receipts import Outgoing
from central.registry import Registry
from central.store import Refusal, Store
from central.trace import point
from central.uploads import Upload
from central.verification import (
    require_registered,
    require_same_device,
    verify_record,
    verify_response,
)
from edge.wire.errors import BadMessage, BadTopic, Code, WireError
from edge.wire.fields import parse
from edge.wire.replies import ConfigReported
from edge.wire.signing import Signer
from edge.wire.status import Alert, Birth, Health, State
from edge.wire.topics import Address, Kind, device_topic, parse_topic

TRIES = 3
"""How often an exhibit may fail to hash right, or get chunks that do not fit, before its record is
refused. The first failure may be ours (a part that a power cut damaged); the device's own bytes do
not change."""

log = logging.getLogger("central.ingest")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as the broker handed it over. `retained`: it may be old."""

    topic: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What ingest works with."""

    store: Store
    registry: Registry
    fleet: Fleet
    blobs: Blobs
    signer: Signer
    clock: Clock
    stored: Callable[[], None] = lambda: None
    """Told when a record was committed: what follows from it is due now."""
    came_back: Callable[[str], None] = lambda device: None
    """Told which device announced itself: it may have missed something."""


class Ingest:
    """Keeps nothing between two messages: any worker may take any of them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._handlers: Mapping[Kind, Callable[[Address, Incoming], list[Outgoing]]] = {
            Kind.RECORD: self._record,
            Kind.CHUNK: self._chunk,
            Kind.RESPONSE: self._response,
            Kind.STATE: self._state,
            Kind.BIRTH: self._birth,
            Kind.HEALTH: self._health,
            Kind.ALERT: self._alert,
            Kind.CONFIG_REPORTED: self._config_reported,
        }

    def handle(self, message: Incoming) -> list[Outgoing]:
        """Take one message. Raises what the world does to us, never a WireError."""
        try:
            address = parse_topic(message.topic)
            handler = self._handlers.get(address.kind)
            if handler is None:
                raise BadTopic(Code.TOPIC_UNKNOWN, f"nothing comes up on {message.topic!r}")
        except BadTopic as error:
            self._refuse("-", message, error)
            return []
        try:
            return handler(address, message)
        except WireError as error:
            self._refuse(address.device, message, error)
            if address.kind is not Kind.RECORD:
                return []
            return [receipts.reject(self._parts.signer, address.device, message.payload, error)]

    def _record(self, address: Address, message: Incoming) -> list[Outgoing]:
        parts = self._parts
        registered = parts.registry.registered(address.device)
        verified = verify_record(message.payload, address.device, registered)
        point("record_verified", str(verified.record.seq))
        accepted = parts.store.accept(verified, parts.clock.utc_ms())
        point("record_accepted", str(verified.record.seq))
        if accepted.receipt is not None:
            return [receipts.down(address.device, accepted.receipt)]
        if accepted.missing:
            return [receipts.need(parts.signer, accepted.named, accepted.missing)]
        # All chunks came before: a crash left the last step undone, or other records brought them.
        replies = [reply for upload in accepted.written for reply in self._finish(upload)]
        return replies or self._complete(verified.record.record_id)

    def _chunk(self, address: Address, message: Incoming) -> list[Outgoing]:
        parts = self._parts
        upload = parts.store.upload(address.device, address.sha256)
        if upload is None:
            self._require_known(address)
            return []  # late: the image is complete already
        wanted = upload.chunk_bytes(address.index)
        if wanted != len(message.payload):
            error = BadMessage(
                Code.CHUNK_SIZE_WRONG,
                f"chunk {address.index} of an exhibit of {upload.size} bytes must have "
                f"{wanted or 'no'} bytes, got {len(message.payload)}",
            )
            return self._misfit(upload, message, error)
        if upload.begun and not parts.blobs.is_begun(address.device, address.sha256):
            upload = parts.store.lost(upload)  # the part went with a flush that failed
        parts.blobs.write_chunk(address.device, address.sha256, address.index, message.payload)
        if upload.is_last(address.index):  # one flush less: becoming an image says that all is in
            return self._finish(upload)
        after = parts.store.chunk_written(address.device, address.sha256, address.index)
        point("chunk_marked", f"{address.sha256} {address.index}")
        return self._finish(after) if after is not None and after.complete else []

    def _require_known(self, address: Address) -> None:
        registered = self._parts.registry.registered(address.device)
        require_registered(address.device, registered)
        if not self._parts.store.is_held(address.sha256):
            raise BadMessage(
                Code.EXHIBIT_UNKNOWN, f"no record awaits exhibit {address.sha256}; send it first"
            )

    def _finish(self, upload: Upload) -> list[Outgoing]:
        """Every chunk is written: make the image, and store the records that waited for it."""
        parts = self._parts
        try:
            parts.blobs.finish(upload.device, upload.sha256, upload.size)
        except BlobFault as fault:
            return self._damaged(upload, fault)
        others = parts.store.held(upload, parts.clock.utc_ms())
        point("exhibit_held", upload.sha256)
        for device in others:
            parts.blobs.drop(device, upload.sha256)
        waiting = parts.store.pending_on(upload.sha256)
        return [reply for record_id in waiting for reply in self._complete(record_id)]

    def _misfit(self, upload: Upload, message: Incoming, error: WireError) -> list[Outgoing]:
        """A chunk that is no part of its exhibit: the device sends it again after a while; where it
        comes wrong again and again, the records that rest on the exhibit are refused, so that
        somebody at the device learns of it."""
        self._refuse(upload.device, message, error)
        if self._parts.store.misfit(upload) < TRIES:
            return []
        records = self._parts.store.pending_on(upload.sha256, upload.device)
        return [reply for each in records for reply in self._withdraw(each, upload, error)]

    def _damaged(self, upload: Upload, fault: BlobFault) -> list[Outgoing]:
        """The chunks make no image of that name: fetch them again, and in the end refuse. A part
        that is gone is our own fault, however often."""
        times = 0
        if isinstance(fault, Missing):
            self._parts.store.lost(upload)
        else:
            times = self._parts.store.start_over(upload)
        log.warning("exhibit damaged device=%s times=%d: %s", upload.device, times, fault)
        error = BadMessage(
            Code.HASH_MISMATCH,
            f"the chunks of exhibit {upload.sha256} do not hash to it, {times} times",
        )
        replies = []
        for record_id in self._parts.store.pending_on(upload.sha256, upload.device):
            replies += (
                self._again(record_id, upload.device)
                if times < TRIES
                else self._withdraw(record_id, upload, error)
            )
        return replies

    def _again(self, record_id: UUID, device: str) -> list[Outgoing]:
        """Answer a pending record as if it had come once more."""
        raw = self._parts.store.envelope(record_id)
        if raw is None:
            return []
        return self._record(Address(device, Kind.RECORD), Incoming("", raw))

    def _complete(self, record_id: UUID) -> list[Outgoing]:
        try:
            stored = self._parts.store.complete(record_id, self._parts.clock.utc_ms())
        except WireError as error:
            # What we kept was damaged since. The device still has it and sends it once more.
            log.error("kept record damaged record=%s: %s", record_id, error.text)
            self._parts.store.forget(record_id)
            return []
        if stored is None:
            return []
        point("stored", str(record_id))
        self._parts.stored()
        log.info("record stored device=%s record=%s", stored.device, record_id)
        return [receipts.down(stored.device, stored.receipt)]

    def _withdraw(self, record_id: UUID, damaged: Upload, error: WireError) -> list[Outgoing]:
        parts, device = self._parts, damaged.device
        raw = parts.store.envelope(record_id) or b""
        topic = device_topic(device, Kind.RECORD)
        parts.store.withdraw(
            record_id, damaged, Refusal(parts.clock.utc_ms(), device, topic, raw, error)
        )
        return [receipts.reject(parts.signer, device, raw, error, record_id)]

    def _response(self, address: Address, message: Incoming) -> list[Outgoing]:
        registered = self._parts.registry.registered(address.device)
        response = verify_response(message.payload, address.device, registered)
        self._parts.fleet.bury(response, message.payload, self._parts.clock.utc_ms())
        return []

    def _state(self, address: Address, message: Incoming) -> list[Outgoing]:
        self._require(address)
        if message.payload:
            state = parse(State, message.payload)
            self._parts.registry.state(address.device, state, self._seen(message))
        return []

    def _birth(self, address: Address, message: Incoming) -> list[Outgoing]:
        self._require(address)
        if message.payload:
            birth = parse(Birth, message.payload)
            require_same_device(address.device, birth.device)
            self._parts.registry.born(birth, self._seen(message))
            self._parts.came_back(address.device)
        return []

    def _health(self, address: Address, message: Incoming) -> list[Outgoing]:
        self._require(address)
        health = parse(Health, message.payload)
        require_same_device(address.device, health.device)
        self._parts.registry.health(health, self._parts.clock.utc_ms())
        return []

    def _alert(self, address: Address, message: Incoming) -> list[Outgoing]:
        self._require(address)
        alert = parse(Alert, message.payload) if message.payload else None
        if alert is not None and alert.code != address.detail:
            raise BadMessage(
                Code.MESSAGE_INVALID,
                f"alert must be the {address.detail!r} of its topic, got {alert.code!r}",
            )
        self._parts.registry.alert(address.device, address.detail, alert)
        return []

    def _config_reported(self, address: Address, message: Incoming) -> list[Outgoing]:
        self._require(address)
        if message.payload:
            reported = parse(ConfigReported, message.payload)
            require_same_device(address.device, reported.device)
            self._parts.registry.config_reported(reported)
        return []

    def _require(self, address: Address) -> None:
        require_registered(address.device, self._parts.registry.registered(address.device))

    def _seen(self, message: Incoming) -> int | None:
        return None if message.retained else self._parts.clock.utc_ms()

    def _refuse(self, device: str, message: Incoming, error: WireError) -> None:
        log.warning("refused device=%s code=%s: %s", device, error.code, error.text)
        now = self._parts.clock.utc_ms()
        self._parts.store.refuse(Refusal(now, device, message.topic, message.payload, error))
