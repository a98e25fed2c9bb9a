"""The only queue of the device: what was recorded waits here until the server's receipt.

Broker acknowledgements mean nothing here. A record is in one of four states:
    waiting    until the receipt comes
    receipted  stored at the server; kept some days in case the server loses it
    pruned     receipted, its bytes removed; number and hash stay as proof
    aside      refused by the server, or damaged on this disk; shown to people, kept, tried again
               only when the server asks
"""

import hashlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.database import Database
from edge.trace import point
from edge.vault import Vault
from edge.wire.errors import WireError
from edge.wire.fields import parse
from edge.wire.records import GENESIS, Record
from edge.wire.replies import Receipt, SeqRange, Tombstone
from edge.wire.signing import open_envelope

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record and the exact bytes of its signed envelope."""

    record: Record
    envelope: bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A packet that has no receipt yet. `exhibits` maps each hash to its size in bytes."""

    seq: int
    record_id: UUID
    record_sha256: str
    exhibits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SetAside:
    """A packet that was refused, and why."""

    seq: int
    record_id: UUID
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What health says about the outbox; times are UTC milliseconds."""

    depth: int
    oldest_utc_ms: int | None
    size_bytes: int
    set_aside: int
    receipted_24h: int
    last_receipt_utc_ms: int | None
    seq: int
    chain_head: str


class Outbox:
    """Records in their order. All methods may be called from any thread and raise StorageFault."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    @property
    def used_bytes(self) -> int:
        """Bytes of all files of evidence on the disk."""
        return self._vault.used_bytes

    def put(self, notice_id: str, make: Callable[[int, str], Sealed]) -> Sealed | None:
        """Number, sign and store one record; it "has been recorded" once this returns.

        `make` gets the record's number and the hash of the one before it. The signed bytes become a
        file first, then everything else one transaction. Gives None, and stores nothing, where
        this stay has a record of this kind (and notice) already.
        """
        with self._database.transaction("record a stay") as connection:
            seq, head = _head(connection)
            sealed = make(seq + 1, head)
            point("record_signed", str(seq + 1))
            stay, kind = str(sealed.record.stay.id), str(sealed.record.kind)
            if connection.execute(
                "SELECT 1 FROM record WHERE stay_id = ? AND kind = ? AND notice_id = ?",
                (stay, kind, notice_id),
            ).fetchone():
                return None
            self._vault.keep_record(seq + 1, sealed.envelope)
            point("record_file_kept", str(seq + 1))
            _insert(connection, sealed, notice_id)
            connection.execute("DELETE FROM taken WHERE stay_id = ?", (stay,))
            point("row_inserted", str(seq + 1))
        point("record_committed", str(seq + 1))
        return sealed

    def head(self) -> tuple[int, str]:
        """Number and hash of the latest record; 0 and 64 zeros before the first."""
        with self._database.reading() as connection:
            return _head(connection)

    def has_record_of(self, stay: UUID) -> bool:
        """Whether anything was ever recorded about this stay."""
        with self._database.reading() as connection:
            query = "SELECT 1 FROM record WHERE stay_id = ? LIMIT 1"
            return connection.execute(query, (str(stay),)).fetchone() is not None

    def waiting(self, after_seq: int, limit: int) -> list[Waiting]:
        """Packets without a receipt, oldest first, numbered above `after_seq`."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT seq, record_id, record_sha256 FROM record"
                " WHERE state = 'waiting' AND seq > ? ORDER BY seq LIMIT ?",
                (after_seq, limit),
            ).fetchall()
            return [
                Waiting(
                    row["seq"],
                    UUID(row["record_id"]),
                    row["record_sha256"],
                    _exhibits(connection, row["seq"]),
                )
                for row in rows
            ]

    def envelope(self, seq: int) -> bytes | None:
        """The exact signed bytes of a record; None once pruned."""
        with self._database.reading() as connection:
            query = "SELECT envelope FROM record WHERE seq = ?"
            row = connection.execute(query, (seq,)).fetchone()
            return None if row is None else row["envelope"]

    def receipted(self, receipts: Sequence[tuple[Receipt, bytes]], utc_ms: int) -> list[int]:
        """Let packets go, since the server has them; gives their numbers.

        With each receipt comes its envelope, whose signature the caller has checked. A receipt for
        a record that we do not hold, or hold with another hash, changes nothing.
        """
        settled = []
        with self._database.transaction("mark receipts") as connection:
            for receipt, raw in receipts:
                changed = connection.execute(
                    "UPDATE record SET state = 'receipted', receipt = ?, settled_utc_ms = ?,"
                    " code = '', text = ''"
                    " WHERE record_id = ? AND record_sha256 = ? AND seq = ?"
                    " AND state IN ('waiting', 'aside') RETURNING seq",
                    (raw, utc_ms, str(receipt.record_id), receipt.record_sha256, receipt.seq),
                ).fetchone()
                point("receipt_noted", str(receipt.seq))
                if changed is not None:
                    settled.append(int(changed["seq"]))
        for seq in settled:
            point("receipt_committed", str(seq))
        return settled

    def refused(self, envelope_sha256: str, code: str, text: str, utc_ms: int) -> int | None:
        """Set aside the packet whose envelope the server named; gives its number, None if none."""
        with self._database.transaction("set a packet aside") as connection:
            row = connection.execute(
                "UPDATE record SET state = 'aside', code = ?, text = ?, settled_utc_ms = ?"
                " WHERE envelope_sha256 = ? AND state = 'waiting' RETURNING seq",
                (code, text, utc_ms, envelope_sha256),
            ).fetchone()
        return None if row is None else int(row["seq"])

    def set_aside(self, seq: int, code: str, text: str, utc_ms: int) -> None:
        """Set aside a packet that this device itself cannot send."""
        with self._database.transaction("set a packet aside") as connection:
            connection.execute(
                "UPDATE record SET state = 'aside', code = ?, text = ?, settled_utc_ms = ?"
                " WHERE seq = ? AND state = 'waiting'",
                (code, text, utc_ms, seq),
            )

    def all_set_aside(self) -> list[SetAside]:
        """The packets that people should look at, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT seq, record_id, code, text FROM record WHERE state = 'aside' ORDER BY seq"
            ).fetchall()
        return [
            SetAside(row["seq"], UUID(row["record_id"]), row["code"], row["text"]) for row in rows
        ]

    def resend(self, asked: SeqRange) -> list[Tombstone]:
        """Make the asked records wait again; gives a tombstone for each that we no longer have."""
        tombstones = []
        with self._database.transaction("send records again") as connection:
            head, _ = _head(connection)
            for seq in range(asked.first, asked.last + 1):
                row = connection.execute(
                    "SELECT state, record_sha256, envelope FROM record WHERE seq = ?", (seq,)
                ).fetchone()
                if row is None:  # made and forgotten, where the outbox was damaged meanwhile
                    never = seq > head
                    tombstones.append(
                        Tombstone(
                            seq=seq,
                            record_sha256=None,
                            reason="never-made" if never else "damaged",
                        )
                    )
                elif row["envelope"] is None:
                    sha256 = row["record_sha256"]
                    gone = Tombstone(seq=seq, record_sha256=sha256, reason="pruned-after-receipt")
                    tombstones.append(gone)
                elif not self._whole(connection, seq):
                    sha256 = row["record_sha256"]
                    tombstones.append(Tombstone(seq=seq, record_sha256=sha256, reason="damaged"))
                else:
                    connection.execute(
                        "UPDATE record SET state = 'waiting', code = '', text = '' WHERE seq = ?",
                        (seq,),
                    )
        return tombstones

    def prune(self, receipted_before_utc_ms: int, limit: int = 1000) -> int:
        """Remove the bytes of packets receipted before that time, oldest first; gives how many.

        Nothing without a receipt is ever removed. The rows are settled before the files go, so
        that a cut in between leaves files without a row, which the next start removes.
        """
        with self._database.transaction("prune receipted packets") as connection:
            head, _ = _head(connection)
            rows = connection.execute(
                "UPDATE record SET state = 'pruned', envelope = NULL WHERE seq IN ("
                " SELECT seq FROM record WHERE state = 'receipted' AND settled_utc_ms < ?"
                " ORDER BY seq LIMIT ?) RETURNING seq",
                (receipted_before_utc_ms, limit),
            ).fetchall()
            seqs = [row["seq"] for row in rows]
            hashes = {sha256 for seq in seqs for sha256 in _exhibits(connection, seq)}
            unused = [sha256 for sha256 in hashes if not _used(connection, sha256)]
            connection.execute("PRAGMA incremental_vacuum(64)").fetchall()
        for sha256 in unused:
            self._vault.drop(sha256)
        for seq in seqs:
            if seq != head:  # the latest stays, so that a rebuilt outbox knows where the chain ends
                self._vault.drop_record(seq)
        return len(seqs)

    def figures(self, utc_ms: int) -> Figures:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT count(*) AS depth, min(made_utc_ms) AS oldest,"
                " coalesce(sum(length(envelope) + (SELECT coalesce(sum(size), 0) FROM exhibit"
                " WHERE exhibit.seq = record.seq)), 0) AS size FROM record WHERE state = 'waiting'"
            ).fetchone()
            count = "SELECT count(*) FROM record WHERE state = "
            aside = connection.execute(count + "'aside'").fetchone()[0]
            recent, latest = connection.execute(
                "SELECT count(*) FILTER (WHERE settled_utc_ms > ?), max(settled_utc_ms)"
                " FROM record WHERE receipt IS NOT NULL",
                (utc_ms - DAY_MS,),
            ).fetchone()
            seq, head = _head(connection)
        return Figures(row["depth"], row["oldest"], row["size"], aside, recent, latest, seq, head)

    def recover(self, keys: Mapping[str, Ed25519PublicKey]) -> list[int]:
        """Bring rows and files together at start; gives the numbers of files that were damaged.

        A signed file without a row is taken in (the row was lost, or the power went between the
        two); a row without its file gets it again; exhibits that nothing names are removed.
        """
        damaged = []
        with self._database.transaction("recover the outbox") as connection:
            known = {
                row["seq"]: row["envelope"]
                for row in connection.execute("SELECT seq, envelope FROM record")
            }
            files = self._vault.records()
            for seq in files:
                if seq not in known and not self._adopt(connection, seq, keys):
                    damaged.append(seq)
            named = {
                row["sha256"]
                for row in connection.execute(
                    "SELECT sha256 FROM exhibit JOIN record USING (seq) WHERE state <> 'pruned'"
                    " UNION SELECT sha256 FROM taken"
                )
            }
        for seq in known.keys() - set(files):
            if known[seq] is not None:
                self._vault.keep_record(seq, known[seq])
        if not damaged:  # a damaged record may be mended by hand, and would need its exhibits
            for sha256 in set(self._vault.names()) - named:
                self._vault.drop(sha256)
        point("outbox_recovered")
        return damaged

    def _adopt(
        self, connection: sqlite3.Connection, seq: int, keys: Mapping[str, Ed25519PublicKey]
    ) -> bool:
        envelope = self._vault.record(seq)
        try:
            opened = open_envelope(envelope or b"", keys, Record.PAYLOAD_TYPE)
            record = parse(Record, opened.payload)
        except WireError:
            return False
        if record.seq != seq or envelope is None:
            return False
        reminded = record.stay.reminded
        notice_id = str(reminded.notice_id) if reminded and record.kind == "overstay" else ""
        if connection.execute(
            "SELECT 1 FROM record WHERE stay_id = ? AND kind = ? AND notice_id = ?",
            (str(record.stay.id), str(record.kind), notice_id),
        ).fetchone():
            notice_id = str(record.record_id)  # signed is signed: it is kept whatever it doubles
        _insert(connection, Sealed(record, envelope), notice_id, opened.sha256)
        return True

    def _whole(self, connection: sqlite3.Connection, seq: int) -> bool:
        return all(self._vault.has(sha256) for sha256 in _exhibits(connection, seq))


