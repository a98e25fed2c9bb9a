"""Starting a whole site: broker, case server, edge daemon, each with its own configuration."""

import os
import secrets
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
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
    phone: str
    register: str

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
    certificates.server(layout.pki, "register", [], certificates.DAYS)
    certificates.device(layout.pki, plan.DEVICE, certificates.DAYS)


def start(layout: plan.Layout, scene: plan.Scene, processes: Processes) -> Site:
    """Start broker, telephones, register, server and edge. Raises DemoError where one of them
    does not come up."""
    ports = plan.Ports.free()
    web, password = f"http://127.0.0.1:{ports.web}", secrets.token_urlsafe(9)
    conf = certificates.broker(layout.pki, f"{ports.broker} 127.0.0.1", layout.run / "broker")
    phone = (secrets.token_hex(16), "whsec_" + b64encode(secrets.token_bytes(32)).decode())
    layout.central_config.write_text(plan.central_config(layout, ports, phone), encoding="utf-8")
    layout.edge_config.write_text(plan.edge_config(layout, scene, ports.broker), encoding="utf-8")
    processes.start("mosquitto", ["/usr/sbin/mosquitto", "-c", conf])
    _start_outside(layout, ports, phone, processes)
    _prepare(layout, password)
    central: list[str | Path] = [BIN / "firelane-central", "run", "-c", layout.central_config]
    processes.start("central", central)
    processes.wait_until(lambda: _answers(f"{web}/"), "the staff page", 60)
    edge = processes.start("edge", [BIN / "firelane-edge", "run", "-c", layout.edge_config])
    phones, register = (f"http://127.0.0.1:{port}" for port in (ports.phone, ports.register_page))
    return Site(layout, web, password, edge, phones, register)


def _start_outside(
    layout: plan.Layout, ports: plan.Ports, phone: tuple[str, str], processes: Processes
) -> None:
    """What stands in for the SMS gateway and the register of vehicles."""
    local = [sys.executable, "-m", "central.gateways.local"]
    token, secret = phone
    own = ["--port", str(ports.phone), "--token", token, "--report-secret", secret]
    processes.start("phone", [*local, "phone", *own])
    pki = layout.pki
    files: list[str | Path] = ["--ca", pki / "ca.pem", "--cert", pki / "register.pem"]
    files += ["--key", pki / "register.key.pem", "--file", plan.REGISTER]
    where = ["--port", str(ports.register), "--page-port", str(ports.register_page)]
    processes.start("register", [*local, "register", *where, *files])


def _prepare(layout: plan.Layout, password: str) -> None:
    """The box, the people and the rules, as an administrator enters them."""
    config: list[str | Path] = ["-c", layout.central_config]
    central = BIN / "firelane-central"
    key = layout.pki / f"{plan.DEVICE}.signing.pub.pem"
    tell([central, "add-device", *config, plan.DEVICE, "--site", plan.SITE, "--key", key])
    tell([central, "add-policy", *config, plan.PACK])
    people = [(plan.ACCOUNT, "officer"), *((name, "screener") for name in plan.CLERKS)]
    for name, role in people:
        tell([central, "add-user", *config, name, "--role", role, "--password-stdin"], password)


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
