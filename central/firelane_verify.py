"""firelane-verify: is this exported packet whole and unchanged? Offline, on any computer.

    firelane-verify packet.zip [--trust KEY]... [--json]
    python3 firelane_verify.py packet.zip             this one file and `cryptography` suffice

Exit code 0: PASS, 1: FAIL with reasons, 2: the command itself was wrong. Every check is made with
nothing but the bytes of the packet. They show that nothing in it was changed since its keys signed
it; whose keys those are, the packet cannot show by itself: compare the fingerprint of the central
key with the one that the authority publishes, or give it with --trust (a file with PEM keys or
fingerprints, or a fingerprint itself). The layout of a packet is described in central/README.md.
"""

import argparse
import base64
import hashlib
import io
import json
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

TYPE = "application/vnd.firelane.{}.v1+json"
POLICY = "application/vnd.firelane.policy.v1+yaml"
MANIFEST = "MANIFEST.dsse"
PACKET_BYTES = 2**30
ENVELOPE_BYTES = 96 * 1024
MOST_FILES = 10_000
NO_HASH = "0" * 64
_NAME = re.compile(
    r"MANIFEST\.dsse|README\.txt|CONTENTS\.txt|firelane_verify\.py|keys\.json|chain\.json|log\.jsonl|checkpoint\.dsse|timestamp\.tsr"
    r"|(records|receipts)/[0-9]{16}\.dsse|policies/[0-9a-f]{64}\.dsse|exhibits/[0-9a-f]{64}\.jpg|documents/[0-9a-f]{64}\.pdf"
)
_REQUIRED = frozenset({MANIFEST, "README.txt", "keys.json", "chain.json", "log.jsonl"})
_CONTENT = ("utc_ms", "actor", "type", "case", "payload")
_KINDS = ("arrival", "overstay", "departure", "broken")
_CHECKS = {
    "archive": "the file is exactly as exported 文件与导出时完全一致",
    "manifest": "the central server signed the list of contents 目录由中心服务器签名",
    "files": "every file is listed and unchanged 每个文件均在目录中且未改动",
    "trust": "the central key is the trusted one 中心密钥可信",
    "records": "the device signed every record 每条记录由设备签名",
    "exhibits": "every image is the one recorded 每张图像与记录一致",
    "chain": "no record was removed or inserted 记录链完整",
    "receipts": "the server confirmed every record 每条记录均有回执",
    "policies": "the rules named are the ones that the server signed 所依据的裁量规则由中心签名",
    "log": "the case's history is unbroken 案件日志完整",
    "documents": "every issued document is here and unchanged 已出具的文书齐全且未改动",
}


class Refused(Exception):
    """Something in the packet is not as it must be; the text says what."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check by name; it holds where there are no reasons against it."""

    name: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `facts` tells about the case as far as the packet could be read."""

    sha256: str
    checks: tuple[Check, ...]
    facts: Mapping[str, Any]
    trusted: bool | None
    """None where no key was given to compare with."""
    notes: tuple[str, ...] = ()
    """What the server itself says is not there; it speaks against nothing in the packet."""

    @property
    def passed(self) -> bool:
        return not self.reasons

    @property
    def reasons(self) -> list[str]:
        return [f"{check.name}: {reason}" for check in self.checks for reason in check.reasons]


@dataclass(slots=True)
class Packet:
    """What the checks have read so far; each fills in what the later ones rest on."""

    raw: bytes
    trusted: Sequence[str]
    files: dict[str, bytes] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)
    signer: str = ""
    records: dict[int, dict[str, Any]] = field(default_factory=dict)
    hashes: dict[int, str] = field(default_factory=dict)
    stored: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Of each record the number of its line in the log, and when the server stored it."""
    log: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """The one archive that these files make: sorted, uncompressed, without times or comments.

    So a packet has no room for anything that its manifest does not cover (PKWARE APPNOTE 6.3).
    """
    body, directory = io.BytesIO(), io.BytesIO()
    for name, data in sorted(files.items()):
        encoded = name.encode("ascii")
        common = struct.pack(
            "<HHHHHIIIHH",
            *(20, 0, 0, 0, 0x21),  # version 2.0, no flags, stored, 1980-01-01 00:00
            *(zlib.crc32(data), len(data), len(data), len(encoded), 0),
        )
        directory.write(b"PK\x01\x02\x14\x00" + common)
        directory.write(struct.pack("<HHHII", 0, 0, 0, 0, body.tell()) + encoded)
        body.write(b"PK\x03\x04" + common + encoded + data)
    listing, count = directory.getvalue(), len(files)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(listing), body.tell(), 0)
    return body.getvalue() + listing + b"PK\x05\x06" + end


