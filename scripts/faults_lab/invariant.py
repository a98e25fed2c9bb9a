"""Invariant I: every packet that the box counted as recorded ends as exactly one set of records on
exactly one case, images byte-identical, signatures valid; none lost, none double, none invented."""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from central.blobs import BlobFault, Blobs
from central.database import connect, reading
from central.events import LogDamaged, check_log, lines
from edge.storage import Damaged
from edge.vault import Vault
from edge.wire.errors import WireError
from edge.wire.fields import parse
from edge.wire.records import Record
from edge.wire.signing import open_envelope
from tests.packets import KEYS


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost`, `doubled` and `phantom` count packets; `faults` are sentences about anything else. A
    packet that still lies at the box, whole and without a receipt, is late and not lost."""

    packets: int
    lost: int
    doubled: int
    phantom: int
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.phantom or self.faults)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """The sum."""
    return Verdict(
        packets=sum(verdict.packets for verdict in verdicts),
        lost=sum(verdict.lost for verdict in verdicts),
        doubled=sum(verdict.doubled for verdict in verdicts),
        phantom=sum(verdict.phantom for verdict in verdicts),
        faults=tuple(fault for verdict in verdicts for fault in verdict.faults),
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as the server keeps it."""

    seq: int
    envelope: bytes
    status: str
    case_id: str | None


def judge(folder: Path, counted: dict[int, str]) -> Verdict:
    """Look at what the server holds, and at what the box said it recorded."""
    kept = _kept(folder)
    by_hash = Counter(hashlib.sha256(item.envelope).hexdigest() for item in kept)
    whole = [item for item in kept if item.status == "stored" and item.case_id]
    good = {
        hashlib.sha256(item.envelope).hexdigest() for item in whole if not _faults(folder, item)
    }
    made, owed = _made(folder), _owed(folder)
    late = [sha for sha in counted.values() if sha not in good and sha in owed]
    return Verdict(
        packets=len(counted),
        lost=sum(sha not in good and sha not in owed for sha in counted.values()),
        doubled=sum(count - 1 for count in by_hash.values()) + _split_cases(folder),
        phantom=sum(sha not in made for sha in by_hash),
        faults=tuple(
            [fault for item in kept for fault in _faults(folder, item)]
            + ([f"{len(late)} packets still lie at the box"] if late else [])
            + _log_faults(folder)
        ),
    )


def _kept(folder: Path) -> list[Kept]:
    with closing(sqlite3.connect(folder / "central.db", timeout=30)) as db:
        rows = db.execute("SELECT seq, envelope, status, case_id FROM record ORDER BY seq")
        return [Kept(*row) for row in rows]


def _made(folder: Path) -> set[str]:
    """Hashes of all envelopes that the box itself holds."""
    with closing(sqlite3.connect(folder / "evidence" / "outbox.sqlite3", timeout=30)) as db:
        return {row[0] for row in db.execute("SELECT envelope_sha256 FROM record")}


def _owed(folder: Path) -> set[str]:
    """Hashes of the envelopes for which the box awaits a receipt, all of their images whole."""
    vault = Vault(folder / "evidence")
    query = "SELECT seq, envelope_sha256 FROM record WHERE state = 'waiting'"
    parts = "SELECT sha256 FROM exhibit WHERE seq = ?"
    owed = set()
    with closing(sqlite3.connect(folder / "evidence" / "outbox.sqlite3", timeout=30)) as db:
        for seq, envelope_sha256 in db.execute(query).fetchall():
            with suppress(Damaged):
                for (sha256,) in db.execute(parts, (seq,)).fetchall():
                    vault.check(sha256)
                owed.add(envelope_sha256)
    return owed


def _split_cases(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "central.db", timeout=30)) as db:
        query = "SELECT count(*) - count(DISTINCT device || stay_id) FROM 'case'"
        return int(db.execute(query).fetchone()[0])


def _faults(folder: Path, item: Kept) -> list[str]:
    try:
        opened = open_envelope(item.envelope, KEYS, Record.PAYLOAD_TYPE)
        record = parse(Record, opened.payload)
    except WireError as error:
        return [f"record {item.seq} does not verify: {error.text}"]
    faults = []
    if item.status == "stored":
        blobs = Blobs(folder / "blobs")
        for exhibit in record.exhibits:
            try:
                blobs.check(exhibit.sha256)
            except BlobFault as fault:
                faults.append(f"record {item.seq}: {fault}")
    return faults


def _log_faults(folder: Path) -> list[str]:
    engine = connect(f"sqlite:///{folder}/central.db")
    try:
        with reading(engine) as db:
            check_log(lines(db))
    except LogDamaged as error:
        return [str(error)]
    finally:
        engine.dispose()
    return []
