"""A whole site of one trial: broker, server and box as processes of their own, in one folder."""

import json
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from central.clock import SystemClock
from central.database import connect, migrate
from central.link import Link
from central.registry import NewDevice, Registry
from scripts.faults_lab.invariant import judge
from scripts.faults_lab.nursery import Life
from scripts.faults_lab.outcome import Outcome
from tests.mosquitto import Broker, prepared
from tests.packets import DEVICE, SIGNER

ROOT = Path(__file__).resolve().parents[2]
POLL_S = 0.04
PATIENT_S = 300.0
"""Far beyond what any recovery takes on a machine that is busy with other work as well."""


class Stuck(Exception):
    """Something that must come did not come in time: the safeguard that the trial is about."""


@dataclass
class Site:
    """`box` and `office` are None while they do not run. `port` is where the box connects."""

    folder: Path
    broker: Broker
    port: int = 0
    box: Life | None = None
    office: Life | None = None
    link: Link | None = None
    """The server's end, where it runs in this process."""
    box_mode: str = ""
    """A box without a safeguard (control.py); empty for the real one."""
    box_module: str = "box"
    records_each: int = 1
    """Records that come of each packet made: with a notice there is a second one."""
    target: int = 0
    """How many packets the box shall have made."""
    deaths: Counter[str] = field(default_factory=Counter)
    """How often a process died at each point; `elsewhere` where it never came to its point."""
    recoveries: list[float] = field(default_factory=list)
    """Seconds from each start of what was killed to the last receipt."""
    notify: dict[str, str] = field(default_factory=dict)
    """Where each process gives signs of life, if anybody listens."""
    note: str = ""
    """A figure for the table."""
    stuck: str = ""
    """What never came, where the trials ended so."""

    @property
    def kills(self) -> int:
        return self.deaths.total()

    @classmethod
    def open(cls, folder: Path, settings: dict[str, str] | None = None) -> "Site":
        """A broker that runs, keys, and a server's database with the device registered."""
        shutil.rmtree(folder, ignore_errors=True)
        with redirect_stdout(StringIO()):  # the names of the keys are no news
            broker = prepared(folder / "broker", settings)
            identity = broker.device(DEVICE)
        broker.start()
        site = cls(folder, broker, broker.port)
        private = SIGNER.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "device.signing.pem").write_bytes(private)
        site.connect_to(broker.port)
        site.grow(0)
        central = broker.central()
        site.config.write_text(
            f"database_url: sqlite:///{folder}/central.db\n"
            f"evidence_dir: {folder}/blobs\n"
            f"signing_key: {central.signing_key}\n"
            "timezone: Asia/Shanghai\n"
            f"broker: {{host: 127.0.0.1, port: {broker.port}, ca: {identity.ca}, "
            f"cert: {central.certificate}, key: {central.key}}}\n"
        )
        engine = connect(f"sqlite:///{folder}/central.db")
        migrate(engine)
        new = NewDevice(DEVICE, "lab")
        Registry(engine).add(new, SIGNER.key.public_key(), SystemClock().utc_ms())
        engine.dispose()
        return site

    @property
    def config(self) -> Path:
        return self.folder / "central.yaml"

    def grow(self, packets: int) -> None:
        """The box shall make so many more packets."""
        self.target += packets
        part = self.folder / "target.new"
        part.write_text(str(self.target))
        part.replace(self.folder / "target")

    def connect_to(self, port: int, *, impatient: bool = False, health_s: float = 60.0) -> None:
        """Where the box finds the broker from its next start on, and how patient it is."""
        identity = self.broker.identity(DEVICE)
        told = {
            "port": port,
            "impatient": impatient,
            "health_s": health_s,
            "ca": str(identity.ca),
            "certificate": str(identity.certificate),
            "key": str(identity.key),
            "central_key": str(self.broker.central().signing_public),
        }
        (self.folder / "site.json").write_text(json.dumps(told))

    def start_box(self, kill: str = "") -> None:
        """With `kill` (`point:n`) the process dies when it passes that point the n-th time."""
        folder = str(self.folder)
        if self.box_mode:
            self.box = self._start("control", (self.box_mode, folder), kill)
        else:
            self.box = self._start(self.box_module, (folder,), kill)

    def start_office(self, kill: str = "") -> None:
        self.office = self._start("office", (str(self.config),), kill)

    def _start(self, module: str, arguments: tuple[str, ...], kill: str) -> Life:
        environment = {"FIRELANE_TRACE_KILL": kill} if kill else {}
        if module in self.notify:
            environment |= {"NOTIFY_SOCKET": self.notify[module], "WATCHDOG_USEC": "1000000"}
        log = self.folder / f"{module}.log"
        return Life(f"scripts.faults_lab.{module}", arguments, log, environment)

    def counted(self) -> dict[int, str]:
        """What the box promised: number to the hash of the envelope."""
        path = self.folder / "ledger"
        if not path.is_file():
            return {}
        whole = path.read_bytes().rpartition(b"\n")[0].decode()
        return {int(n): sha for n, sha in (line.split() for line in whole.splitlines())}

    def outbox(self) -> tuple[int, int]:
        """The number of the box's latest record, and how many wait for their receipt. A record may
        be there without having been counted: the box died before it could say so."""
        path = self.folder / "evidence" / "outbox.sqlite3"
        if not path.is_file():
            return 0, 0
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as db:
                query = "SELECT coalesce(max(seq), 0), coalesce(sum(state = 'waiting'), 0)"
                latest, waiting = db.execute(f"{query} FROM record").fetchone()
                return int(latest), int(waiting)
        except sqlite3.Error:
            return 0, 0

    def settled(self) -> bool:
        """All packets are made and receipted."""
        latest, waiting = self.outbox()
        return latest >= self.target * self.records_each and waiting == 0

    def recovered(self, start: Callable[[], None], limit_s: float = PATIENT_S) -> None:
        """Start what was killed; everything that was promised must arrive. Raises Stuck."""
        began = time.monotonic()
        start()
        until(self.settled, "the last receipt", limit_s)
        self.recoveries.append(round(time.monotonic() - began, 2))

    def outcome(self, trials: int, note: str = "") -> Outcome:
        """The invariant over what is left. The site must be closed."""
        return Outcome(
            trials=trials,
            verdict=judge(self.folder, self.counted()),
            recoveries=tuple(self.recoveries),
            stuck=self.stuck,
            note=note,
            deaths=dict(self.deaths),
        )

    def close(self) -> None:
        for life in (self.box, self.office):
            if life is not None:
                life.kill()
        self.broker.kill()


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENT_S) -> float:
    """Seconds that it took. Raises Stuck."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise Stuck(f"{what} did not come within {seconds:.0f} s")
        time.sleep(POLL_S)
    return time.monotonic() - began
