"""The server's end of the broker: one connection, one worker, and nothing is lost between them.

paho's thread only puts what happens into a queue; this thread takes it out, lets ingest store it,
and only then acknowledges. The broker hands over at most RECEIVE_MAXIMUM messages ahead of that, so
the queue stays small. A new client is made for every connection: an old one would resend what it
holds without asking. While the disk or the database fails, the message in hand waits, nothing is
acknowledged, and the retained state tells the devices to hold their packets back.
"""

import logging
import queue
import random
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event
from typing import Any, Literal, TypeAlias

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from central.clock import Clock
from central.config import Broker
from central.ingest import Incoming, Ingest
from central.receipts import Outgoing
from central.trace import point
from edge.wire.errors import WireError
from edge.wire.fields import parse
from edge.wire.status import CentralState
from edge.wire.topics import UP, Kind, central_state_topic, subscription

RECEIVE_MAXIMUM = 64
CONNECT_S = 10
BACK_OFF_S = (1.0, 30.0)
DRAIN_S = 5.0
WORLD = (OSError, DBAPIError, PoolTimeout)
"""What may be over in a while: a full disk, a database that restarts."""

log = logging.getLogger("central.link")
Word: TypeAlias = Literal["online", "draining", "offline"]


class BrokerRefused(Exception):
    """The broker does not let us in, or not read."""


class LinkLost(Exception):
    """The connection ended."""


@dataclass(frozen=True, slots=True)
class _Message:
    mid: int
    qos: int
    incoming: Incoming


@dataclass(frozen=True, slots=True)
class _Up:
    """Connected and subscribed, or refused with these words."""

    refusal: str = ""


@dataclass(frozen=True, slots=True)
class _Down:
    reason: str


@dataclass(frozen=True, slots=True)
class _Said:
    """What the broker published as the server's state, by us or by the will of a dead link."""

    payload: bytes


_Item: TypeAlias = _Message | _Up | _Down | _Said | Outgoing


class _Client(Client):
    """Says when its network thread ends, however that comes about."""

    def __init__(self, inbox: "queue.Queue[_Item]", *arguments: Any, **named: Any) -> None:
        self._ended = inbox
        super().__init__(*arguments, **named)

    def loop_forever(
        self, timeout: float = 1.0, retry_first_connection: bool = False
    ) -> MQTTErrorCode:
        try:
            return super().loop_forever(timeout, retry_first_connection)
        finally:
            self._ended.put(_Down("the network thread ended"))


