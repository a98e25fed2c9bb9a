"""One MQTT 5 connection over mutual TLS. Thin: it decides nothing and queues nothing.

A fresh paho client for every connection, since a kept one floods its whole queue on reconnecting
whatever its window. Callbacks only enqueue; an exception in one would kill the network thread
silently. The end of that thread, however it comes, is an event like any other.
"""

import logging
import queue
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.wire.limits import PACKET_BYTES, WINDOW_CHUNKS

log = logging.getLogger("firelane.link")
KEEPALIVE_S = 30
CONNECT_LIMIT_S = 10.0
_IN_FLIGHT = WINDOW_CHUNKS + 4
"""Unacknowledged at once, below the least Receive Maximum that brokers grant (16 in ours): paho
does not keep to it by itself, and a strict broker would end the connection."""
_FIRST_FAILURE_CODE = 0x80
_NO_SUBSCRIBERS = 0x10


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is, and the files that prove who we are."""

    host: str
    port: int
    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Publication:
    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Connected:
    link: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is over, or was never accepted; `text` says why."""

    link: int
    text: str


@dataclass(frozen=True, slots=True)
class Subscribed:
    link: int
    refused: bool


@dataclass(frozen=True, slots=True)
class Acked:
    """The broker's word on one publication: `code` as MQTT 5 has it, `text` its name."""

    link: int
    mid: int
    code: int
    text: str

    @property
    def refused(self) -> bool:
        return self.code >= _FIRST_FAILURE_CODE

    @property
    def unheard(self) -> bool:
        """The broker took it and nobody is subscribed."""
        return self.code == _NO_SUBSCRIBERS


@dataclass(frozen=True, slots=True)
class Heard:
    link: int
    topic: str
    payload: bytes


LinkEvent = Connected | Lost | Subscribed | Acked | Heard


class LinkError(Exception):
    """The broker cannot be reached, or one of us does not trust the other; tried again later."""


class _Client(mqtt.Client):
    """paho's client, whose network thread tells when it ends and why."""

    ended: "queue.SimpleQueue[Any]"
    number: int

    def loop_forever(
        self, timeout: float = 1.0, retry_first_connection: bool = False
    ) -> MQTTErrorCode:
        text = "the network thread ended"
        try:
            return super().loop_forever(timeout, retry_first_connection)
        except Exception as error:  # paho's own bugs end here: a new client is made
            text = f"the network thread died: {type(error).__name__}: {error}"
            log.exception("paho's network thread died")
            return MQTTErrorCode.MQTT_ERR_UNKNOWN
        finally:
            self.ended.put(Lost(self.number, text))


class Link:
    """One connection, from connect to close. Events carry `number`; those of an old one are old."""

    def __init__(self, number: int, device: str, inbox: "queue.SimpleQueue[Any]") -> None:
        self.number = number
        self.bytes_up = 0
        self.bytes_down = 0
        self._inbox = inbox
        self._client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=device,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        self._client.ended = inbox
        self._client.number = number
        self._client.connect_timeout = CONNECT_LIMIT_S
        self._client.max_inflight_messages_set(_IN_FLIGHT)
        self._client.max_queued_messages_set(8 * WINDOW_CHUNKS)
        self._listen()

    def connect(self, address: BrokerAddress, will: Publication) -> None:
        """Connect and begin; `Connected` or `Lost` follows. Raises LinkError with the reason."""
        client = self._client
        client.will_set(will.topic, will.payload, will.qos, will.retain)
        try:
            client.tls_set(str(address.ca), str(address.certificate), str(address.key))
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 0
            client.connect(
                address.host,
                address.port,
                keepalive=KEEPALIVE_S,
                clean_start=True,
                properties=properties,
            )
        except ssl.SSLCertVerificationError as error:
            raise LinkError(f"the broker's certificate is not good: {error.reason}") from error
        except ssl.SSLError as error:
            raise LinkError(f"no TLS with the broker: {error.reason or error}") from error
        except (OSError, ValueError) as error:
            where = f"{address.host}:{address.port}"
            raise LinkError(f"cannot reach the broker at {where}: {error}") from error
        client.loop_start()

    def subscribe(self, topics: list[str]) -> None:
        """`Subscribed` follows once the broker has answered for all of them."""
        self._client.subscribe([(topic, 1) for topic in topics])

    def publish(self, publication: Publication) -> int:
        """Hand one message over; `Acked` with the number given here follows for QoS 1."""
        assert len(publication.payload) <= PACKET_BYTES, "no packet may exceed the contract's limit"
        self.bytes_up += len(publication.topic) + len(publication.payload)
        return self._client.publish(
            publication.topic, publication.payload, publication.qos, publication.retain
        ).mid

    def close(self, *, politely: bool) -> None:
        """End it. Politely: the broker is told, and drops the will; else the socket is cut."""
        with suppress(Exception):
            if politely:
                self._client.disconnect()
                return
            sock = self._client.socket()
            if isinstance(sock, socket.socket):
                sock.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        client, inbox, number = self._client, self._inbox, self.number

        def on_connect(
            _client: mqtt.Client, _data: Any, _flags: Any, code: Any, _properties: Any
        ) -> None:
            if code.is_failure:
                inbox.put(Lost(number, f"the broker refuses us: {code}"))
            else:
                inbox.put(Connected(number))

        def on_disconnect(
            _client: mqtt.Client, _data: Any, _flags: Any, code: Any, _properties: Any
        ) -> None:
            inbox.put(Lost(number, f"the connection ended: {code}"))

        def on_subscribe(
            _client: mqtt.Client, _data: Any, _mid: int, codes: Any, _properties: Any
        ) -> None:
            inbox.put(Subscribed(number, any(code.is_failure for code in codes)))

        def on_publish(
            _client: mqtt.Client, _data: Any, mid: int, code: Any, _properties: Any
        ) -> None:
            inbox.put(Acked(number, mid, code.value, str(code)))

        def on_message(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
            payload = bytes(message.payload)
            self.bytes_down += len(payload)
            inbox.put(Heard(number, message.topic, payload))

        client.on_connect = on_connect
        client.on_disconnect = on_disconnect
        client.on_subscribe = on_subscribe
        client.on_publish = on_publish
        client.on_message = on_message
