"""The packet that leaves the house: a case with all it rests on, as one file that proves itself.

Pure: everything comes in as values, the bytes of the archive go out, and the same values give the
same bytes. The layout is described in central/README.md and checked by central/firelane_verify.py.

PacketError       the parts do not make a packet that would verify: our bug, or damaged evidence
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field

from central.firelane_verify import MANIFEST, sha256_of, verify, write_zip
from edge.wire.fields import (
    Count,
    DeviceId,
    Line,
    LocalId,
    Message,
    Name,
    Part,
    Seq,
    Sha256,
    UtcMs,
    Uuid,
    Version,
)
from edge.wire.signing import Signer, key_id

VERIFIER = Path(__file__).with_name("firelane_verify.py")
"""Goes with each packet, so that whoever has it can check it."""
README = """\
This archive holds the evidence of one case, as the central server exported it.
Do not unpack and pack it again: it proves itself only as it is.

    firelane-verify THIS_FILE.zip

checks it on any computer, without a network. What each file is:

    CONTENTS.txt      what lies where, for people
    MANIFEST.dsse     the list of contents with the hash of every file, signed by the server
    records/          the statements of the device at the lane, each signed by it, by number
    receipts/         the server's signed confirmations that it stored them
    exhibits/         the images, each named by its SHA-256
    policies/         the rules that the records name, each signed by the server
    documents/        what the office issued in this case, each PDF named by its SHA-256
    chain.json        hashes of the device's other records in between, so that none can be missing
    log.jsonl         what was done in this case, each line hashed together with the one before
    keys.json         the public keys of the device and the server
    checkpoint.dsse   the server's signed statement of its whole log at the end of a day, if any
    firelane_verify.py  the program that checks all this: python3 firelane_verify.py THIS_FILE.zip
    timestamp.tsr     an independent authority's time stamp on that (RFC 3161), if any

本压缩包为一宗案件的全部证据，由中心服务器导出。请勿解压后重新压缩，否则无法通过校验。
在任意一台电脑上离线运行 firelane-verify 即可校验：图像与记录是否被改动、删除或替换。
"""


class PacketError(Exception):
    """The packet would not verify; the text holds the verifier's reasons."""


class CaseFacts(Part):
    """The case as the manifest names it."""

    id: Uuid
    number: Name
    site: Name
    device: DeviceId
    stay_id: Uuid
    camera: LocalId
    lane: LocalId
    state: Name


class FileListed(Part):
    """A file of the packet by its path in the archive."""

    path: Line
    sha256: Sha256
    size: Count


class LogSpan(Part):
    """From which hash to which hash the excerpt of the log leads."""

    first: Seq
    prev_hash: Sha256
    last: Seq
    hash: Sha256


class Manifest(Message):
    """The server's signed list of everything in a packet."""

    PAYLOAD_TYPE: ClassVar[str] = "application/vnd.firelane.export.v1+json"

    v: Version
    exported_utc_ms: UtcMs
    case: CaseFacts
    log: LogSpan
    files: list[FileListed]


class KeyFacts(Part):
    """A public key in the packet: whose it is, and its 32 raw bytes in hex."""

    keyid: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    role: Literal["central", "device"]
    name: Name
    public_key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @classmethod
    def of(cls, role: Literal["central", "device"], name: str, key: Ed25519PublicKey) -> "KeyFacts":
        raw = key.public_bytes_raw()
        return cls(keyid=key_id(key), role=role, name=name, public_key=raw.hex())


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the case's own. `payload` is the exact text that was hashed."""

    seq: int
    utc_ms: int
    actor: str
    type: str
    case: str | None
    payload: str

    @property
    def content(self) -> str:
        return sha256_of([self.utc_ms, self.actor, self.type, self.case, self.payload])


@dataclass(frozen=True, slots=True)
class LogLink:
    """A line of another case: only its place and the hash of what it says."""

    seq: int
    content: str


@dataclass(frozen=True, slots=True)
class NotKnown:
    """A record of the device that the server does not have, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """A record as it came, and the receipt as it went."""

    seq: int
    envelope: bytes
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a packet is made of.

    `log` runs without a gap from the first to the last line of the case, `log_prev_hash` is the
    hash before it. `chain` has every number between the first and the last of `records` that is not
    among them: the payload hash, or why it is not known.
    """

    case: CaseFacts
    exported_utc_ms: int
    records: Sequence[SignedRecord]
    exhibits: Mapping[str, bytes]
    chain: Mapping[int, str | NotKnown]
    log: Sequence[LogLine | LogLink]
    log_prev_hash: str
    keys: Sequence[KeyFacts]
    documents: Mapping[str, bytes] = field(default_factory=dict)
    """The PDFs of what was issued, by their hash, which the log names."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What each PDF is: its kind, and its number where it has one."""
    policies: Mapping[str, bytes] = field(default_factory=dict)
    """The packs that the records name, as the server signed them, by their hash."""
    more: Mapping[str, bytes] = field(default_factory=dict)
    """`checkpoint.dsse` and `timestamp.tsr`, where there are any."""


