"""The packet that leaves the house holds every issued document, and the verifier says so."""

import hashlib

import pytest

from central.database import connect, migrate
from central.export import Source, export_case
from central.firelane_verify import read_zip, verify, write_zip
from tests.case_files import CaseFile, add_pack
from tests.device import SimulatedDevice
from tests.office import Office


@pytest.fixture(scope="module")
def packet(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A decided case as it leaves the house."""
    folder = tmp_path_factory.mktemp("office")
    engine = connect(f"sqlite:///{folder}/central.db")
    migrate(engine)
    office = Office.open(engine, folder)
    add_pack(office)
    file = CaseFile.opened(office, office.register(SimulatedDevice()))
    file.to_decided()
    source = Source(engine, office.blobs, office.signer)
    made = export_case(source, file.case_id, office.clock.utc_ms())
    engine.dispose()
    return made


def papers(packet: bytes) -> dict[str, bytes]:
    return {name: data for name, data in read_zip(packet).items() if name.startswith("documents/")}


def documents_check(files: dict[str, bytes]) -> tuple[str, ...]:
    checks = {check.name: check.reasons for check in verify(write_zip(files)).checks}
    return checks["documents"]


def test_every_issued_document_is_in_the_packet_under_its_hash(packet: bytes) -> None:
    report, held = verify(packet), papers(packet)

    assert report.reasons == []
    assert len(held) == 9
    for name, data in held.items():
        assert name == f"documents/{hashlib.sha256(data).hexdigest()}.pdf"
        assert data.startswith(b"%PDF-")


def test_a_document_that_was_taken_out_is_missed(packet: bytes) -> None:
    files, name = read_zip(packet), min(papers(packet))
    del files[name]

    assert documents_check(files) == (f"{name} is missing",)


def test_a_changed_document_is_told(packet: bytes) -> None:
    files, name = read_zip(packet), min(papers(packet))
    files[name] += b"\n"

    assert [reason.partition(":")[0] for reason in documents_check(files)] == [
        f"{name} was changed"
    ]


def test_a_document_that_nobody_issued_is_told(packet: bytes) -> None:
    forged = b"%PDF-1.7 forged"
    name = f"documents/{hashlib.sha256(forged).hexdigest()}.pdf"

    assert documents_check({**read_zip(packet), name: forged}) == (
        f"the log names no document {name}",
    )
