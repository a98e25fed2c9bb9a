"""A device's MQTT client for tests: sends what it is told, keeps what it is sent.

with Courier.connected(broker, identity) as courier:
    courier.send(topic, payload)
    message = courier.receive()
"""

import queue
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.wire.topics import DOWN, central_state_topic, subscription
from tests.mosquitto import Broker, Identity

LIMIT_S = 60.0


@dataclass
class Courier:
    client: Client
    inbox: "queue.Queue[tuple[str, bytes]]" = field(default_factory=queue.Queue)

    @classmethod
    @contextmanager
    def connected(cls, broker: Broker, identity: Identity) -> Iterator["Courier"]:
        client = Client(
            CallbackAPIVersion.VERSION2, identity.name, protocol=MQTTProtocolVersion.MQTTv5
        )
        context = ssl.create_default_context(cafile=str(identity.ca))
        context.load_cert_chain(identity.certificate, identity.key)
        client.tls_set_context(context)
        courier, up = cls(client), queue.Queue[str]()
        topics = [(subscription(kind, identity.name), 1) for kind in DOWN]

        def on_connect(_c: Client, _u: Any, _f: Any, _r: Any, _p: Any) -> None:
            client.subscribe([*topics, (central_state_topic(), 1)])

        def on_subscribe(_c: Client, _u: Any, _m: int, _r: Any, _p: Any) -> None:
            up.put("subscribed")

        def on_message(_c: Client, _u: Any, message: MQTTMessage) -> None:
            courier.inbox.put((message.topic, bytes(message.payload)))

        client.on_connect, client.on_subscribe = on_connect, on_subscribe
        client.on_message = on_message
        client.connect(broker.host, broker.port, clean_start=True)
        client.loop_start()
        try:
            up.get(timeout=LIMIT_S)
            yield courier
        finally:
            client.disconnect()
            client.loop_stop()

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """QoS 1; returns when the broker has it."""
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(LIMIT_S)

    def receive(self, wanted: Callable[[str, bytes], bool] = lambda _t, _p: True) -> bytes:
        """The next message that is wanted; others are dropped. Raises Empty after a minute."""
        while True:
            topic, payload = self.inbox.get(timeout=LIMIT_S)
            if wanted(topic, payload):
                return payload
