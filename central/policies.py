"""Policy packs in the database, each as the exact bytes that the server signed.

PolicyError
├── BadPack      the file is no policy pack; every fault is told
└── PackTaken    another pack has the same name and version
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Engine, or_, select

from central import events, tables
from central.config_file import ConfigError, parse_model
from central.database import add_if_new, reading
from central.policy import PAYLOAD_TYPE, Pack, Policy
from edge.wire.limits import PAYLOAD_BYTES
from edge.wire.signing import Signer, open_envelope

PACK_ADDED = "policy-added"


class PolicyError(Exception):
    """The pack is not put in force."""


class BadPack(PolicyError):
    """The file is no policy pack."""


class PackTaken(PolicyError):
    """Another pack has the same name and version."""


def read_pack(document: bytes, source: Path) -> Pack:
    """A pack from its bytes; `source` is named in faults. Raises BadPack."""
    if len(document) > PAYLOAD_BYTES:
        raise BadPack(f"{source}: a policy pack must have at most {PAYLOAD_BYTES} bytes")
    try:
        return Pack(parse_model(Policy, document, source), document)
    except ConfigError as error:
        raise BadPack(str(error)) from None


def kept_packs(db: Connection) -> dict[str, Pack]:
    """Every pack by its hash, within the caller's transaction. That the bytes hash to their name
    shows them whole; the signature on them is for who takes them out of the house.

    Raises BadPack where the kept bytes are damaged.
    """
    rows = db.execute(select(tables.policy.c.sha256, tables.policy.c.envelope)).all()
    return {row.sha256: _kept(row.sha256, bytes(row.envelope)) for row in rows}


@lru_cache(maxsize=256)
def _kept(sha256: str, envelope: bytes) -> Pack:
    document = base64.b64decode(json.loads(envelope)["payload"])
    if hashlib.sha256(document).hexdigest() != sha256:
        raise BadPack(f"policy pack {sha256} is damaged: it does not hash to its name")
    return read_pack(document, Path(sha256))


class Policies:
    """What was put in force. A pack is never changed and never taken away."""

    def __init__(self, engine: Engine, signer: Signer) -> None:
        self._engine = engine
        self._signer = signer

    def add(self, pack: Pack, actor: str, utc_ms: int) -> bool:
        """Sign and keep a pack; whether it is new. Raises PackTaken."""
        table, policy = tables.policy, pack.policy
        values = {
            "sha256": pack.sha256,
            "name": policy.name,
            "version": policy.version,
            "valid_from": policy.valid_from.isoformat(),
            "added_utc_ms": utc_ms,
            "envelope": self._signer.seal(PAYLOAD_TYPE, pack.document),
        }
        with self._engine.begin() as db:
            if add_if_new(db, table, values):
                payload = {
                    "sha256": pack.sha256,
                    "name": policy.name,
                    "version": str(policy.version),
                }
                events.append(db, events.Event(utc_ms, actor, PACK_ADDED, None, payload))
                return True
            known = db.scalar(select(table.c.sha256).where(table.c.sha256 == pack.sha256))
        if known is None:
            raise PackTaken(
                f"{policy.name} has a version {policy.version} already; "
                "write another version instead of changing one"
            )
        return False

    def packs(self, keys: Mapping[str, Ed25519PublicKey]) -> dict[str, Pack]:
        """Every pack by its hash, its signature checked. Raises WireError or BadPack where the
        kept bytes are damaged."""
        with reading(self._engine) as db:
            rows = db.execute(select(tables.policy)).all()
        return {
            row.sha256: read_pack(
                open_envelope(row.envelope, keys, PAYLOAD_TYPE).payload, Path(row.sha256)
            )
            for row in rows
        }

    def cases_under(
        self, policy_sha256: str | None = None, lane_version: str | None = None
    ) -> tuple[str, ...]:
        """Numbers of the cases that rest on a pack or a lane that was found wrong, oldest first."""
        record, case = tables.record, tables.case
        wrong = [
            column == value
            for column, value in (
                (record.c.policy_sha256, policy_sha256),
                (record.c.lane_version, lane_version),
            )
            if value is not None
        ]
        query = (
            select(case.c.number)
            .where(case.c.id.in_(select(record.c.case_id).where(or_(*wrong))))
            .order_by(case.c.number)
        )
        if not wrong:
            raise ValueError("a policy or a lane version must be given")
        with reading(self._engine) as db:
            return tuple(db.scalars(query))
