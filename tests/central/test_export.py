"""A case leaves the house as a packet that proves itself, or not at all."""

import hashlib
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from sqlalchemy import select, update

from central import events, tables
from central.__main__ import main as central
from central.database import connect, migrate
from central.export import ExportError, Source, export_case
from central.firelane_verify import main as verifier
from central.firelane_verify import read_zip, verify
from central.policy import PAYLOAD_TYPE
from edge.wire.signing import open_envelope
from tests.case_files import IN_FORCE, add_pack
from tests.device import Packet, Shot, SimulatedDevice, signer
from tests.office import NOW, SEED, Office

UNKNOWN_PACK = (
    f"the policy pack {SimulatedDevice().policy_sha256} was never put in force by the server"
)
SMALL = (Shot(width=48, height=32), Shot(view="plate", width=24, height=16))


def source(office: Office) -> Source:
    return Source(office.engine, office.blobs, office.signer)


def only_case(office: Office, packet: Packet) -> UUID:
    with office.engine.connect() as db:
        table = tables.case
        wanted = table.c.stay_id == packet.record.stay.id
        return UUID(str(db.scalar(select(table.c.id).where(wanted))))


def delivered(office: Office, device: SimulatedDevice) -> Packet:
    """A stay of three records, with records of two other stays in between."""
    arrival = device.arrival(SMALL)
    packets = [arrival, device.arrival(SMALL), device.arrival(SMALL)]
    packets.append(device.overstay(arrival, shots=[Shot("deadline", width=48, height=32)]))
    packets.append(device.departure(packets[-1], shots=[]))
    for packet in packets:
        office.deliver(packet)
    return arrival


def test_an_exported_case_passes_the_verifier(office: Office, device: SimulatedDevice) -> None:
    arrival = delivered(office, device)

    packet = export_case(source(office), only_case(office, arrival), NOW)

    report = verify(packet, [office.signer.key_id])
    assert report.reasons == []
    assert report.notes == (UNKNOWN_PACK,)
    assert [record["seq"] for record in report.facts["records"]] == [1, 4, 5]
    assert read_zip(packet)["records/0000000000000001.dsse"] == arrival.envelope
    assert {name: data for name, data in read_zip(packet).items() if arrival.sha256 in name} == {}


def test_the_packet_shows_nothing_of_other_cases(office: Office, device: SimulatedDevice) -> None:
    arrival = delivered(office, device)
    with office.engine.connect() as db:
        others = db.scalars(
            select(tables.case.c.id).where(tables.case.c.stay_id != arrival.record.stay.id)
        ).all()

    packet = export_case(source(office), only_case(office, arrival), NOW)

    assert len(others) == 2
    for other in others:
        assert str(other).encode() not in packet


def test_the_same_case_exported_twice_at_one_time_is_the_same_file(
    office: Office, device: SimulatedDevice
) -> None:
    case = only_case(office, delivered(office, device))

    assert export_case(source(office), case, NOW) == export_case(source(office), case, NOW)


def test_a_checkpoint_that_covers_the_case_goes_with_it(
    office: Office, device: SimulatedDevice
) -> None:
    arrival = delivered(office, device)
    office.deliver(device.arrival(SMALL))
    with office.engine.begin() as db:
        sealed = events.seal(db, "2026-11-18", NOW, office.signer) or b""
        token = b"about " + hashlib.sha512(sealed).digest()
        db.execute(update(tables.checkpoint).values(time_stamp=token))

    packet = export_case(source(office), only_case(office, arrival), NOW)

    assert verify(packet, [office.signer.key_id]).reasons == []
    assert read_zip(packet)["timestamp.tsr"] == token
    assert "checkpoint.dsse" in read_zip(packet)


def test_a_record_that_never_came_is_told_as_a_note(
    office: Office, device: SimulatedDevice
) -> None:
    arrival = device.arrival(SMALL)
    office.deliver(arrival)
    device.arrival(SMALL)
    office.deliver(device.departure(arrival, shots=[]))

    packet = export_case(source(office), only_case(office, arrival), NOW)

    report = verify(packet, [office.signer.key_id])
    assert report.reasons == []
    assert report.notes[-1] == UNKNOWN_PACK
    assert report.notes[:-1] == (
        "record 2 of the device is not known: neither the record nor a reason has come",
    )


def test_a_damaged_image_is_not_exported(office: Office, device: SimulatedDevice) -> None:
    arrival = delivered(office, device)
    sha256 = next(iter(arrival.exhibits))
    path: Path = office.blobs.path(sha256)
    path.chmod(0o640)
    path.write_bytes(path.read_bytes() + b"\0")

    with pytest.raises(ExportError, match=f"image {sha256}|{sha256}.jpg was changed"):
        export_case(source(office), only_case(office, arrival), NOW)


