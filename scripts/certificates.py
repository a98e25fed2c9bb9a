"""A small certificate authority: what `scripts/pki` runs.

One folder holds everything:
    ca.pem, ca.key.pem              the authority
    NAME.pem, NAME.key.pem          certificate and key (EC P-256) of a device or a server
    NAME.signing.pem                Ed25519 key that signs records (devices) or receipts (central)
    NAME.signing.pub.pem            its public half, which the other side is given
    mosquitto.conf, acl             the broker's configuration with its paths filled in

Every command may be run again: what is there and still good is kept. A certificate in the last
third of its life is renewed; keys are never replaced. Keys are written 0600.
A site that grows takes a real authority; nothing but this folder knows that there was another.
"""

import argparse
import ipaddress
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.wire.signing import key_id
from edge.wire.topics import CENTRAL, DEVICE_ID_PATTERN, is_device_id

CONFIGS = Path(__file__).parents[1] / "configs" / "mosquitto"
VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)
"""Long past, so that a box without a clock battery, which wakes up in the past, can connect."""
CA_DAYS = 20 * 365
DAYS = 825
SERVERS = ("broker", CENTRAL, "register")
RESERVED = ("ca", "broker", "register")


class Refused(ValueError):
    """The caller asked for something impossible; the text says what and what is allowed."""


