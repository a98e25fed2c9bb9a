"""Boxes without a safeguard, for the controls: each must lose packets where the real one does not.

bare    gives a packet up when the broker has acknowledged it (QoS 1), and waits for no receipt
queue   gives a packet up when it has handed it to paho, whose queue is in memory
one-epoch  is the real one in all else, but gives all of its connections the same number
"""

import json
import signal
import ssl
from pathlib import Path
from threading import Event
from unittest.mock import patch

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.delivery import Delivery
from edge.epoch import Epoch
from edge.wire.limits import CHUNK_BYTES
from edge.wire.topics import Kind, chunk_topic, device_topic
from scripts.faults_lab import box
from scripts.faults_lab.box import delivery, record, wanted
from tests.packets import DEVICE


def connected(folder: Path, acked: set[int]) -> Client:
    """A client as the tutorials have it: it reconnects, resends and queues by itself. What the
    broker acknowledged comes into `acked`."""
    told = json.loads((folder / "site.json").read_text())
    client = Client(CallbackAPIVersion.VERSION2, DEVICE, protocol=MQTTProtocolVersion.MQTTv5)
    context = ssl.create_default_context(cafile=told["ca"])
    context.load_cert_chain(told["certificate"], told["key"])
    client.tls_set_context(context)
    client.reconnect_delay_set(1, 1)
    client.on_publish = lambda _c, _u, mid, _r, _p: acked.add(mid)
    client.connect_async("127.0.0.1", int(told["port"]))
    client.loop_start()
    return client


def publish(made: Delivery, client: Client, seq: int) -> set[int]:
    """The record and all its chunks; the ids of the messages."""
    envelope = made.outbox.envelope(seq) or b""
    infos = [client.publish(device_topic(DEVICE, Kind.RECORD), envelope, 1)]
    packet = next(p for p in made.outbox.waiting(seq - 1, 1) if p.seq == seq)
    for sha256 in packet.exhibits:
        content = made.vault.read(sha256)
        infos += [
            client.publish(
                chunk_topic(DEVICE, sha256, begin // CHUNK_BYTES), content[begin:][:CHUNK_BYTES], 1
            )
            for begin in range(0, len(content), CHUNK_BYTES)
        ]
    return {info.mid for info in infos}


def give_up(made: Delivery, seq: int) -> None:
    """The packet is delivered, as far as this box cares."""
    with made.database.transaction("believe that it arrived") as connection:
        connection.execute("UPDATE record SET state = 'receipted' WHERE seq = ?", (seq,))


def main(mode: str, name: str) -> None:
    if mode == "one-epoch":
        with patch.object(Epoch, "advance", lambda _self: None):
            box.main(name)
        return
    folder, stop = Path(name), Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    acked: set[int] = set()
    made, client = delivery(folder), connected(folder, acked)
    while not stop.is_set():
        grown = record(made, folder, wanted(folder))
        for packet in made.outbox.waiting(0, 100):
            mids = publish(made, client, packet.seq)
            while mode == "bare" and not mids <= acked and not stop.is_set():
                stop.wait(0.02)
            give_up(made, packet.seq)
        if not grown:
            stop.wait(0.02)