def _head(connection: sqlite3.Connection) -> tuple[int, str]:
    row = connection.execute(
        "SELECT seq, record_sha256 FROM record ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return (0, GENESIS) if row is None else (row["seq"], row["record_sha256"])


def _exhibits(connection: sqlite3.Connection, seq: int) -> dict[str, int]:
    rows = connection.execute("SELECT sha256, size FROM exhibit WHERE seq = ?", (seq,))
    return {row["sha256"]: row["size"] for row in rows}


def _used(connection: sqlite3.Connection, sha256: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM exhibit JOIN record USING (seq) WHERE sha256 = :sha256"
        " AND state <> 'pruned' UNION SELECT 1 FROM taken WHERE sha256 = :sha256",
        {"sha256": sha256},
    ).fetchone()
    return row is not None


def _insert(
    connection: sqlite3.Connection, sealed: Sealed, notice_id: str, record_sha256: str = ""
) -> None:
    record = sealed.record
    connection.execute(
        "INSERT INTO record (seq, record_id, record_sha256, envelope_sha256, stay_id, kind,"
        " notice_id, envelope, made_utc_ms, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')",
        (
            record.seq,
            str(record.record_id),
            record_sha256 or hashlib.sha256(record.to_bytes()).hexdigest(),
            hashlib.sha256(sealed.envelope).hexdigest(),
            str(record.stay.id),
            str(record.kind),
            notice_id,
            sealed.envelope,
            record.made.utc_ms,
        ),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO exhibit (seq, sha256, size) VALUES (?, ?, ?)",
        [(record.seq, exhibit.sha256, exhibit.size) for exhibit in record.exhibits],
    )