def read_zip(raw: bytes) -> dict[str, bytes]:
    """The files of a packet. Raises Refused for anything that `write_zip` would not have made."""
    if len(raw) > PACKET_BYTES:
        raise Refused(f"the file must be at most {PACKET_BYTES} bytes, it has {len(raw)}")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            _check_entries(entries, len(raw))
            found = {name: archive.read(name) for name in names}
    except Refused:
        raise
    except Exception as error:  # zipfile raises half a dozen kinds over broken archives
        raise Refused(f"the file is cut or is no zip archive ({error})") from error
    if write_zip(found) != raw:
        raise Refused("the archive was written anew, or holds bytes beside its files")
    return found


def _check_entries(entries: Sequence[zipfile.ZipInfo], size: int) -> None:
    names = [entry.filename for entry in entries]
    if len(names) > MOST_FILES:
        raise Refused(f"the archive must hold at most {MOST_FILES} files, it has {len(names)}")
    for name in names:
        if _NAME.fullmatch(name) is None:
            raise Refused(f"a file of this name does not belong here: {name[:80]!r}")
        if names.count(name) > 1:
            raise Refused(f"{name} is there twice")
    if missing := sorted(_REQUIRED - set(names)):
        raise Refused(f"{missing[0]} is missing")
    if any(entry.compress_type or entry.flag_bits for entry in entries):
        raise Refused("its files must be neither compressed nor encrypted")
    if sum(entry.file_size for entry in entries) > size:
        raise Refused("its files claim more bytes than the archive has")


def strict_json(raw: bytes) -> Any:
    """JSON with one reading: UTF-8, no key twice. Raises Refused."""
    try:
        return json.loads(raw.decode(), object_pairs_hook=_no_key_twice)
    except (ValueError, RecursionError) as error:
        raise Refused(f"not readable as JSON ({str(error)[:100]})") from error


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused("a key stands twice in one JSON object")
    return dict(pairs)


def take(tree: Any, path: str, kind: type) -> Any:
    """A value by its path (`stay.id`). Raises Refused where it is not there or of another type."""
    at = tree
    for step in path.split("."):
        at = at.get(step) if isinstance(at, dict) else None
    if type(at) is not kind:
        raise Refused(f"{path} must be {kind.__name__}, it is {at!r:.60}")
    return at


def open_envelope(raw: bytes, payload_type: str, keys: Sequence[dict[str, Any]]) -> tuple[Any, str]:
    """The parsed payload of an envelope, and the key that signed. Raises Refused."""
    payload, keyid = signed_payload(raw, payload_type, keys)
    return strict_json(payload), keyid


def signed_payload(
    raw: bytes, payload_type: str, keys: Sequence[dict[str, Any]]
) -> tuple[bytes, str]:
    """Check a DSSE envelope (secure-systems-lab/dsse, protocol 1.0) and give the exact payload and
    the key that signed. Raises Refused."""
    if len(raw) > ENVELOPE_BYTES:
        raise Refused("the envelope is too large")
    envelope = strict_json(raw)
    if take(envelope, "payloadType", str) != payload_type:
        raise Refused(f"the payload type must be {payload_type}")
    payload = _from_base64(take(envelope, "payload", str))
    signed = b"DSSEv1 %d %s %d %s" % (
        *(len(payload_type), payload_type.encode()),
        *(len(payload), payload),
    )
    by_id = {key["keyid"]: key["key"] for key in keys}
    for signature in take(envelope, "signatures", list):
        key = by_id.get(take(signature, "keyid", str))
        if key is None or take(signature, "alg", str) != "ed25519":
            continue
        try:
            key.verify(_from_base64(take(signature, "sig", str)), signed)
        except InvalidSignature:
            continue
        return payload, str(signature["keyid"])
    raise Refused("no key that may sign here signed these bytes")


def _is_plain(raw: bytes) -> bool:
    """Whether an envelope has no room for anything unsigned: one signature, one spelling."""
    parts = strict_json(raw)
    signature = parts["signatures"][0]
    only = {
        **{name: parts[name] for name in ("payloadType", "payload")},
        "signatures": [{name: signature[name] for name in ("keyid", "alg", "sig")}],
    }
    return raw == json.dumps(only, ensure_ascii=False, separators=(",", ":")).encode()


