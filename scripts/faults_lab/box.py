"""The box of a trial: real delivery without cameras, which records packets until it has enough.

`main(FOLDER)` makes as many packets as FOLDER/target says, also when that grows. After each packet
that it counts as recorded it writes the packet's number and hash to FOLDER/ledger and syncs it:
that is the promise which the checker holds the site to. It runs until SIGTERM; the harness kills
it at trace points (edge/trace.py).
"""

import hashlib
import json
import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event

from edge.clock import SystemClock
from edge.delivery import Connection, Daemon, Delivery, DeliverySettings
from edge.host import HostPaths
from edge.link import BrokerAddress
from edge.notify import Notifier, Pulse
from edge.uplink import Uplink
from edge.uplink_parts import Patience
from edge.wire.status import DetectorHealth
from tests.packets import DEVICE, jpeg, put

PATIENCE = Patience(tend_s=1, turn_s=0.05)
"""The waits of the field; only housekeeping comes more often."""
IMPATIENT = Patience(
    reconnect_s=(0.05, 0.5), accept_s=5, ack_s=8, central_s=2, tend_s=1, turn_s=0.05
)
"""Scaled, for links that fall silent, where a trial would take minutes."""
SIZES = (90_000, 150_000, 9_000)
"""Bytes of a packet's images: two, three and one chunk."""


def images(number: int) -> list[bytes]:
    """The images of packet `number`: the same whoever asks."""
    return [jpeg(number * 10 + i, size) for i, size in enumerate(SIZES[: 1 + number % 3])]


class HurriedClock(SystemClock):
    """Runs so many times faster as the file `hurry` says, while there is one; how far ahead that
    has brought it is in the file `hurried`. The wall clock is off by what `step` says."""

    def __init__(self, folder: Path) -> None:
        self._hurry, self._told = folder / "hurry", folder / "hurried"
        self._step = folder / "step"
        self._lock = threading.Lock()
        self._looked_ns, self._ahead_ns = super().mono_ns(), 0

    def mono_ns(self) -> int:
        return super().mono_ns() + self._ahead()

    def utc_ms(self) -> int:
        step_ms = int(self._step.read_text() or 0) if self._step.exists() else 0
        return super().utc_ms() + self._ahead() // 1_000_000 + step_ms

    def _ahead(self) -> int:
        with self._lock:
            now_ns = super().mono_ns()
            if self._hurry.exists():
                times = int(self._hurry.read_text() or 1)
                self._ahead_ns += (now_ns - self._looked_ns) * (times - 1)
                self._told.write_text(str(self._ahead_ns // 1_000_000))
            self._looked_ns = now_ns
            return self._ahead_ns


def delivery(folder: Path) -> Delivery:
    """Opens, and mends, what the last life left."""
    settings = DeliverySettings(DEVICE, folder / "evidence", folder / "device.signing.pem")
    return Delivery(settings, HurriedClock(folder), HostPaths())


Promise = Callable[[int, bytes], None]
"""Told the number and the envelope of a packet that counts as recorded."""


def record(made: Delivery, folder: Path, target: int, said: Promise | None = None) -> bool:
    """Make the next packet and promise it; False once there are enough."""
    number = made.outbox.head()[0] + 1
    if number > target:
        return False
    sealed = put(made.outbox, made.vault, number, images(number))
    if sealed is not None:
        (said or partial(promise, folder))(number, sealed.envelope)
    return True


def promise(folder: Path, number: int, envelope: bytes) -> None:
    """Say outside that the packet is recorded."""
    line = f"{number} {hashlib.sha256(envelope).hexdigest()}\n".encode()
    handle = os.open(folder / "ledger", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)


def uplink(made: Delivery, folder: Path) -> Uplink:
    """The sending thread, as the daemon starts it."""
    told = json.loads((folder / "site.json").read_text())
    address = BrokerAddress(
        "127.0.0.1",
        int(told["port"]),
        *(Path(told[name]) for name in ("ca", "certificate", "key")),
    )
    seen = DetectorHealth(
        runtime="none",
        model_sha256="0" * 64,
        ms_p50=None,
        ms_p95=None,
        selftest_ok=True,
        last_look_age_s=None,
    )
    daemon = Daemon(
        cameras=list,
        detector=lambda: seen,
        profiles=list,
        check_config=lambda _text: "",
        restart=lambda: None,
        config_sha256="1" * 64,
        software_version="0.1.0",
        software_sha256="2" * 64,
        model_sha256="3" * 64,
    )
    patience = IMPATIENT if told["impatient"] else PATIENCE
    connection = Connection(address, [Path(told["central_key"])], told["health_s"], patience)
    return made.uplink(connection, daemon)


def wanted(folder: Path) -> int:
    """How many packets there should be by now."""
    return int((folder / "target").read_text())


def main(name: str) -> None:
    folder, stop = Path(name), Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    made = delivery(folder)
    sender, notifier = uplink(made, folder), Notifier(os.environ)
    sender.start()
    pulses = {"uplink": Pulse(lambda: sender.alive_ns, 60.0)}
    while not stop.is_set():
        notifier.alive(pulses, made.clock.mono_ns())
        if record(made, folder, wanted(folder)):
            sender.wake()
        else:
            stop.wait(0.05)
    sender.stop()
    made.close()
