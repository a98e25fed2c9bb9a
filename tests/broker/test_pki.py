"""`scripts/pki`: who gets a certificate, and what is in it."""

import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from scripts import certificates

ROOT = Path(__file__).parents[2]


def pki(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "pki", *map(str, arguments)], capture_output=True, text=True
    )


def verified(folder: Path, purpose: str) -> subprocess.CompletedProcess[str]:
    command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile"]
    return subprocess.run(
        [*command, folder / "ca.pem", folder / "gate-1.pem"], capture_output=True, text=True
    )


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    certificates.init(tmp_path)
    return tmp_path


def test_the_command_makes_an_authority_and_a_device_that_openssl_accepts(tmp_path: Path) -> None:
    assert pki("init", tmp_path).returncode == 0
    made = pki("device", tmp_path, "gate-1")
    checked = verified(tmp_path, "sslclient")

    assert made.returncode == 0
    assert made.stdout.startswith("gate-1: signing key ")
    assert checked.stdout == f"{tmp_path}/gate-1.pem: OK\n"


@pytest.mark.parametrize(
    "device_id",
    ["gate/1", "gate+1", "#", "Gate-1", "g1", "gate_1", "a" * 33, "central", "broker", "", "门-1"],
)
def test_an_impossible_device_id_is_refused_with_a_sentence(
    authority: Path, device_id: str
) -> None:
    refused = pki("device", authority, device_id)

    assert refused.returncode == 2
    assert "device id must match ^[a-z0-9][a-z0-9-]{2,31}$" in refused.stderr
    assert repr(device_id) in refused.stderr
    assert sorted(path.name for path in authority.iterdir()) == ["ca.key.pem", "ca.pem"]


def test_a_device_cannot_pose_as_a_server(authority: Path) -> None:
    certificates.device(authority, "gate-1", 825)

    checked = verified(authority, "sslserver")

    assert checked.returncode != 0


def test_running_it_again_changes_nothing(authority: Path) -> None:
    certificates.server(authority, "central", ["firelane.local"], 825)
    certificates.device(authority, "gate-1", 825)
    before = {path.name: path.read_bytes() for path in authority.iterdir()}

    certificates.init(authority)
    certificates.server(authority, "central", ["firelane.local"], 825)
    certificates.device(authority, "gate-1", 825)

    assert {path.name: path.read_bytes() for path in authority.iterdir()} == before


def test_a_certificate_near_its_end_is_renewed_with_the_same_key(authority: Path) -> None:
    certificates.device(authority, "gate-1", 200)
    old = x509.load_pem_x509_certificate((authority / "gate-1.pem").read_bytes())

    certificates.device(authority, "gate-1", 825)

    new = x509.load_pem_x509_certificate((authority / "gate-1.pem").read_bytes())
    assert new.not_valid_after_utc > old.not_valid_after_utc
    assert new.public_key() == old.public_key()


def test_a_new_host_name_of_a_server_is_added(authority: Path) -> None:
    certificates.server(authority, "broker", [], 825)
    certificates.server(authority, "broker", ["10.0.0.5", "broker.example"], 825)

    certificate = x509.load_pem_x509_certificate((authority / "broker.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "broker.example"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == [
        "127.0.0.1",
        "10.0.0.5",
    ]


@pytest.mark.parametrize("host", ["two words", "a/b", "", "*", "bücher.example"])
def test_a_host_that_is_none_is_refused(authority: Path, host: str) -> None:
    with pytest.raises(certificates.Refused, match="host must be a DNS name or an IP address"):
        certificates.server(authority, "broker", [host], 825)


def test_a_box_that_wakes_up_in_the_past_can_still_connect(authority: Path) -> None:
    certificates.device(authority, "gate-1", 825)

    for name in ("ca.pem", "gate-1.pem"):
        certificate = x509.load_pem_x509_certificate((authority / name).read_bytes())
        assert certificate.not_valid_before_utc == certificates.VALID_FROM


def test_private_keys_are_readable_by_their_owner_alone(authority: Path) -> None:
    certificates.device(authority, "gate-1", 825)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in authority.iterdir()}
    assert modes == {
        "ca.key.pem": 0o600,
        "ca.pem": 0o644,
        "gate-1.key.pem": 0o600,
        "gate-1.pem": 0o644,
        "gate-1.signing.pem": 0o600,
        "gate-1.signing.pub.pem": 0o644,
    }


def test_without_an_authority_the_command_says_how_to_make_one(tmp_path: Path) -> None:
    refused = pki("device", tmp_path, "gate-1")

    assert refused.returncode == 2
    assert f"scripts/pki init {tmp_path}" in refused.stderr