def payload_sha256(raw: bytes) -> str:
    """The name of the message in an envelope: the SHA-256 of its payload."""
    return hashlib.sha256(_from_base64(take(strict_json(raw), "payload", str))).hexdigest()


def _from_base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise Refused("base64 with spare bits")
    return data


def _role(packet: Packet, role: str, name: str | None = None) -> list[dict[str, Any]]:
    keys = [key for key in packet.keys if key["role"] == role]
    return [key for key in keys if name is None or key["name"] == name]


def _check_archive(packet: Packet) -> None:
    packet.files = read_zip(packet.raw)


def _check_manifest(packet: Packet) -> None:
    for entry in strict_json(packet.files["keys.json"]):
        raw = bytes.fromhex(take(entry, "public_key", str))
        if hashlib.sha256(raw).hexdigest()[:32] != take(entry, "keyid", str):
            raise Refused(f"the key id {entry['keyid']:.40} does not belong to its key")
        key = Ed25519PublicKey.from_public_bytes(raw)
        role, name = take(entry, "role", str), take(entry, "name", str)
        packet.keys.append({"keyid": entry["keyid"], "role": role, "name": name, "key": key})
    envelope = packet.files[MANIFEST]
    packet.manifest, packet.signer = open_envelope(
        envelope, TYPE.format("export"), _role(packet, "central")
    )
    if not _is_plain(envelope):
        raise Refused("the manifest's envelope was written anew")
    if take(packet.manifest, "v", int) != 1:
        raise Refused("this program reads packets of version 1 only")


def _check_files(packet: Packet) -> Iterable[str]:
    listed = {take(entry, "path", str): entry for entry in take(packet.manifest, "files", list)}
    held = packet.files.keys() - {MANIFEST}
    yield from (f"{name} is not in the list of contents" for name in sorted(held - listed.keys()))
    yield from (f"{name} is missing" for name in sorted(listed.keys() - held))
    for name in sorted(held & listed.keys()):
        data = packet.files[name]
        digest = hashlib.sha256(data).hexdigest()
        if (digest, len(data)) != (listed[name].get("sha256"), listed[name].get("size")):
            yield f"{name} was changed: it hashes to {digest}"


def _check_trust(packet: Packet) -> Iterable[str]:
    if packet.trusted and packet.signer not in {known[:32] for known in packet.trusted}:
        yield f"the packet is signed by key {packet.signer}, which is none of the trusted ones"


def _check_records(packet: Packet) -> Iterable[str]:
    device = take(packet.manifest, "case.device", str)
    names = sorted(name for name in packet.files if name.startswith("records/"))
    for name in names:
        raw = packet.files[name]
        try:
            record, _ = open_envelope(raw, TYPE.format("record"), _role(packet, "device", device))
            seq = take(record, "seq", int)
            packet.records[seq], packet.hashes[seq] = record, payload_sha256(raw)
            yield from (f"{name}: {fault}" for fault in _record_faults(packet, name, record))
        except Refused as error:
            yield f"{name}: {error}"
    if not names:
        yield "the packet holds no record"


def _record_faults(packet: Packet, name: str, record: dict[str, Any]) -> Iterable[str]:
    if name != f"records/{record['seq']:016d}.dsse":
        yield f"its number is {record['seq']}"
    for path, expected in (
        ("device", packet.manifest["case"]["device"]),
        ("stay.id", take(packet.manifest, "case.stay_id", str)),
        ("camera", take(packet.manifest, "case.camera", str)),
        ("v", 1),
    ):
        if (found := take(record, path, type(expected))) != expected:
            yield f"{path} is {found!r}, the case's is {expected!r}"
    if take(record, "kind", str) not in _KINDS:
        yield f"its kind is {record['kind']!r:.40}"
    lane = take(record, "lane", dict)
    frame = [lane.get("frame_width"), lane.get("frame_height")]
    if sha256_of([lane.get("id"), frame, lane.get("polygon")]) != lane.get("version"):
        yield "the lane's version does not belong to its polygon"


