"""What the demo's office stands on: its rules, its people, the register, the gateways.

The rules are configs/demo/policy.yaml, with times that a person can wait for; telephones, register
and cashier are small servers on this machine (central/gateways/local) that the real gateways talk
to, as they would to a provider's.
"""

import base64
import os
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.access import Role
from central.accounts import NewUser
from central.auth import hash_password
from central.clock import SystemClock
from central.config import load
from central.policies import Policies, read_pack
from central.registry import NewDevice
from central.server import Rig
from scripts.demosite import plan
from scripts.demosite.boxes import Times
from scripts.demosite.people import PEOPLE


@dataclass(frozen=True, slots=True)
class Services:
    """Ports and secrets of the small servers beside the office."""

    phone_port: int
    register_port: int
    register_page_port: int
    cashier_port: int
    token: str
    report_secret: str

    @classmethod
    def new(cls) -> "Services":
        secret = base64.b64encode(secrets.token_bytes(24)).decode()
        return cls(
            phone_port=plan.free_port(),
            register_port=plan.free_port(),
            register_page_port=plan.free_port(),
            cashier_port=plan.free_port(),
            token=secrets.token_urlsafe(18),
            report_secret=f"whsec_{secret}",
        )

    @property
    def phone(self) -> str:
        return f"http://127.0.0.1:{self.phone_port}"

    @property
    def cashier(self) -> str:
        return f"http://127.0.0.1:{self.cashier_port}"

    @property
    def register_page(self) -> str:
        return f"http://127.0.0.1:{self.register_page_port}"

    def gateways(self, pki: Path) -> dict[str, Any]:
        """The section of the server's configuration."""
        return {
            "sms": {
                "kind": "http",
                "url": self.phone,
                "token": self.token,
                "report_secret": self.report_secret,
            },
            "vehicles": self._at_register(pki),
            "identity": self._at_register(pki),
            "payment": {
                "kind": "non-tax",
                "url": self.cashier,
                "token": self.token,
                "callback_secret": self.report_secret,
            },
        }

    def _at_register(self, pki: Path) -> dict[str, str]:
        return {
            "kind": "http",
            "url": f"https://127.0.0.1:{self.register_port}",
            "ca": str(pki / "ca.pem"),
            "cert": str(pki / "central.pem"),
            "key": str(pki / "central.key.pem"),
        }

    def commands(self, pki: Path) -> dict[str, Sequence[str | os.PathLike[str]]]:
        """How the servers are started, by name."""
        local = [sys.executable, "-m", "central.gateways.local"]
        files = [f"--{name}={pki / file}" for name, file in _REGISTER_FILES.items()]
        return {
            "phone": [
                *local, "phone", f"--port={self.phone_port}", f"--token={self.token}",
                f"--report-secret={self.report_secret}",
            ],
            "cashier": [
                *local, "cashier", f"--port={self.cashier_port}", f"--token={self.token}",
                f"--secret={self.report_secret}",
            ],
            "register": [
                *local, "register", f"--port={self.register_port}",
                f"--page-port={self.register_page_port}", f"--file={plan.REGISTER}", *files,
            ],
        }  # fmt: skip


_REGISTER_FILES = {"ca": "ca.pem", "cert": "register.pem", "key": "register.key.pem"}


def furnish(layout: plan.Layout, password: str) -> Times:
    """Rules, accounts and boxes in the database, before the server starts."""
    rig = Rig.open(load(layout.central_config, os.environ), SystemClock())
    now = rig.clock.utc_ms()
    pack = read_pack(plan.PACK.read_bytes(), plan.PACK)
    Policies(rig.engine, rig.signer).add(pack, "demo", now)
    hashed = hash_password(password)
    for person in PEOPLE:
        new = NewUser(person.name, person.display, hashed, Role(person.role))
        rig.accounts.add_user(new, now)
    for device, site in plan.BOXES.items():
        public = layout.pki / f"{device}.signing.pub.pem"
        rig.registry.add(NewDevice(device, site), _key(public), now)
    rig.engine.dispose()
    times = pack.policy.times
    return Times(pack.sha256, times.confirm_s, times.grace_s)


def _key(path: Path) -> Any:
    return load_pem_public_key(path.read_bytes())
