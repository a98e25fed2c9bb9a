"""firelane-verify: what was exported passes, whatever was done to it since does not."""

import hashlib
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

import central.firelane_verify as verifier
from central.firelane_verify import MANIFEST, main, printed, read_zip, verify, write_zip
from central.packet import LogLink, PacketError, build_packet
from tests.device import signer
from tests.exported import Exported, export


@pytest.fixture(scope="module")
def clean() -> Exported:
    return export(1)


def failing(raw: bytes, trusted: list[str] | None = None) -> list[str]:
    return [check.name for check in verify(raw, trusted or []).checks if check.reasons]


def test_a_clean_packet_passes_every_check(clean: Exported) -> None:
    report = verify(clean.raw, [clean.server.signer.key_id])

    assert report.reasons == []
    assert [check.name for check in report.checks] == [
        "archive",
        "manifest",
        "files",
        "trust",
        "records",
        "exhibits",
        "chain",
        "receipts",
        "policies",
        "log",
        "documents",
    ]
    assert report.trusted is True
    assert [record["kind"] for record in report.facts["records"]] == [
        "arrival",
        "overstay",
        "departure",
    ]


def test_the_same_case_gives_the_same_bytes(clean: Exported) -> None:
    assert export(1).raw == clean.raw


def test_any_zip_program_opens_a_packet(clean: Exported) -> None:
    with zipfile.ZipFile(BytesIO(clean.raw)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(read_zip(clean.raw))


def test_without_a_key_to_compare_with_the_reader_is_told_to_compare(clean: Exported) -> None:
    text = printed(verify(clean.raw), "packet.zip")

    assert text.startswith("PASS 通过  packet.zip")
    assert f"Signed by the central key {clean.server.signer.key_id}." in text


def test_a_packet_that_another_server_signed_is_not_trusted(clean: Exported) -> None:
    forged = build_packet(
        replace(clean.parts, records=[
            replace(record, receipt=resealed(record.receipt, "receipt", 7))
            for record in clean.parts.records
        ], keys=[
            clean.parts.keys[1],
            type(clean.parts.keys[0]).of("central", "central", signer(7).key.public_key()),
        ]),
        signer(7),
    )  # fmt: skip

    assert failing(forged) == []
    assert failing(forged, [clean.server.signer.key_id]) == ["trust"]


def resealed(envelope: bytes, kind: str, seed: int) -> bytes:
    import base64

    payload = base64.b64decode(json.loads(envelope)["payload"])
    return signer(seed).seal(f"application/vnd.firelane.{kind}.v1+json", payload)


def test_links_of_other_cases_show_nothing_but_hashes(clean: Exported) -> None:
    lines = [json.loads(text) for text in read_zip(clean.raw)["log.jsonl"].splitlines()]
    links = [line for line in lines if "content" in line]

    assert len(links) == 2
    assert all(set(line) == {"seq", "content"} for line in links)
    assert set(json.loads(read_zip(clean.raw)["chain.json"])[0]) == {"seq", "sha256"}


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "records/../x.dsse", "virus.exe", "exhibits/a.jpg"]
)
def test_a_name_that_does_not_belong_is_refused(clean: Exported, name: str) -> None:
    raw = write_zip({**read_zip(clean.raw), name: b"x"})

    assert verify(raw).reasons == [f"archive: a file of this name does not belong here: {name!r}"]


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (MANIFEST, "README.txt", "keys.json", "chain.json", "log.jsonl"):
            archive.writestr(name, bytes(20_000_000))

    assert verify(bomb.getvalue()).reasons == [
        "archive: its files must be neither compressed nor encrypted"
    ]


def test_the_same_name_twice_is_refused(clean: Exported) -> None:
    doubled = BytesIO()
    with zipfile.ZipFile(doubled, "w") as archive:
        for name, data in read_zip(clean.raw).items():
            archive.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("README.txt", b"other")

    assert verify(doubled.getvalue()).reasons == ["archive: README.txt is there twice"]


def test_a_packet_that_was_packed_again_is_told_so(clean: Exported) -> None:
    again = BytesIO()
    with zipfile.ZipFile(again, "w") as archive:
        for name, data in read_zip(clean.raw).items():
            archive.writestr(name, data)

    assert verify(again.getvalue()).reasons == [
        "archive: the archive was written anew, or holds bytes beside its files"
    ]


@given(st.binary(max_size=3000))
def test_no_bytes_crash_the_verifier(raw: bytes) -> None:
    report = verify(raw)

    assert not report.passed
    assert printed(report, "x").startswith("FAIL")


@given(st.sampled_from(sorted(["keys.json", "chain.json", "log.jsonl", MANIFEST])), st.binary())
def test_no_content_of_any_file_crashes_the_verifier(name: str, data: bytes) -> None:
    raw = write_zip({**read_zip(export_once().raw), name: data})

    assert not verify(raw).passed


@cache
def export_once() -> Exported:
    return export(2)


