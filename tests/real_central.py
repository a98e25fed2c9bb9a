"""The real central server as a process on a real broker, and what it holds, read from its files."""

import hashlib
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.clock import SystemClock
from central.database import connect, migrate
from central.registry import NewDevice, Registry
from tests.mosquitto import Broker

LIMIT_S = 90.0


class RealCentral:
    """`start`, `kill`, `stop` it; its database and images stay in `folder`."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.folder = folder
        self.broker = broker
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.web_port = probe.getsockname()[1]
        pki = broker.pki
        self.config = folder / "central.yaml"
        self.config.write_text(
            yaml.safe_dump(
                {
                    "database_url": f"sqlite:///{folder}/central.db",
                    "evidence_dir": str(folder / "evidence"),
                    "signing_key": str(pki / "central.signing.pem"),
                    "broker": {
                        "host": broker.host,
                        "port": broker.port,
                        "ca": str(pki / "ca.pem"),
                        "cert": str(pki / "central.pem"),
                        "key": str(pki / "central.key.pem"),
                    },
                    "web": {"host": "127.0.0.1", "port": self.web_port},
                }
            )
        )

    def command(self, *arguments: str) -> list[str]:
        name, *rest = arguments
        return [sys.executable, "-m", "central", name, "-c", str(self.config), *rest]

    def add_device(self, device: str) -> None:
        """As the command does, without the start of a process; the server may run."""
        key = load_pem_public_key((self.broker.pki / f"{device}.signing.pub.pem").read_bytes())
        assert isinstance(key, Ed25519PublicKey)
        engine = connect(f"sqlite:///{self.folder}/central.db")
        migrate(engine)
        Registry(engine).add(NewDevice(device, "here"), key, SystemClock().utc_ms())
        engine.dispose()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command("run"), stdout=log, stderr=log)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(LIMIT_S)
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(LIMIT_S)
            self.process = None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def stored(self, device: str) -> list[tuple[int, str]]:
        """Number and kind of every record of a device that is stored."""
        query = "SELECT seq, kind FROM record WHERE status = 'stored' AND device = ? ORDER BY seq"
        return [(int(seq), str(kind)) for seq, kind in self._rows(query, device)]

    def cases(self, device: str) -> int:
        return len(self._rows('SELECT id FROM "case" WHERE device = ?', device))

    def until_stored(self, device: str, count: int) -> None:
        limit = time.monotonic() + LIMIT_S
        while len(self.stored(device)) < count:
            stored = self.stored(device)
            assert time.monotonic() < limit, f"only {stored} stored\n{self.log[-2000:]}"
            time.sleep(0.05)

    def images(self, device: str) -> set[bytes]:
        """Every image that a record of the device rests on, each checked against its name."""
        found = set()
        query = (
            "SELECT DISTINCT exhibit.sha256 FROM exhibit JOIN record_exhibit USING (sha256)"
            " JOIN record USING (record_id) WHERE device = ?"
        )
        for (sha256,) in self._rows(query, device):
            path = next((self.folder / "evidence").rglob(f"{sha256}*"))
            content = path.read_bytes()
            assert hashlib.sha256(content).hexdigest() == sha256
            found.add(content)
        return found

    def _rows(self, query: str, device: str) -> list[tuple[Any, ...]]:
        if not (self.folder / "central.db").is_file():
            return []
        with closing(sqlite3.connect(self.folder / "central.db", timeout=30)) as connection:
            try:
                return connection.execute(query, (device,)).fetchall()
            except sqlite3.OperationalError:
                return []  # not migrated yet
