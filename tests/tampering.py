"""Ways to tamper with exported packets, for the tests of the verifier and for scripts/faults."""

import base64
import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

from central.firelane_verify import MANIFEST, read_zip, verify, write_zip
from edge.wire.signing import Signer
from tests.device import jpeg, signer
from tests.exported import Exported, export

Tamper = Callable[[random.Random, Exported, Exported], bytes]
TYPE = "application/vnd.firelane.{}.v1+json"
STRANGER = signer(7)


def pick(chance: random.Random, files: dict[str, bytes], folder: str) -> str:
    return chance.choice(sorted(name for name in files if name.startswith(folder)))


def relisted(files: dict[str, bytes], server: Signer) -> bytes:
    """The packet with its manifest made to fit again and signed by `server`."""
    manifest = payload(files[MANIFEST])
    manifest["files"] = [
        {"path": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in sorted(files.items())
        if name != MANIFEST
    ]
    return write_zip({**files, MANIFEST: server.seal(TYPE.format("export"), dumped(manifest))})


def relisted_by_a_stranger(files: dict[str, bytes]) -> bytes:
    return relisted(files, STRANGER)


def payload(envelope: bytes) -> Any:
    return json.loads(base64.b64decode(json.loads(envelope)["payload"]))


def dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def bent(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def flip_a_bit_of_the_file(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    return bent(chance, mine.raw)


def cut_the_file(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    return mine.raw[: chance.randrange(len(mine.raw))]


def drop_bytes_from_the_middle(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    at = chance.randrange(len(mine.raw) - 1)
    return mine.raw[:at] + mine.raw[at + chance.randint(1, 200) :]


def add_bytes(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    at = chance.choice([0, chance.randrange(len(mine.raw)), len(mine.raw)])
    return mine.raw[:at] + chance.randbytes(chance.randint(1, 50)) + mine.raw[at:]


def bend_a_file(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    files = read_zip(mine.raw)
    name = pick(chance, files, "")
    return write_zip({**files, name: bent(chance, files[name])})


def delete_a_file(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    files = read_zip(mine.raw)
    del files[pick(chance, files, "")]
    return write_zip(files)


def add_a_file(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    extra = jpeg(chance.getrandbits(30), 24, 16)
    return write_zip(
        {**read_zip(mine.raw), f"exhibits/{hashlib.sha256(extra).hexdigest()}.jpg": extra}
    )


def delete_a_record_and_its_receipt(
    chance: random.Random, mine: Exported, other: Exported
) -> bytes:
    files = read_zip(mine.raw)
    name = pick(chance, files, "records/")
    del files[name], files[name.replace("records", "receipts")]
    return chance.choice([write_zip(files), relisted(files, STRANGER)])


def swap_two_files_of_a_folder(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    files = read_zip(mine.raw)
    folder = chance.choice(["records/", "receipts/", "exhibits/"])
    names = chance.sample(sorted(name for name in files if name.startswith(folder)), 2)
    files[names[0]], files[names[1]] = files[names[1]], files[names[0]]
    return write_zip(files)


def take_a_file_of_another_packet(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    files, others = read_zip(mine.raw), read_zip(other.raw)
    folder = chance.choice(["records/", "receipts/", "exhibits/", "log", "keys", MANIFEST])
    name, theirs = pick(chance, files, folder), pick(chance, others, folder)
    return write_zip({**files, name: others[theirs]})


def swap_images_between_packets(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    """The image goes in under its own name, the record is left as it is."""
    files, others = read_zip(mine.raw), read_zip(other.raw)
    del files[pick(chance, files, "exhibits/")]
    name = pick(chance, others, "exhibits/")
    return chance.choice([write_zip, relisted_by_a_stranger])({**files, name: others[name]})


def edit_a_record(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    """Another plate, time or ending, with the old signature left beside it."""
    files = read_zip(mine.raw)
    name = pick(chance, files, "records/")
    record = edited(chance, payload(files[name]))
    envelope = json.loads(files[name])
    envelope["payload"] = base64.b64encode(dumped(record)).decode()
    return write_zip({**files, name: dumped(envelope)})


def edited(chance: random.Random, record: Any) -> Any:
    edit = chance.randrange(5)
    if edit == 0:
        record["vehicle"]["plate"]["text"] = f"京A{chance.randrange(10**5):05d}"
    elif edit == 1:
        record["stay"]["standing_ms"] += chance.randint(1, 10**6)
    elif edit == 2:
        record["made"]["utc_ms"] -= chance.randint(1, 10**9)
    elif edit == 3:
        record["stay"]["gaps"] = []
        record["seq"] += 1
    else:
        record["lane"]["polygon"][0] = [chance.randrange(10**4), 1]
    return record


def sign_a_record_with_another_key(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    files = read_zip(mine.raw)
    name = pick(chance, files, "records/")
    record = edited(chance, payload(files[name]))
    files[name] = STRANGER.seal(TYPE.format("record"), dumped(record))
    return chance.choice([write_zip, relisted_by_a_stranger])(files)


def put_another_key_into_the_packet(
    chance: random.Random, mine: Exported, other: Exported
) -> bytes:
    """Everything a forger can sign is signed by his own key, and the key stands in the packet."""
    files = read_zip(mine.raw)
    role = chance.choice(["device", "central"])
    keys = json.loads(files["keys.json"])
    name = next(key["name"] for key in keys if key["role"] == role)
    public = STRANGER.key.public_key().public_bytes_raw().hex()
    keys.append({"keyid": STRANGER.key_id, "role": role, "name": name, "public_key": public})
    files["keys.json"] = dumped(keys)
    for record in [name for name in files if name.startswith("records/")]:
        if role == "device" and chance.random() < 0.5:
            files[record] = STRANGER.seal(
                TYPE.format("record"), dumped(edited(chance, payload(files[record])))
            )
    return chance.choice([write_zip, relisted_by_a_stranger])(files)


def edit_the_log(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    files = read_zip(mine.raw)
    lines = files["log.jsonl"].splitlines(keepends=True)
    at = chance.randrange(len(lines))
    if chance.random() < 0.5:
        del lines[at]
    else:
        lines.insert(chance.randrange(len(lines)), lines.pop(at))
    log = b"".join(lines)
    if log == files["log.jsonl"]:
        log = log[: -len(lines[-1])]
    return write_zip({**files, "log.jsonl": log})


def edit_the_manifest(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    files = read_zip(mine.raw)
    manifest = payload(files[MANIFEST])
    chance.choice(manifest["files"])["size"] += 1
    manifest["case"]["number"] += "0"
    envelope = json.loads(files[MANIFEST])
    envelope["payload"] = base64.b64encode(dumped(manifest)).decode()
    return write_zip({**files, MANIFEST: dumped(envelope)})


def respell_an_envelope(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    """The same statement and signature in other bytes."""
    files = read_zip(mine.raw)
    name = chance.choice([MANIFEST, pick(chance, files, "rec")])
    return write_zip({**files, name: json.dumps(json.loads(files[name]), indent=1).encode()})


TAMPERS: list[Tamper] = [
    flip_a_bit_of_the_file,
    cut_the_file,
    drop_bytes_from_the_middle,
    add_bytes,
    bend_a_file,
    delete_a_file,
    add_a_file,
    delete_a_record_and_its_receipt,
    swap_two_files_of_a_folder,
    take_a_file_of_another_packet,
    swap_images_between_packets,
    edit_a_record,
    sign_a_record_with_another_key,
    put_another_key_into_the_packet,
    edit_the_log,
    edit_the_manifest,
    respell_an_envelope,
]


def survivors(trials: int, seed: int, *, trusting: bool = True) -> list[str]:
    """Names and seeds of the changes that the verifier did not flag. Without `trusting` it is not
    told the server's key, and only reads what stands in the packet."""
    packets = [export(number) for number in range(1, 6)]
    trusted = [packets[0].server.signer.key_id] if trusting else []
    found = []
    for trial in range(trials):
        chance = random.Random(f"{seed} {trial}")
        tamper = TAMPERS[trial % len(TAMPERS)] if trusting else forge
        mine, other = chance.sample(packets, 2)
        raw = tamper(chance, mine, other)
        if raw == mine.raw:
            found.append(f"{tamper.__name__} {seed} {trial} changed nothing")
        elif verify(raw, trusted).passed:
            found.append(f"{tamper.__name__} {seed} {trial}")
    return found


def forge(chance: random.Random, mine: Exported, other: Exported) -> bytes:
    """A forger's own packet: everything that the server signs is signed by his key, and the packet
    says that it is the server's."""
    files = read_zip(mine.raw)
    keys = json.loads(files["keys.json"])
    public = STRANGER.key.public_key().public_bytes_raw().hex()
    keys[0] |= {"keyid": STRANGER.key_id, "public_key": public}
    files["keys.json"] = dumped(keys)
    for name in [name for name in files if name.startswith("receipts/")]:
        files[name] = STRANGER.seal(TYPE.format("receipt"), dumped(payload(files[name])))
    return relisted(files, STRANGER)


def falsely_flagged(packets: int, first: int) -> list[str]:
    found = []
    for seed in range(first, first + packets):
        made = export(seed, strangers=seed % 4)
        report = verify(made.raw, [made.server.signer.key_id])
        found += [f"{seed}: {reason}" for reason in report.reasons]
    return found
