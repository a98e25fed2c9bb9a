"""Starting a whole site: broker, case server, edge daemon, each with its own configuration."""

import os
import secrets
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine

from central.blobs import Blobs
from central.database import connect
from central.lookup import Lookup
from central.views import CaseRow
from scripts import certificates
from scripts.demosite import plan
from scripts.demosite.boxes import Times
from scripts.demosite.office import Services, furnish
from scripts.demosite.processes import Child, DemoError, Processes

BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Site:
    """A running site. `web` is the staff page's address, `phone` the telephones'."""

    layout: plan.Layout
    web: str
    phone: str
    register: str
    cashier: str
    password: str
    broker_port: int
    times: Times
    edge: Child

    def prove(self, number: str) -> str:
        """Export a case and check the packet offline, as anybody can; what the verifier said.

        Raises DemoError where the packet does not hold.
        """
        packet = self.layout.home / f"{number}.zip"
        config = ["-c", str(self.layout.central_config)]
        tell([BIN / "firelane-central", "export", *config, number, "-o", packet])
        verdict = tell([BIN / "firelane-verify", packet])
        return f"{packet}: {verdict.splitlines()[0]}"

    def row(self, case_id: str) -> CaseRow | None:
        """A case as the list shows it."""
        view = self.lookup().case(UUID(case_id))
        return view.row if view else None

    def engine(self) -> Engine:
        return connect(f"sqlite:///{self.layout.run / 'central' / 'cases.db'}")

    def lookup(self) -> Lookup:
        """The server's data, read as the staff pages read it."""
        return Lookup(self.engine(), Blobs(self.layout.run / "central" / "evidence"))


def start_clean(layout: plan.Layout) -> None:
    """Keys and certificates are kept from run to run; cases and evidence begin anew."""
    kept = (layout.pki / "ca.pem").is_file()
    if layout.run.exists():
        shutil.rmtree(layout.run)
        print("the last run's cases and evidence are gone", end="; ")
    print(f"keys and certificates in {layout.pki}: {'kept' if kept else 'made'}")
    for folder in (layout.run / "edge", layout.run / "central" / "evidence", layout.run / "broker"):
        folder.mkdir(parents=True)
    certificates.init(layout.pki)
    certificates.server(layout.pki, "broker", [], certificates.DAYS)
    certificates.server(layout.pki, "central", [], certificates.DAYS)
    certificates.server(layout.pki, "register", [], certificates.DAYS)
    for device in plan.BOXES:
        certificates.device(layout.pki, device, certificates.DAYS)


def start(layout: plan.Layout, scene: plan.Scene, processes: Processes) -> Site:
    """Start broker, telephones, register, server and edge. Raises DemoError where one of them does
    not come up."""
    broker_port, web_port = plan.free_port(), plan.free_port()
    web, password, services = (
        f"http://127.0.0.1:{web_port}",
        secrets.token_urlsafe(9),
        Services.new(),
    )
    conf = certificates.broker(layout.pki, f"{broker_port} 127.0.0.1", layout.run / "broker")
    central = plan.central_config(layout, broker_port, web_port, services.gateways(layout.pki))
    layout.central_config.write_text(central, encoding="utf-8")
    processes.start("mosquitto", ["/usr/sbin/mosquitto", "-c", conf])
    for name, command in services.commands(layout.pki).items():
        processes.start(name, command)
    times = furnish(layout, password)
    processes.start("central", [BIN / "firelane-central", "run", "-c", layout.central_config])
    processes.wait_until(lambda: _answers(f"{web}/"), "the staff page", 120)
    edge_config = plan.edge_config(layout, scene, broker_port, times.policy_sha256)
    layout.edge_config.write_text(edge_config, encoding="utf-8")
    edge = processes.start("edge", [BIN / "firelane-edge", "run", "-c", layout.edge_config])
    return Site(
        layout=layout,
        web=web,
        phone=services.phone,
        register=services.register_page,
        cashier=services.cashier,
        password=password,
        broker_port=broker_port,
        times=times,
        edge=edge,
    )


def tell(argv: list[str | Path], password: str = "") -> str:
    """Run one command to its end; what it printed. Raises DemoError with that where it fails."""
    done = subprocess.run(
        [os.fspath(part) for part in argv],
        input=f"{password}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DemoError(f"{Path(argv[0]).name} {argv[1]} failed: {done.stderr or done.stdout}")
    return done.stdout


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
