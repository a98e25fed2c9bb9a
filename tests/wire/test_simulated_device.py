"""What the simulated device and server sign must be what the contract allows."""

import hashlib

from edge.wire.fields import parse
from edge.wire.limits import CHUNK_BYTES
from edge.wire.records import GENESIS, Ending, Record, RecordKind
from edge.wire.replies import Need, Receipt
from edge.wire.signing import open_envelope
from edge.wire.topics import Kind, parse_topic
from tests.device import Packet, SimulatedDevice
from tests.server import SimulatedServer


def opened(device: SimulatedDevice, packet: Packet) -> Record:
    envelope = open_envelope(
        packet.envelope, {device.key_id: device.public_key}, Record.PAYLOAD_TYPE
    )
    return parse(Record, envelope.payload)


def test_a_stay_is_four_signed_records_chained_to_each_other() -> None:
    device = SimulatedDevice()

    arrival = device.arrival()
    overstay = device.overstay(arrival)
    departure = device.departure(overstay)
    broken = device.broken(device.arrival())

    assert [opened(device, packet).kind for packet in (arrival, overstay, departure, broken)] == [
        RecordKind.ARRIVAL,
        RecordKind.OVERSTAY,
        RecordKind.DEPARTURE,
        RecordKind.BROKEN,
    ]
    assert [p.record.seq for p in (arrival, overstay, departure, broken)] == [1, 2, 3, 5]
    assert [p.record.prev for p in (arrival, overstay, departure)] == [
        GENESIS,
        arrival.sha256,
        overstay.sha256,
    ]
    assert departure.record.stay.id == arrival.record.stay.id
    assert departure.record.stay.ending is Ending.LANE_EMPTY


def test_the_same_seed_signs_the_same_bytes() -> None:
    assert SimulatedDevice().arrival().envelope == SimulatedDevice().arrival().envelope
    assert SimulatedDevice(seed=2).arrival().envelope != SimulatedDevice().arrival().envelope


def test_exhibits_fall_into_chunks_that_put_them_together_again() -> None:
    packet = SimulatedDevice().arrival()

    joined: dict[str, bytes] = {}
    for topic, chunk in packet.chunks():
        address = parse_topic(topic)
        assert address.kind is Kind.CHUNK
        assert len(chunk) <= CHUNK_BYTES
        joined[address.sha256] = joined.get(address.sha256, b"") + chunk

    assert {hashlib.sha256(data).hexdigest() for data in joined.values()} == set(joined)
    assert joined == packet.exhibits
    assert len(packet.chunks()) > len(packet.exhibits)


def test_the_simulated_server_signs_receipt_and_need() -> None:
    server = SimulatedServer()
    packet = SimulatedDevice().arrival()

    receipt = open_envelope(server.receipt(packet), server.keys, Receipt.PAYLOAD_TYPE)
    need = open_envelope(server.need(packet), server.keys, Need.PAYLOAD_TYPE)

    assert parse(Receipt, receipt.payload).record_sha256 == packet.sha256
    assert [part.sha256 for part in parse(Need, need.payload).missing] == list(packet.exhibits)