def sha256_of(value: Any) -> str:
    """SHA-256 of the compact JSON of a value, UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_exhibits(packet: Packet) -> Iterable[str]:
    named: set[str] = set()
    erased = _erased(packet)
    for seq, record in sorted(packet.records.items()):
        for exhibit in take(record, "exhibits", list):
            sha256 = take(exhibit, "sha256", str)
            data = packet.files.get(f"exhibits/{sha256}.jpg")
            named.add(f"exhibits/{sha256}.jpg")
            if data is None and sha256 in erased:
                packet.notes.append(f"image {sha256} of record {seq} was {erased[sha256]}")
            elif data is None:
                yield f"image {sha256} of record {seq} is missing"
            elif len(data) != exhibit.get("size"):
                yield f"image {sha256} of record {seq} has {len(data)} bytes"
    for name in sorted(packet.files):
        if not name.startswith("exhibits/"):
            continue
        if hashlib.sha256(packet.files[name]).hexdigest() != name[9:73]:
            yield f"{name} was changed: it does not hash to its name"
        if name not in named:
            yield f"{name} belongs to no record"


def _erased(packet: Packet) -> dict[str, str]:
    """What the case's log says was erased when its time was over; `log` checks those lines."""
    found: dict[str, str] = {}
    for text in packet.files["log.jsonl"].splitlines():
        line = strict_json(text)
        if line.get("type") == "erased" and line.get("case") == packet.manifest["case"]["id"]:
            told = strict_json(take(line, "payload", str).encode())
            when = f"erased on {_clock(line.get('utc_ms'))} under rule {take(told, 'rule', str)}"
            found |= dict.fromkeys(take(told, "sha256", str).split(), when)
    return found


def _check_chain(packet: Packet) -> Iterable[str]:
    known: dict[int, str | None] = {}
    for link in strict_json(packet.files["chain.json"]):
        seq = take(link, "seq", int)
        if link.get("missing") is None:
            known[seq] = take(link, "sha256", str)
        else:
            known[seq] = None
            reason = take(link, "missing", str)
            packet.notes.append(f"record {seq} of the device is not known: {reason:.100}")
    first, last = min(packet.hashes), max(packet.hashes)
    if set(known) != set(range(first, last + 1)) - set(packet.hashes):
        yield f"the records {first} to {last} and the links between them do not make a whole chain"
    known = {0: NO_HASH, **known, **packet.hashes}
    for seq, record in sorted(packet.records.items()):
        before, prev = known.get(seq - 1), take(record, "prev", str)
        if before is not None and prev != before:
            yield f"record {seq} does not follow record {seq - 1}"
        elif not re.fullmatch("[0-9a-f]{64}", prev):
            yield f"record {seq} names no predecessor"


def _check_receipts(packet: Packet) -> Iterable[str]:
    held = {int(name[9:25]) for name in packet.files if name.startswith("receipts/")}
    for seq in sorted(held ^ set(packet.records)):
        yield f"record {seq} and its receipt are not both there"
    for seq in sorted(held & set(packet.records)):
        raw, record = packet.files[f"receipts/{seq:016d}.dsse"], packet.records[seq]
        try:
            receipt, _ = open_envelope(raw, TYPE.format("receipt"), _role(packet, "central"))
        except Refused as error:
            yield f"the receipt of record {seq}: {error}"
            continue
        expected = {name: record[name] for name in ("seq", "device", "record_id")}
        expected["record_sha256"] = packet.hashes[seq]
        if {name: receipt.get(name) for name in expected} != expected:
            yield f"the receipt of record {seq} is about another record"
        packet.stored[seq] = take(receipt, "log_index", int), take(receipt, "stored_utc_ms", int)


def _check_policies(packet: Packet) -> Iterable[str]:
    """Each pack is the one of its name; a record may name one that the server never knew."""
    held = {name for name in packet.files if name.startswith("policies/")}
    named = {take(record, "rules.policy_sha256", str) for record in packet.records.values()}
    for name in sorted(held):
        payload, _ = signed_payload(packet.files[name], POLICY, _role(packet, "central"))
        if hashlib.sha256(payload).hexdigest() != name[9:73]:
            yield f"{name} was changed: it does not hash to its name"
        if name[9:73] not in named:
            yield f"no record names the policy pack {name[9:73]}"
    for sha256 in sorted(named):
        if f"policies/{sha256}.dsse" not in held:
            packet.notes.append(f"the policy pack {sha256} was never put in force by the server")