def build_packet(parts: Parts, signer: Signer) -> bytes:
    """The archive. Raises PacketError where it would not pass its own verifier."""
    files = _files(parts)
    manifest = Manifest(
        v=1,
        exported_utc_ms=parts.exported_utc_ms,
        case=parts.case,
        log=_span(parts),
        files=[
            FileListed(path=path, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
            for path, data in sorted(files.items())
        ],
    )
    envelope = signer.seal(Manifest.PAYLOAD_TYPE, manifest.to_bytes())
    packet = write_zip({**files, MANIFEST: envelope})
    if reasons := verify(packet, [signer.key_id]).reasons:
        raise PacketError("; ".join(reasons))
    return packet


def _files(parts: Parts) -> dict[str, bytes]:
    links = [
        {"seq": seq, "missing": link.reason}
        if isinstance(link, NotKnown)
        else {"seq": seq, "sha256": link}
        for seq, link in sorted(parts.chain.items())
    ]
    files = {
        "README.txt": README.encode(),
        "CONTENTS.txt": contents(parts).encode(),
        "firelane_verify.py": VERIFIER.read_bytes(),
        "keys.json": _json([key.model_dump(mode="json") for key in parts.keys]),
        "chain.json": _json(links),
        "log.jsonl": b"".join(_json(_log_line(line)) for line in parts.log),
        **parts.more,
    }
    for record in parts.records:
        files[f"records/{record.seq:016d}.dsse"] = record.envelope
        files[f"receipts/{record.seq:016d}.dsse"] = record.receipt
    for sha256, data in parts.exhibits.items():
        files[f"exhibits/{sha256}.jpg"] = data
    for sha256, data in parts.documents.items():
        files[f"documents/{sha256}.pdf"] = data
    for sha256, data in parts.policies.items():
        files[f"policies/{sha256}.dsse"] = data
    return files


def contents(parts: Parts) -> str:
    """The list of contents for people: records, images, documents, rules, log."""
    case = parts.case
    lines = [
        f"案件 Case {case.number}    {case.site} · {case.camera} · {case.lane}",
        f"设备 Device {case.device}    状态 State {case.state}",
        "",
    ]
    groups: Sequence[tuple[str, Mapping[str, str]]] = (
        ("设备签名记录 Signed records", {f"records/{one.seq:016d}.dsse": f"{one.seq}"
                                          for one in parts.records}),
        ("图像 Images", {f"exhibits/{name}.jpg": f"{len(data)} B"
                          for name, data in sorted(parts.exhibits.items())}),
        ("文书 Documents", {f"documents/{name}.pdf": parts.titles.get(name, "")
                             for name in parts.documents}),
        ("裁量规则 Policy packs", {f"policies/{name}.dsse": "" for name in sorted(parts.policies)}),
        ("日志 Log", {"log.jsonl": f"{parts.log[0].seq}-{parts.log[-1].seq}"} if parts.log else {}),
    )  # fmt: skip
    number = 0
    for title, files in groups:
        lines += [f"{title}: {len(files)}"]
        for path, told in files.items():
            number += 1
            lines.append(f"  {number:3d}  {path}  {told}".rstrip())
        lines.append("")
    return "\n".join(lines)


def _log_line(line: LogLine | LogLink) -> dict[str, object]:
    if isinstance(line, LogLink):
        return {"seq": line.seq, "content": line.content}
    return {
        "seq": line.seq,
        "utc_ms": line.utc_ms,
        "actor": line.actor,
        "type": line.type,
        "case": line.case,
        "payload": line.payload,
    }


def _span(parts: Parts) -> LogSpan:
    if not parts.log:
        raise PacketError("the case has no line in the log")
    head = parts.log_prev_hash
    for line in parts.log:
        head = sha256_of([line.seq, head, line.content])
    return LogSpan(
        first=parts.log[0].seq, prev_hash=parts.log_prev_hash, last=parts.log[-1].seq, hash=head
    )


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