class Link:
    """Run it in a thread of its own; `send` may be called from any.

    `next_epoch` gives a higher number for every connection: devices then know that what they said
    to the last one may be lost, and that its will, should it come late, means nothing.
    """

    def __init__(
        self, broker: Broker, ingest: Ingest, clock: Clock, next_epoch: Callable[[], int]
    ) -> None:
        self._broker = broker
        self._ingest = ingest
        self._clock = clock
        self._next_epoch = next_epoch
        self._epoch = 0
        self._word: Word = "offline"
        self._inbox: queue.Queue[_Item] = queue.Queue()
        self._retained: tuple[Outgoing, ...] = ()
        self.online = Event()
        self.turned_ms = clock.mono_ms()
        """When the worker last showed life; waiting for a disk or a broker is life."""

    def send(self, outgoing: Outgoing) -> None:
        """Publish when the worker comes to it; lost if there is no connection then."""
        self._inbox.put(outgoing)

    def retain(self, messages: tuple[Outgoing, ...]) -> None:
        """What is published after every connection."""
        self._retained = messages

    def run(self, stop: Event) -> None:
        """Until `stop`: connect, serve, and connect again. Ends with the inbox worked off."""
        tries = 0
        while not stop.is_set():
            self._turn()
            tries += 1
            try:
                self._session(stop)
            except (*WORLD, BrokerRefused, LinkLost) as fault:
                log.warning("broker not reached or lost: %s", fault)
            if self.online.is_set():
                self.online.clear()
                tries = 0
            stop.wait(back_off(tries))

    def _turn(self) -> None:
        self.turned_ms = self._clock.mono_ms()

    def _session(self, stop: Event) -> None:
        """One connection from its first byte to its last."""
        self._inbox = queue.Queue()
        self._epoch = self._next_epoch()
        with self._connected(self._inbox) as client:
            self._await_up(stop)
            if stop.is_set():
                return
            self._say(client, "online")
            point("online")
            for message in self._retained:
                self._publish(client, message)
            self.online.set()
            log.info("online host=%s port=%d", self._broker.host, self._broker.port)
            while not stop.is_set():
                self._take(client, stop, wait_s=0.5)
            self._drain(client)

    def _await_up(self, stop: Event) -> None:
        limit_ms = self._clock.mono_ms() + CONNECT_S * 1000
        while not stop.is_set():
            with suppress(queue.Empty):
                match self._inbox.get(timeout=0.2):
                    case _Up(refusal=""):
                        return
                    case _Up(refusal=words):
                        raise BrokerRefused(words)
                    case _Down(reason=words):
                        raise LinkLost(words)
            if self._clock.mono_ms() > limit_ms:
                raise LinkLost(f"no answer within {CONNECT_S} s")

    def _take(self, client: Client, stop: Event, wait_s: float) -> bool:
        """Work off one item; whether there was one. Raises LinkLost."""
        self._turn()
        try:
            item = self._inbox.get(timeout=wait_s)
        except queue.Empty:
            return False
        match item:
            case _Message():
                self._work(client, item, stop)
            case _Down(reason=words):
                raise LinkLost(words)
            case Outgoing():
                self._publish(client, item)
            case _Said(payload=payload):
                self._overrule(client, payload)
            case _Up():
                pass
        return True

    def _work(self, client: Client, message: _Message, stop: Event) -> None:
        point("message_taken", message.incoming.topic)
        replies = self._handled(client, message.incoming, stop)
        if replies is None:
            return
        point("message_handled", message.incoming.topic)
        client.ack(message.mid, message.qos)
        point("message_acked", message.incoming.topic)
        for reply in replies:
            self._publish(client, reply)
            point("reply_sent", reply.topic)

    def _handled(self, client: Client, incoming: Incoming, stop: Event) -> list[Outgoing] | None:
        """The replies once all is on the disk; None where that did not come about."""
        tries = 0
        while True:
            self._turn()
            try:
                replies = self._ingest.handle(incoming)
            except WORLD as fault:
                tries += 1
                log.error("cannot store, trying again tries=%d: %s", tries, fault)
                if tries == 1:
                    self._say(client, "draining")
                if stop.wait(back_off(tries)) or not client.is_connected():
                    return None
            except Exception:
                # Our bug, with this message: it must not keep the others from being stored.
                log.exception("message not handled topic=%s", incoming.topic)
                return []
            else:
                if tries:
                    self._say(client, "online")
                return replies

    def _drain(self, client: Client) -> None:
        """Tell the devices, store what is on its way, say good-bye."""
        log.info("draining")
        self._say(client, "draining")
        limit_ms = self._clock.mono_ms() + int(DRAIN_S * 1000)
        never = Event()
        # paho says RuntimeError where the connection is gone already: then there is no good-bye.
        with suppress(LinkLost, RuntimeError, ValueError):
            while self._clock.mono_ms() < limit_ms and self._take(client, never, wait_s=0.3):
                pass
            self._say(client, "offline").wait_for_publish(timeout=2)

    def _overrule(self, client: Client, payload: bytes) -> None:
        """The will of an earlier connection came late and is retained now: say again what holds,
        for devices that connect later and know nothing of us."""
        with suppress(WireError):
            if parse(CentralState, payload).epoch < self._epoch:
                self._say(client, self._word)

    def _say(self, client: Client, word: Word) -> Any:
        self._word = word
        state = self._state(word)
        return client.publish(central_state_topic(), state, qos=1, retain=True)

    def _state(self, word: Word) -> bytes:
        return CentralState(v=1, s=word, epoch=self._epoch).to_bytes()

    @staticmethod
    def _publish(client: Client, message: Outgoing) -> None:
        if client.is_connected():
            client.publish(message.topic, message.payload, qos=1, retain=message.retain)

    @contextmanager
    def _connected(self, inbox: "queue.Queue[_Item]") -> Iterator[Client]:
        client = self._client(inbox)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        client.connect(
            self._broker.host,
            self._broker.port,
            self._broker.keepalive_s,
            clean_start=True,
            properties=properties,
        )

        # Started by paho itself: beside a thread that it does not know, `publish` would write to
        # the TLS socket from our thread too, and the two would break the connection.
        client.loop_start()
        try:
            yield client
        finally:
            client.disconnect()
            client.loop_stop()

    def _client(self, inbox: "queue.Queue[_Item]") -> Client:
        client = _Client(
            inbox,
            CallbackAPIVersion.VERSION2,
            client_id="central",
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(RECEIVE_MAXIMUM)
        client.tls_set_context(_tls(self._broker))
        client.will_set(central_state_topic(), self._state("offline"), qos=1, retain=True)
        topics = [(subscription(kind), 0 if kind is Kind.HEALTH else 1) for kind in UP]

        def on_connect(_c: Client, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
            if reason.is_failure:
                inbox.put(_Up(f"connection refused: {reason}"))
            else:
                client.subscribe(topics)

        def on_subscribe(_c: Client, _u: Any, _m: int, reasons: list[ReasonCode], _p: Any) -> None:
            refused = [
                f"{topic}: {reason}"
                for (topic, _), reason in zip(topics, reasons, strict=True)
                if reason.is_failure
            ]
            inbox.put(_Up("; ".join(refused)))

        def on_message(_c: Client, _u: Any, message: MQTTMessage) -> None:
            if message.topic == central_state_topic():  # `+/state` matches our own words too
                client.ack(message.mid, message.qos)
                if not message.retain:
                    inbox.put(_Said(bytes(message.payload)))
                return
            incoming = Incoming(message.topic, bytes(message.payload), message.retain)
            inbox.put(_Message(message.mid, message.qos, incoming))

        def on_disconnect(_c: Client, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
            inbox.put(_Down(str(reason)))

        client.on_connect = on_connect
        client.on_subscribe = on_subscribe
        client.on_message = on_message
        client.on_disconnect = on_disconnect
        return client


def back_off(tries: int) -> float:
    """Seconds to wait after so many failures: up to doubled each time, drawn at random, so that
    servers which failed together do not come back together."""
    shortest, longest = BACK_OFF_S
    return random.uniform(shortest / 4, min(longest, shortest * 2 ** min(tries, 10)))  # noqa: S311


def _tls(broker: Broker) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(broker.ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(broker.cert, broker.key)
    return context