def test_a_lost_image_is_not_exported(office: Office, device: SimulatedDevice) -> None:
    arrival = delivered(office, device)
    office.blobs.path(next(iter(arrival.exhibits))).unlink()

    with pytest.raises(ExportError, match=r"no image .* is held"):
        export_case(source(office), only_case(office, arrival), NOW)


def test_a_changed_line_of_the_log_stops_the_export(
    office: Office, device: SimulatedDevice
) -> None:
    arrival = delivered(office, device)
    with office.engine.begin() as db:
        table = tables.case_event
        db.execute(update(table).where(table.c.seq == 2).values(actor="somebody-else"))

    with pytest.raises(ExportError, match="line 2 of the log was changed"):
        export_case(source(office), only_case(office, arrival), NOW)


def test_a_case_that_is_not_there_is_told_so(office: Office) -> None:
    case = uuid4()

    with pytest.raises(ExportError, match=f"there is no case {case}"):
        export_case(source(office), case, NOW)


def configured(folder: Path) -> Path:
    """A configuration with its signing key; the broker is never asked for here."""
    key = signer(SEED).key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "signing.pem").write_bytes(key)
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (folder / name).touch()
    config = folder / "central.yaml"
    config.write_text(
        f"database_url: sqlite:///{folder}/central.db\n"
        f"evidence_dir: {folder}/evidence\n"
        f"signing_key: {folder}/signing.pem\n"
        "timezone: Asia/Shanghai\n"
        "broker: {host: localhost, ca: ca.pem, cert: cert.pem, key: key.pem}\n",
        encoding="utf-8",
    )
    return config


def test_the_command_writes_a_packet_that_the_verifier_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = connect(f"sqlite:///{tmp_path}/central.db")
    migrate(engine)
    office = Office.open(engine, tmp_path)
    delivered(office, office.register(SimulatedDevice()))
    engine.dispose()
    packet = tmp_path / "packet.zip"

    code = central(["export", "-c", str(configured(tmp_path)), "2026-000001", "-o", str(packet)])

    assert code == 0
    assert f"signed by the central key {signer(SEED).key_id}" in capsys.readouterr().out
    assert verifier([str(packet), "--trust", signer(SEED).key_id]) == 0


def test_the_command_says_that_there_is_no_such_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packet = tmp_path / "packet.zip"

    code = central(["export", "-c", str(configured(tmp_path)), "2026-000009", "-o", str(packet)])

    assert code == 2
    assert capsys.readouterr().err == "there is no case '2026-000009'\n"
    assert not packet.exists()


def test_the_bundle_holds_contents_rules_and_its_own_verifier(
    office: Office, tmp_path: Path
) -> None:
    pack = IN_FORCE.encode()
    named = hashlib.sha256(pack).hexdigest()
    device = office.register(SimulatedDevice(policy_sha256=named))
    add_pack(office)
    arrival = delivered(office, device)

    packet = export_case(source(office), only_case(office, arrival), NOW)
    files = read_zip(packet)
    (tmp_path / "packet.zip").write_bytes(packet)
    (tmp_path / "firelane_verify.py").write_bytes(files["firelane_verify.py"])
    command = [sys.executable, "-I", "firelane_verify.py", "packet.zip"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert told.returncode == 0, told.stdout
    assert "所依据的裁量规则由中心签名" in told.stdout
    assert verify(packet).notes == ()
    opened = open_envelope(files[f"policies/{named}.dsse"], office.keys, PAYLOAD_TYPE)
    assert opened.payload == pack
    contents = files["CONTENTS.txt"].decode()
    assert "设备签名记录 Signed records: 3" in contents
    assert "图像 Images: 3" in contents
    assert f"policies/{named}.dsse" in contents


def test_another_policy_pack_in_the_bundle_is_found(office: Office) -> None:
    named = hashlib.sha256(IN_FORCE.encode()).hexdigest()
    device = office.register(SimulatedDevice(policy_sha256=named))
    add_pack(office)
    arrival = delivered(office, device)
    forged = office.signer.seal(PAYLOAD_TYPE, IN_FORCE.replace("900", "60").encode())
    with office.engine.begin() as db:
        db.execute(update(tables.policy).values(envelope=forged))

    with pytest.raises(ExportError, match="was changed: it does not hash to its name"):
        export_case(source(office), only_case(office, arrival), NOW)
