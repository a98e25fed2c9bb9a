"""A central server of a hundred lines on a real broker: the other end for tests of the edge alone.

It keeps records and chunks in memory and answers as the contract says; a test makes it misbehave
by overriding a method.
"""

import hashlib
import threading
from collections import defaultdict

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.wire.fields import parse
from edge.wire.limits import CHUNK_BYTES
from edge.wire.records import Record
from edge.wire.replies import MissingChunks, Need, Receipt
from edge.wire.signing import open_envelope
from edge.wire.status import CentralState
from edge.wire.topics import (
    UP,
    Kind,
    central_state_topic,
    device_topic,
    parse_topic,
    subscription,
)
from tests.mosquitto import Broker, Identity


class MiniCentral:
    """`records`, `images`, `receipts` (by record id) and `heard` (all topics with payloads)."""

    def __init__(self, broker: Broker, device: Identity) -> None:
        self.identity = broker.central()
        self.signer = self.identity.signer
        self.device = device
        self.records: dict[str, Record] = {}
        self.sha256s: dict[str, str] = {}
        self.chunks: dict[str, dict[int, bytes]] = defaultdict(dict)
        self.by_exhibit: dict[str, list[Record]] = defaultdict(list)
        self.images: dict[str, bytes] = {}
        self.receipts: list[str] = []
        self.heard: list[tuple[str, bytes]] = []
        self.changed = threading.Condition()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        client.tls_set(
            str(self.identity.ca), str(self.identity.certificate), str(self.identity.key)
        )
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.reconnect_delay_set(1, 1)
        self.client = client
        client.connect(broker.host, broker.port)
        client.loop_start()

    def say_online(self, word: str = "online", epoch: int = 1) -> None:
        state = CentralState.model_validate({"v": 1, "s": word, "epoch": epoch})
        self.client.publish(central_state_topic(), state.to_bytes(), 1, retain=True)

    def send(self, kind: Kind, payload: bytes) -> None:
        self.client.publish(device_topic(self.device.name, kind), payload, 1)

    def wait(self, condition: "object", seconds: float = 60.0) -> bool:
        """Whether `condition()` came true in time."""
        assert callable(condition)
        with self.changed:
            return bool(self.changed.wait_for(condition, seconds))

    def payloads(self, kind: Kind) -> list[bytes]:
        return [payload for topic, payload in self.heard if parse_topic(topic).kind is kind]

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    # what a test may override

    def on_record(self, record: Record, sha256: str, envelope: bytes) -> None:
        self.records[str(record.record_id)] = record
        for each in record.exhibits:
            self.by_exhibit[each.sha256].append(record)
        self.sha256s[str(record.record_id)] = sha256
        self.answer(record)

    def on_complete(self, record: Record) -> None:
        self.receipts.append(str(record.record_id))
        self.send(Kind.RECEIPT, self.receipt(record))

    # the contract

    def answer(self, record: Record) -> None:
        missing = self.missing(record)
        if not missing:
            self.on_complete(record)
            return
        need = Need(
            v=1,
            device=record.device,
            record_id=record.record_id,
            record_sha256=self.sha256s[str(record.record_id)],
            missing=missing,
            pause_ms=0,
        )
        self.send(Kind.RECEIPT, self.signer.seal(Need.PAYLOAD_TYPE, need.to_bytes()))

    def missing(self, record: Record) -> list[MissingChunks]:
        found = []
        for exhibit in record.exhibits:
            count = -(-exhibit.size // CHUNK_BYTES)
            lacking = [i for i in range(count) if i not in self.chunks[exhibit.sha256]]
            if lacking and exhibit.sha256 not in self.images:
                ranges = [(index, index) for index in lacking]
                found.append(MissingChunks(sha256=exhibit.sha256, ranges=ranges))
        return found

    def receipt(self, record: Record) -> bytes:
        receipt = Receipt(
            v=1,
            device=record.device,
            record_id=record.record_id,
            record_sha256=self.sha256s[str(record.record_id)],
            seq=record.seq,
            stored_utc_ms=record.made.utc_ms,
            log_index=len(self.receipts),
        )
        return self.signer.seal(Receipt.PAYLOAD_TYPE, receipt.to_bytes())

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        for kind in UP:
            client.subscribe(subscription(kind), 1)
        self.say_online()

    def _on_message(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == central_state_topic():
            return  # our own, which the filter for the states of devices also matches
        payload = bytes(message.payload)
        address = parse_topic(message.topic)
        with self.changed:
            self.heard.append((message.topic, payload))
            if address.kind is Kind.RECORD:
                signer = self.device.signer
                keys = {signer.key_id: signer.key.public_key()}
                opened = open_envelope(payload, keys, Record.PAYLOAD_TYPE)
                self.on_record(parse(Record, opened.payload), opened.sha256, payload)
            elif address.kind is Kind.CHUNK:
                self._on_chunk(address.sha256, address.index, payload)
            self.changed.notify_all()

    def _on_chunk(self, sha256: str, index: int, payload: bytes) -> None:
        self.chunks[sha256][index] = payload
        for record in self.by_exhibit[sha256]:
            if self.missing(record) or str(record.record_id) in self.receipts:
                continue
            for exhibit in record.exhibits:
                parts = self.chunks[exhibit.sha256]
                whole = b"".join(parts[i] for i in sorted(parts))
                assert hashlib.sha256(whole).hexdigest() == exhibit.sha256
                self.images[exhibit.sha256] = whole
            self.on_complete(record)
