"""Exported packets of simulated cases, and the parts that they are made of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from central.firelane_verify import sha256_of
from central.packet import (
    CaseFacts,
    KeyFacts,
    LogLine,
    LogLink,
    Parts,
    SignedRecord,
    build_packet,
)
from tests.device import Packet, Shot, SimulatedDevice
from tests.server import SimulatedServer

SMALL = (Shot(width=48, height=32), Shot(view="plate", width=24, height=16))


@dataclass(frozen=True, slots=True)
class Exported:
    """A clean packet, its server, and the parts it was built from."""

    raw: bytes
    server: SimulatedServer
    device: SimulatedDevice
    parts: Parts


def export(seed: int, strangers: int = 2) -> Exported:
    """The case of one stay with three records; `strangers` records of other stays lie between."""
    server, device = SimulatedServer(), SimulatedDevice(seed=seed)
    arrival = device.arrival(SMALL)
    others = [device.arrival(SMALL) for _ in range(strangers)]
    overstay = device.overstay(arrival, shots=[Shot("deadline", width=48, height=32)])
    departure = device.departure(overstay, shots=[Shot("departure", width=48, height=32)])
    packets = [arrival, overstay, departure]
    case = UUID(int=seed, version=4)
    log = log_of(case, packets, others)
    stored = {json.loads(x.payload)["record"]: x.seq for x in log if isinstance(x, LogLine)
              if x.type == "record-stored"}  # fmt: skip
    records = [
        SignedRecord(
            p.record.seq,
            p.envelope,
            server.receipt(p, log_index=stored[str(p.record.record_id)]),
        )
        for p in packets
    ]
    parts = Parts(
        case=CaseFacts(
            id=case,
            number=f"2026-{seed:06d}",
            site="東園",
            device=device.id,
            stay_id=arrival.record.stay.id,
            camera=device.camera,
            lane=device.lane,
            state="departed-in-grace",
        ),
        exported_utc_ms=departure.record.made.utc_ms + 86_400_000,
        records=records,
        exhibits={sha: data for p in packets for sha, data in p.exhibits.items()},
        chain={p.record.seq: p.sha256 for p in others},
        log=log,
        log_prev_hash=sha256_of(["before", seed]),
        keys=[
            KeyFacts.of("central", "central", server.signer.key.public_key()),
            KeyFacts.of("device", device.id, device.public_key),
        ],
    )
    return Exported(build_packet(parts, server.signer), server, device, parts)


def log_of(
    case: UUID, packets: Sequence[Packet], others: Sequence[Packet]
) -> list[LogLine | LogLink]:
    """Lines 101 and on: the case's own, with another case's between them."""
    arrival, *later = packets
    told = [
        ("opened", {"number": "1"}, arrival),
        ("record-stored", stored(arrival), arrival),
        *((None, stored(other), other) for other in others),
        *(("record-stored", stored(packet), packet) for packet in later),
    ]
    log: list[LogLine | LogLink] = []
    for seq, (kind, payload, packet) in enumerate(told, 101):
        line = LogLine(
            seq=seq,
            utc_ms=packet.record.made.utc_ms + 400,
            actor=packet.record.device,
            type=kind or "record-stored",
            case=str(case) if kind else str(UUID(int=seq)),
            payload=json.dumps(payload, separators=(",", ":")),
        )
        log.append(line if kind else LogLink(seq, line.content))
    return log


def stored(packet: Packet) -> dict[str, str]:
    return {"record": str(packet.record.record_id), "sha256": packet.sha256}