def _check_log(packet: Packet) -> Iterable[str]:
    seq = take(packet.manifest, "log.first", int)
    head = take(packet.manifest, "log.prev_hash", str)
    case, hashes = take(packet.manifest, "case.id", str), {}
    for text in packet.files["log.jsonl"].splitlines():
        line = strict_json(text)
        if take(line, "seq", int) != seq:
            raise Refused(f"line {seq} of the log is missing")
        content = line.get("content")
        if content is None:
            packet.log[seq] = line
            content = sha256_of([line.get(name) for name in _CONTENT])
            if line.get("case") != case:
                yield f"line {seq} of the log is about another case"
        head = hashes[seq] = sha256_of([seq, head, content])
        seq += 1
    if (seq - 1, head) != (packet.manifest["log"].get("last"), packet.manifest["log"].get("hash")):
        yield "the log does not lead to the hash that the manifest names"
    yield from _stored_faults(packet)
    if "checkpoint.dsse" in packet.files:
        point, _ = open_envelope(
            packet.files["checkpoint.dsse"], TYPE.format("checkpoint"), _role(packet, "central")
        )
        if hashes.get(take(point, "seq", int)) != take(point, "hash", str):
            yield "the log does not lead to the hash of the signed checkpoint"
    if "timestamp.tsr" in packet.files:  # whose word it is, `openssl ts -verify` tells
        stamped = packet.files.get("checkpoint.dsse", b"")
        prints = (hashlib.new(name, stamped).digest() for name in ("sha256", "sha384", "sha512"))
        if not any(each in packet.files["timestamp.tsr"] for each in prints):
            yield "the time stamp is not about the signed checkpoint"


def _stored_faults(packet: Packet) -> Iterable[str]:
    for seq, record in sorted(packet.records.items()):
        index, _ = packet.stored.get(seq, (0, 0))
        line = packet.log.get(index, {})
        payload = strict_json(line.get("payload", "{}").encode())
        told = (line.get("type"), payload.get("record"), payload.get("sha256"))
        if told != ("record-stored", record["record_id"], packet.hashes[seq]):
            yield f"the log does not say that record {seq} was stored"


def _check_documents(packet: Packet) -> Iterable[str]:
    """The log names each PDF by its hash; none that it names may be missing."""
    named = {
        f"documents/{take(strict_json(line['payload'].encode()), 'pdf', str)}.pdf"
        for line in packet.log.values()
        if line.get("type") == "document-printed"
    }
    held = {name for name in packet.files if name.startswith("documents/")}
    yield from (f"{name} is missing" for name in sorted(named - held))
    yield from (f"the log names no document {name}" for name in sorted(held - named))
    for name in sorted(held):
        if hashlib.sha256(packet.files[name]).hexdigest() != name[10:74]:
            yield f"{name} was changed: it does not hash to its name"


_STEPS: dict[str, Callable[[Packet], Iterable[str] | None]] = {
    "archive": _check_archive,
    "manifest": _check_manifest,
    "files": _check_files,
    "trust": _check_trust,
    "records": _check_records,
    "exhibits": _check_exhibits,
    "chain": _check_chain,
    "receipts": _check_receipts,
    "policies": _check_policies,
    "log": _check_log,
    "documents": _check_documents,
}


def verify(raw: bytes, trusted: Sequence[str] = ()) -> Report:
    """All checks on the bytes of a packet. Never raises, whatever the bytes."""
    packet, checks = Packet(raw, trusted), []
    for name, step in _STEPS.items():
        try:
            reasons = list(step(packet) or ())
        except Refused as error:
            reasons = [str(error)]
        except Exception as error:  # hostile bytes must end in a verdict, whatever they break
            reasons = [f"cannot be read ({type(error).__name__}: {str(error)[:100]})"]
        checks.append(Check(name, tuple(reasons)))
        if reasons and name in ("archive", "manifest"):
            break
    trust = not checks[3].reasons if trusted and len(checks) > 3 else None
    digest = hashlib.sha256(raw).hexdigest()
    return Report(digest, tuple(checks), _facts(packet), trust, tuple(packet.notes))


def _facts(packet: Packet) -> dict[str, Any]:
    return {
        "case": packet.manifest.get("case"),
        "exported_utc_ms": packet.manifest.get("exported_utc_ms"),
        "signed_by": packet.signer or None,
        "records": [_record_facts(packet, seq) for seq in sorted(packet.records)],
        "keys": [{name: key[name] for name in ("role", "name", "keyid")} for key in packet.keys],
    }


def _record_facts(packet: Packet, seq: int) -> dict[str, Any]:
    record, facts = packet.records[seq], {"seq": seq}
    for name, path in (
        ("kind", "kind"),
        ("made_utc_ms", "made.utc_ms"),
        ("clock", "clock.state"),
        ("standing_ms", "stay.standing_ms"),
        ("unobserved_ms", "stay.unobserved_ms"),
        ("plate", "vehicle.plate.text"),
    ):
        at: Any = record
        for step in path.split("."):
            at = at.get(step) if isinstance(at, dict) else None
        facts[name] = at
    return {**facts, "stored_utc_ms": packet.stored.get(seq, (0, None))[1]}


