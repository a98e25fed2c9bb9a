"""A real mosquitto on a free loopback port, with mutual TLS and the ACL of configs/mosquitto.

with running(tmp_path) as broker:
    identity = broker.device("gate-1")     # certificate, key, signing key
    connect(broker.host, broker.port, identity.ca, identity.certificate, identity.key)
"""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from edge.wire.signing import Signer
from scripts import certificates

START_LIMIT_S = 30.0
_PORTS_TRIED = 5


@dataclass(frozen=True, slots=True)
class Identity:
    """Where the files of a device or of `central` lie, and its signing key, opened."""

    name: str
    ca: Path
    certificate: Path
    key: Path
    signing_key: Path
    signing_public: Path

    @property
    def signer(self) -> Signer:
        key = load_pem_private_key(self.signing_key.read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        return Signer(key)


@dataclass(slots=True)
class Broker:
    """One mosquitto. It keeps its port from one `start` to the next: clients find it again."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    @property
    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text(errors="replace")

    def device(self, device_id: str) -> Identity:
        certificates.device(self.pki, device_id, certificates.DAYS)
        return self.identity(device_id)

    def central(self) -> Identity:
        return self.identity("central")

    def identity(self, name: str) -> Identity:
        return Identity(
            name,
            self.pki / "ca.pem",
            self.pki / f"{name}.pem",
            self.pki / f"{name}.key.pem",
            self.pki / f"{name}.signing.pem",
            self.pki / f"{name}.signing.pub.pem",
        )

    def start(self) -> None:
        """Start and wait until the port answers. Raises RuntimeError with the log if it does not.

        A free port may be taken by another process in between: then another one is tried, unless
        this broker has been running on its port before.
        """
        tries = 1 if self.port else _PORTS_TRIED
        for _ in range(tries):
            port = self.port or _free_port()
            self._spawn(port)
            if self._answers(port):
                self.port = port
                return
            self.kill()
        raise RuntimeError(f"mosquitto did not start:\n{self.log}")

    def stop(self) -> None:
        """SIGTERM: it saves what it holds."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(START_LIMIT_S)
            self.process = None

    def kill(self) -> None:
        """SIGKILL: what it had not saved is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(START_LIMIT_S)
            self.process = None

    def pause(self) -> None:
        """SIGSTOP: it hangs, and its port still takes connections."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def _spawn(self, port: int) -> None:
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        path = certificates.broker(self.pki, f"{port} {self.host}", data)
        path.write_text(certificates.filled(path.read_text(), self.settings))
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/mosquitto", "-c", str(path)], stdout=log, stderr=log
            )

    def _answers(self, port: int) -> bool:
        limit = monotonic() + START_LIMIT_S
        assert self.process is not None
        while self.process.poll() is None and monotonic() < limit:
            with suppress(OSError), socket.create_connection((self.host, port), timeout=1):
                return True
            sleep(0.01)
        return False


@contextmanager
def running(folder: Path, settings: dict[str, str] | None = None) -> Iterator[Broker]:
    """A started broker with its own authority under `folder`; `settings` override its file."""
    broker = prepared(folder, settings)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


def prepared(folder: Path, settings: dict[str, str] | None = None) -> Broker:
    """A broker with its authority and the certificates of `central`, not yet started."""
    folder.mkdir(parents=True, exist_ok=True)
    broker = Broker(folder, settings=settings or {})
    certificates.init(broker.pki)
    certificates.server(broker.pki, "central", [], certificates.DAYS)
    return broker


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