def test_the_builder_never_hands_out_what_would_not_pass(clean: Exported) -> None:
    sha256, data = next(iter(clean.parts.exhibits.items()))
    spoilt = [
        replace(clean.parts, exhibits={}),
        replace(clean.parts, exhibits={**clean.parts.exhibits, sha256: data + b"\0"}),
        replace(clean.parts, chain={}),
        replace(clean.parts, chain=dict.fromkeys(clean.parts.chain, "0" * 64)),
        replace(clean.parts, records=clean.parts.records[1:]),
        replace(clean.parts, records=[]),
        replace(clean.parts, log=[*clean.parts.log[:1], *clean.parts.log[2:]]),
        replace(clean.parts, log=[]),
        replace(clean.parts, keys=clean.parts.keys[:1]),
        replace(clean.parts, more={"checkpoint.dsse": b"{}"}),
    ]

    for parts in spoilt:
        with pytest.raises(PacketError):
            build_packet(parts, clean.server.signer)


def test_a_record_left_out_of_the_chain_is_missed(clean: Exported) -> None:
    parts = clean.parts
    shorter = [parts.records[0], parts.records[2]]
    log = [
        line if index != 4 else LogLink(line.seq, line.content)
        for index, line in enumerate(parts.log)
    ]

    with pytest.raises(PacketError, match="do not make a whole chain"):
        build_packet(replace(parts, records=shorter, log=log), clean.server.signer)


def test_a_checkpoint_must_name_a_hash_on_the_way(clean: Exported) -> None:
    head = clean.parts.log_prev_hash
    for line in clean.parts.log[:3]:
        head = verifier.sha256_of([line.seq, head, line.content])

    def sealed(hash_: str) -> bytes:
        point = {"v": 1, "day": "2026-11-18", "seq": 103, "hash": hash_, "utc_ms": 1}
        return clean.server.signer.seal(
            "application/vnd.firelane.checkpoint.v1+json", json.dumps(point).encode()
        )

    good = replace(clean.parts, more={"checkpoint.dsse": sealed(head)})
    assert failing(build_packet(good, clean.server.signer)) == []

    stamp = b"token " + hashlib.sha512(sealed(head)).digest()
    stamped = replace(clean.parts, more={"checkpoint.dsse": sealed(head), "timestamp.tsr": stamp})
    assert failing(build_packet(stamped, clean.server.signer)) == []
    other = {"checkpoint.dsse": sealed(head), "timestamp.tsr": stamp[:-1] + b"?"}
    with pytest.raises(PacketError, match="time stamp is not about"):
        build_packet(replace(clean.parts, more=other), clean.server.signer)

    bad = replace(clean.parts, more={"checkpoint.dsse": sealed("0" * 64)})
    with pytest.raises(PacketError, match="hash of the signed checkpoint"):
        build_packet(bad, clean.server.signer)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The verifier as a third party runs it: one file, no package around it."""
    return subprocess.run(
        [sys.executable, "-I", str(Path(verifier.__file__)), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd="/",
    )


def test_one_file_alone_checks_a_packet_and_says_so_by_its_exit_code(
    clean: Exported, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(clean.raw)
    bad.write_bytes(clean.raw[:-100])

    passed, failed = run(str(good)), run(str(bad))

    assert (passed.returncode, passed.stderr) == (0, "")
    assert passed.stdout.startswith("PASS 通过  good.zip")
    assert (failed.returncode, failed.stderr) == (1, "")
    assert failed.stdout.startswith("FAIL 不通过  bad.zip")
    assert "the file is cut or is no zip archive" in failed.stdout


def test_it_imports_nothing_but_cryptography_beside_the_standard_library() -> None:
    import ast

    tree = ast.parse(Path(verifier.__file__).read_text(encoding="utf-8"))
    found = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert found - set(sys.stdlib_module_names) == {"cryptography"}


def test_trust_is_given_as_fingerprint_or_file(
    clean: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packet = tmp_path / "packet.zip"
    packet.write_bytes(clean.raw)
    public = clean.server.signer.key.public_key()
    pem = tmp_path / "central.pem"
    pem.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    listed = tmp_path / "keys.txt"
    listed.write_text(f"central {clean.server.signer.key_id.upper()}\n", encoding="utf-8")
    full = hashlib.sha256(public.public_bytes_raw()).hexdigest()

    for trust in (str(pem), str(listed), clean.server.signer.key_id, full):
        assert main([str(packet), "--trust", trust]) == 0
    assert main([str(packet), "--trust", signer(7).key_id]) == 1
    assert main([str(packet), "--trust", signer(7).key_id, "--trust", str(pem)]) == 0
    assert main([str(packet), "--trust", str(tmp_path / "missing.pem")]) == 2
    assert main([str(tmp_path / "missing.zip")]) == 2
    assert "Compare it" not in capsys.readouterr().out


def test_the_report_is_there_for_programs_too(
    clean: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packet = tmp_path / "packet.zip"
    files = read_zip(clean.raw)
    name = next(name for name in files if name.startswith("exhibits/"))
    packet.write_bytes(write_zip({**files, name: files[name] + b"\0"}))

    code = main([str(packet), "--json"])

    report = json.loads(capsys.readouterr().out)
    assert code == 1
    assert report["result"] == "FAIL"
    assert {check["name"] for check in report["checks"] if check["reasons"]} == {
        "files",
        "exhibits",
    }
    assert report["facts"]["case"]["number"] == "2026-000001"