def fingerprints(given: str) -> list[str]:
    """The keys that --trust names: a fingerprint (SHA-256 of the raw key in hex, or its first 32
    digits, the key id), or a file with PEM public keys or lines of fingerprints.

    Raises Refused.
    """
    path = Path(given)
    lines = path.read_text(encoding="utf-8") if path.is_file() else given
    found = [
        hashlib.sha256(_raw_key(block.encode())).hexdigest()
        for block in re.findall(
            r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", lines, re.S
        )
    ]
    words = [word.replace(":", "").lower() for word in lines.split() if "-----" not in word]
    found += [word for word in words if re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{64}", word)]
    if not found:
        raise Refused(f"--trust must be a fingerprint or a file with one or with PEM keys: {given}")
    return found


def _raw_key(pem: bytes) -> bytes:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused(f"--trust holds a PEM block that is no key ({error})") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Refused("--trust holds a key that is not Ed25519")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def printed(report: Report, name: str) -> str:
    """The report for people."""
    lines = [
        f"{'PASS 通过' if report.passed else 'FAIL 不通过'}  {name}",
        f"SHA-256 {report.sha256}",
        "",
    ]
    for check in report.checks:
        if check.name == "trust" and report.trusted is None:
            continue
        lines.append(f"  {'FAIL' if check.reasons else ' ok '}  {_CHECKS[check.name]}")
        lines += [f"          {reason}" for reason in check.reasons[:20]]
        if len(check.reasons) > 20:
            lines.append(f"          and {len(check.reasons) - 20} more")
    skipped = list(_CHECKS)[len(report.checks) :]
    lines += [f"  ----  {_CHECKS[name]}" for name in skipped]
    lines += [f"  note  {note}" for note in report.notes]
    lines += ["", *_told_facts(report.facts)]
    if report.passed and report.trusted is None:
        lines += [
            "",
            f"Signed by the central key {report.facts['signed_by']}.",
            "Compare it with the one that the authority publishes, or give that with --trust:",
            "nobody's word is proven by his own key.",
            "请将上述中心密钥指纹与主管部门公布的指纹核对。",
        ]
    return "\n".join(lines)


def _told_facts(facts: Mapping[str, Any]) -> list[str]:
    case = facts["case"] if isinstance(facts["case"], dict) else {}
    names = [f"{name} {case[name]}" for name in ("number", "site", "device", "camera", "lane")
             if isinstance(case.get(name), str)]  # fmt: skip
    told = [f"Case 案件 {', '.join(names)}"] if names else []
    for record in facts["records"]:
        stood = record["standing_ms"]
        seconds = f"{stood // 1000} s" if isinstance(stood, int) else "?"
        told.append(
            f"  record {record['seq']}: {record['kind']}, made {_clock(record['made_utc_ms'])} "
            f"(clock {record['clock']}), stood {seconds}, plate {record['plate'] or 'unread'}"
        )
    return told


def _clock(utc_ms: object) -> str:
    if not isinstance(utc_ms, int) or not 0 <= utc_ms < 2**47:
        return "?"
    whole = datetime.fromtimestamp(utc_ms // 1000, timezone.utc)  # noqa: UP017  runs on Python 3.10 too
    return f"{whole:%Y-%m-%d %H:%M:%S} UTC"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Gives 0 for PASS, 1 for FAIL, 2 where it was not told what to do."""
    parser = argparse.ArgumentParser(prog="firelane-verify", description=__doc__.split("\n")[0])
    parser.add_argument("packet", type=Path, help="the exported file")
    told = "fingerprint, or file with PEM keys or fingerprints; may be repeated"
    parser.add_argument("--trust", action="append", default=[], metavar="KEY", help=told)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    chosen = parser.parse_args(arguments)
    try:
        trusted = [found for given in chosen.trust for found in fingerprints(given)]
        with chosen.packet.open("rb") as file:
            raw = file.read(PACKET_BYTES + 1)
    except (OSError, Refused, UnicodeDecodeError) as error:
        print(f"firelane-verify: {error}", file=sys.stderr)
        return 2
    report = verify(raw, trusted)
    if chosen.json:
        verdict = {"result": "PASS" if report.passed else "FAIL", "reasons": report.reasons}
        print(json.dumps({**verdict, **asdict(report)}, ensure_ascii=False, indent=2))
    else:
        print(printed(report, chosen.packet.name))
    return 0 if report.passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
