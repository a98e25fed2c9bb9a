"""A box of the lab one of whose packets is bad in a way that FOLDER/bad names.

The file holds `KIND SEQ`. Packet SEQ is recorded, or read when it is sent, as KIND has it; all
others are as they should be. What is bad was never promised.
"""

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event
from unittest import mock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.delivery import Delivery
from edge.notify import Notifier, Pulse
from edge.outbox import Sealed
from edge.vault import Vault
from edge.wire.limits import CHUNK_BYTES, PAYLOAD_BYTES
from edge.wire.records import Record
from edge.wire.signing import Signer
from scripts.faults_lab.box import delivery, images, promise, record, uplink, wanted
from tests.packets import SIGNER, Told, exhibit, sealed

STRANGER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))


def wrong_schema(good: Sealed) -> bytes:
    payload = good.record.to_bytes().replace(b'{"v":1,', b'{"v":1,"extra":1,', 1)
    return SIGNER.seal(Record.PAYLOAD_TYPE, payload)


def bad_signature(good: Sealed) -> bytes:
    at = good.envelope.rindex(b'"sig":"') + 10
    other = b"A" if good.envelope[at : at + 1] != b"A" else b"B"
    return good.envelope[:at] + other + good.envelope[at + 1 :]


def foreign_key(good: Sealed) -> bytes:
    return STRANGER.seal(Record.PAYLOAD_TYPE, good.record.to_bytes())


def oversize(good: Sealed) -> bytes:
    payload = good.record.to_bytes()
    padding = b" " * (PAYLOAD_BYTES + 1 - len(payload))
    with mock.patch("edge.wire.signing.PAYLOAD_BYTES", PAYLOAD_BYTES + 1):  # our signer refuses it
        return SIGNER.seal(Record.PAYLOAD_TYPE, payload[:-1] + padding + b"}")


RECORDS: dict[str, Callable[[Sealed], bytes]] = {
    "wrong schema": wrong_schema,
    "bad signature": bad_signature,
    "foreign key": foreign_key,
    "oversize": oversize,
}


def put_bad(made: Delivery, seq: int, kind: str) -> None:
    """Record packet `seq` with other bytes than it should have."""
    pictures = images(seq)
    for picture in pictures:
        made.vault.keep(picture)
    parts = [exhibit(image, ("wide", "plate")[i % 2]) for i, image in enumerate(pictures)]

    def make(number: int, prev: str) -> Sealed:
        good = sealed(Told(number, exhibits=parts), number, prev)
        return Sealed(good.record, RECORDS[kind](good) if kind in RECORDS else good.envelope)

    made.outbox.put("", make)


def spoil(made: Delivery, seq: int, kind: str) -> None:
    """The images of packet `seq` are sent with other bytes: always, or short, or short once."""
    names = made.outbox.waiting(seq - 1, 1)[0].exhibits
    real, cut = Vault.read, set[str]()

    def read(vault: Vault, sha256: str) -> bytes:
        content = real(vault, sha256)
        if sha256 not in names:
            return content
        if kind == "wrong hash":
            return content[:-1] + b"\x00"
        if sha256 in cut and kind == "truncated chunk":
            return content
        cut.add(sha256)
        return content[: (len(content) - 1) // CHUNK_BYTES * CHUNK_BYTES + 1]

    Vault.read = read  # type: ignore[method-assign,assignment]


def main(name: str) -> None:
    folder, stop = Path(name), Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    kind, _, number = (folder / "bad").read_text().rpartition(" ")
    made, seq = delivery(folder), int(number)
    while made.outbox.head()[0] < seq - 1:
        record(made, folder, seq - 1)
    put_bad(made, seq, kind)
    if kind in ("wrong hash", "always truncated", "truncated chunk"):
        spoil(made, seq, kind)
    if kind in ("truncated chunk", "denied by the ACL", "no subscriber"):
        promise(folder, seq, made.outbox.envelope(seq) or b"")  # these come through in the end
    sender, notifier = uplink(made, folder), Notifier(os.environ)
    sender.start()
    pulses = {"uplink": Pulse(lambda: sender.alive_ns, 60.0)}
    while not stop.is_set():
        notifier.alive(pulses, made.clock.mono_ns())
        if record(made, folder, wanted(folder), partial(promise, folder)):
            sender.wake()
        else:
            stop.wait(0.05)
    sender.stop()
    made.close()
