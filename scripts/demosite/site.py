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

from central.blobs import Blobs
from central.database import connect
from central.lookup import Lookup
from scripts import certificates
from scripts.demosite import plan
from scripts.demosite.processes import Child, DemoError, Processes

BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Site:
    """A running site. `web` is the staff page's address."""

    layout: plan.Layout
    web: str
    password: str
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

    def lookup(self) -> Lookup:
        """The server's data, read as the staff pages read it."""
        return Lookup(
            connect(f"sqlite:///{self.layout.run / 'central' / 'cases.db'}"),
            Blobs(self.layout.run / "central" / "evidence"),
        )


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
    certificates.device(layout.pki, plan.DEVICE, certificates.DAYS)


def start(layout: plan.Layout, scene: plan.Scene, processes: Processes) -> Site:
    """Start broker, server and edge. Raises DemoError where one of them does not come up."""
    broker_port, web_port = plan.free_port(), plan.free_port()
    web, password = f"http://127.0.0.1:{web_port}", secrets.token_urlsafe(9)
    conf = certificates.broker(layout.pki, f"{broker_port} 127.0.0.1", layout.run / "broker")
    layout.central_config.write_text(
        plan.central_config(layout, broker_port, web_port), encoding="utf-8"
    )
    layout.edge_config.write_text(plan.edge_config(layout, scene, broker_port), encoding="utf-8")
    processes.start("mosquitto", ["/usr/sbin/mosquitto", "-c", conf])
    central = [BIN / "firelane-central"]
    config = ["-c", str(layout.central_config)]
    tell(
        [
            *central,
            "add-device",
            *config,
            plan.DEVICE,
            "--site",
            plan.SITE,
            "--key",
            layout.pki / f"{plan.DEVICE}.signing.pub.pem",
        ]
    )
    tell(
        [*central, "add-user", *config, plan.ACCOUNT, "--role", "officer", "--password-stdin"],
        password,
    )
    processes.start("central", [*central, "run", *config])
    processes.wait_until(lambda: _answers(f"{web}/"), "the staff page", 60)
    edge = processes.start("edge", [BIN / "firelane-edge", "run", "-c", layout.edge_config])
    return Site(layout, web, password, edge)


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