def init(folder: Path) -> None:
    """Make the authority, unless it is there."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    key = _ec_key(folder / "ca.key.pem")
    if (folder / "ca.pem").is_file():
        return
    name = _name("firelane CA")
    builder = (
        _builder(name, name, key.public_key(), CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
    )
    _write(folder / "ca.pem", _pem(builder.sign(key, hashes.SHA256())), 0o644)


def server(folder: Path, name: str, hosts: list[str], days: int) -> None:
    """A certificate for `broker` or `central` with its host names; `central` also gets a signing
    key. Raises Refused for another name, or a host that is neither a name nor an address."""
    if name not in SERVERS:
        raise Refused(f"server name must be one of {', '.join(SERVERS)}, got {name!r}")
    names = [_host(host) for host in dict.fromkeys(["localhost", "127.0.0.1", *hosts])]
    _certificate(folder, name, x509.SubjectAlternativeName(names), days)
    if name == CENTRAL:
        _signing_key(folder, name)


def device(folder: Path, device_id: str, days: int) -> None:
    """Certificate and signing key of one device. Raises Refused for an impossible id: the CN
    becomes part of topics, so a '/' in it would let one device write as another."""
    if not is_device_id(device_id) or device_id in RESERVED:
        raise Refused(
            f"device id must match {DEVICE_ID_PATTERN} and not be one of "
            f"{', '.join(sorted({*RESERVED, CENTRAL}))}, got {device_id!r}"
        )
    _certificate(folder, device_id, None, days)
    _signing_key(folder, device_id)


def broker(folder: Path, listener: str, data: Path) -> Path:
    """Write mosquitto.conf and acl for the certificates in `folder`; gives the path of the first.

    `listener` is the port, or the port and the address to bind.
    """
    server(folder, "broker", [], DAYS)
    place = folder.resolve()
    values = {
        "listener": listener,
        "cafile": str(place / "ca.pem"),
        "certfile": str(place / "broker.pem"),
        "keyfile": str(place / "broker.key.pem"),
        "acl_file": str(place / "acl"),
        "persistence_location": f"{data.resolve()}/",
    }
    _write(place / "acl", (CONFIGS / "acl").read_bytes(), 0o600)
    owner = data.stat()
    if os.geteuid() == 0:
        # Started by root, mosquitto becomes user `mosquitto` before it reads these files. In a
        # folder of root's (development) it stays root instead.
        values |= {"user": "root"} if owner.st_uid == 0 else {}
        for name in ("acl", "broker.key.pem"):
            os.chown(place / name, owner.st_uid, owner.st_gid)
    text = filled(CONFIGS.joinpath("mosquitto.conf").read_text(encoding="utf-8"), values)
    _write(place / "mosquitto.conf", text.encode(), 0o644)
    return place / "mosquitto.conf"


def filled(text: str, values: dict[str, str]) -> str:
    """`text` of a mosquitto.conf with these settings in place of its own; new ones at the end."""
    lines = []
    left = dict(values)
    for line in text.splitlines():
        key = line.split(" ", 1)[0]
        lines.append(f"{key} {left.pop(key)}" if key in left else line)
    return "\n".join([*lines, *(f"{key} {value}" for key, value in left.items())]) + "\n"


def _certificate(
    folder: Path, name: str, hosts: x509.SubjectAlternativeName | None, days: int
) -> None:
    if not (folder / "ca.pem").is_file():
        raise Refused(f"{folder} has no authority; make one first: scripts/pki init {folder}")
    path = folder / f"{name}.pem"
    if path.is_file() and _still_good(
        x509.load_pem_x509_certificate(path.read_bytes()), hosts, days
    ):
        return
    authority = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    key = _ec_key(folder / f"{name}.key.pem")
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if hosts is not None:
        purposes.append(ExtendedKeyUsageOID.SERVER_AUTH)
    builder = (
        _builder(_name(name), authority.subject, key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(_issuer(authority), critical=False)
    )
    if hosts is not None:
        builder = builder.add_extension(hosts, critical=False)
    certificate = builder.sign(_ec_key(folder / "ca.key.pem"), hashes.SHA256())
    _write(path, _pem(certificate), 0o644)


def _still_good(
    certificate: x509.Certificate, hosts: x509.SubjectAlternativeName | None, days: int
) -> bool:
    """More than a third of a full life is left, and it names every host asked for."""
    if (certificate.not_valid_after_utc - datetime.now(UTC)) * 3 < timedelta(days=days):
        return False
    if hosts is None:
        return True
    named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(hosts) <= set(named)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _issuer(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        pass
    labels = text.split(".")
    if not all(label.replace("-", "").isalnum() and label.isascii() for label in labels):
        raise Refused(f"host must be a DNS name or an IP address, got {text!r}")
    return x509.DNSName(text)


def _ec_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if path.is_file():
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Refused(f"{path} must hold an EC private key, got {type(key).__name__}")
        return key
    key = ec.generate_private_key(ec.SECP256R1())
    _write(path, _private(key), 0o600)
    return key


def _signing_key(folder: Path, name: str) -> None:
    path = folder / f"{name}.signing.pem"
    if path.is_file():
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise Refused(f"{path} must hold an Ed25519 private key, got {type(key).__name__}")
    else:
        key = ed25519.Ed25519PrivateKey.generate()
        _write(path, _private(key), 0o600)
    public = key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _write(folder / f"{name}.signing.pub.pem", pem, 0o644)
    print(f"{name}: signing key {key_id(public)}")


def _private(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable by others even for a moment."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/pki", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in {
        "init": "make the authority",
        "server": f"certificate of {' or '.join(SERVERS)}",
        "device": "certificate and signing key of a device",
        "broker": "mosquitto.conf and acl for this folder",
    }.items():
        command = commands.add_parser(name, help=text)
        command.add_argument("folder", type=Path, metavar="DIR")
        if name == "server":
            command.add_argument("name", help=" or ".join(SERVERS))
            command.add_argument("--host", action="append", default=[], help="name or address")
        if name == "device":
            command.add_argument("name", metavar="ID")
        if name in ("server", "device"):
            command.add_argument("--days", type=int, default=DAYS, help=f"default {DAYS}")
        if name == "broker":
            command.add_argument("--listen", default="8883", help="PORT or 'PORT ADDRESS'")
            command.add_argument("--data", type=Path, default=Path("/var/lib/mosquitto"))
    return parser


def main(arguments: list[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    try:
        if args.command == "init":
            init(args.folder)
        elif args.command == "server":
            server(args.folder, args.name, args.host, args.days)
        elif args.command == "device":
            device(args.folder, args.name, args.days)
        else:
            print(broker(args.folder, args.listen, args.data))
    except (Refused, OSError) as error:
        print(f"scripts/pki: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
