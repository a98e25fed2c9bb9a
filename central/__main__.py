"""firelane-central: the command line. Every fault of the caller is one sentence and exit code 2."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from getpass import getpass
from pathlib import Path
from threading import Event
from types import FrameType

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy.exc import DBAPIError

from central.access import Role
from central.accounts import AccountError, NewUser
from central.auth import AuthError, hash_password
from central.clock import SystemClock
from central.config import load
from central.config_file import ConfigError
from central.database import DatabaseFault
from central.desk_cli import add_commands as add_desk_commands
from central.documents.press import FontsMissing
from central.export import ExportError, Source, export_case
from central.gateways.opened import ExtraMissing
from central.policies import Policies, PolicyError, read_pack
from central.registry import NewDevice, RegistryError
from central.seeds import SeedError
from central.server import BadKey, Died, Rig, serve
from central.sharing import SharingError
from central.sharing_cli import add_commands as add_sharing_commands
from central.webhooks import WebhookError
from edge.wire.signing import key_id

_SENTENCES = (
    AccountError,
    AuthError,
    BadKey,
    ConfigError,
    DatabaseFault,
    PolicyError,
    ExportError,
    ExtraMissing,
    FontsMissing,
    RegistryError,
    SeedError,
    SharingError,
    WebhookError,
)


class Refused(Exception):
    """What the caller asked for cannot be done; the text says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done, 1: the server failed, 2: the command or its input was wrong."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (Refused, *_SENTENCES) as error:
        print(error, file=sys.stderr)
        return 2
    except DBAPIError as error:
        print(f"the database cannot be used: {error.orig}", file=sys.stderr)
        return 1
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        print(f"{error.strerror or error}{where}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="firelane-central", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    config = argparse.ArgumentParser(add_help=False)
    config.add_argument("-c", "--config", type=Path, required=True, metavar="FILE")

    run = commands.add_parser("run", parents=[config], help="take packets and serve the pages")
    run.set_defaults(command=_run)

    user = commands.add_parser("add-user", parents=[config], help="let somebody sign in")
    user.add_argument("name")
    user.add_argument("--role", choices=[role.value for role in Role], required=True)
    user.add_argument("--display", default="", help="as pages show it; the name if not given")
    user.add_argument("--language", choices=["zh-CN", "en"], default="zh-CN")
    user.add_argument("--password-stdin", action="store_true", help="read the password from stdin")
    user.set_defaults(command=_add_user)

    device = commands.add_parser("add-device", parents=[config], help="register an edge box")
    device.add_argument("id")
    device.add_argument("--site", required=True, help="the residential complex")
    device.add_argument("--key", type=Path, required=True, help="its public signing key, PEM")
    device.add_argument("--name", default="")
    device.add_argument("--note", default="")
    device.set_defaults(command=_add_device)

    key = commands.add_parser("add-key", parents=[config], help="one more key for a device")
    key.add_argument("id")
    key.add_argument("--key", type=Path, required=True, help="its public signing key, PEM")
    key.set_defaults(command=_add_key)

    switch = commands.add_parser("switch-device", parents=[config], help="take from it, or not")
    switch.add_argument("id")
    switch.add_argument("to", choices=["on", "off"])
    switch.set_defaults(command=_switch_device)

    export = commands.add_parser("export", parents=[config], help="a case as a packet file")
    export.add_argument("case", metavar="CASE", help="its number or its id")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    export.set_defaults(command=_export)

    policy = commands.add_parser("add-policy", parents=[config], help="put a policy pack in force")
    policy.add_argument("pack", type=Path, metavar="FILE")
    policy.set_defaults(command=_add_policy)

    recheck = commands.add_parser(
        "cases-under", parents=[config], help="cases that a wrong policy or lane version touched"
    )
    recheck.add_argument("--policy", metavar="SHA256")
    recheck.add_argument("--lane-version", metavar="SHA256")
    recheck.set_defaults(command=_cases_under)

    add_sharing_commands(commands, config, _open)
    add_desk_commands(commands, config, _open)

    check = commands.add_parser("check-config", help="tell every fault, or print what is in force")
    check.add_argument("config", type=Path, metavar="FILE")
    check.set_defaults(command=_check_config)
    return parser


def _open(options: argparse.Namespace) -> Rig:
    return Rig.open(load(options.config, os.environ), SystemClock())


def _run(options: argparse.Namespace) -> int:
    stop = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        serve(_open(options), stop)
    except Died as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


def _add_user(options: argparse.Namespace) -> int:
    rig = _open(options)
    new = NewUser(
        name=options.name,
        display=options.display or options.name,
        password=hash_password(_password(options.password_stdin)),
        role=Role(options.role),
        language=options.language,
    )
    rig.accounts.add_user(new, rig.clock.utc_ms())
    print(f"{options.name} may sign in as {options.role}")
    return 0


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    password = getpass("password: ")
    if getpass("once more: ") != password:
        raise Refused("the two passwords differ")
    return password


def _add_device(options: argparse.Namespace) -> int:
    new = NewDevice(options.id, options.site, options.name, options.note)
    key = _public_key(options.key)
    rig = _open(options)
    rig.registry.add(new, key, rig.clock.utc_ms())
    print(f"device {new.id} of {new.site} is registered with key {key_id(key)}")
    return 0


def _add_key(options: argparse.Namespace) -> int:
    key = _public_key(options.key)
    rig = _open(options)
    rig.registry.add_key(options.id, key, rig.clock.utc_ms())
    print(f"device {options.id} may sign with key {key_id(key)} too")
    return 0


def _switch_device(options: argparse.Namespace) -> int:
    _open(options).registry.set_active(options.id, options.to == "on")
    print(f"device {options.id} is switched {options.to}")
    return 0


def _export(options: argparse.Namespace) -> int:
    rig = _open(options)
    case_id = rig.lookup.case_id(options.case)
    if case_id is None:
        raise Refused(f"there is no case {options.case!r}")
    source = Source(rig.engine, rig.blobs, rig.signer)
    packet = export_case(source, case_id, rig.clock.utc_ms())
    part = options.output.with_name(f"{options.output.name}.part")
    part.write_bytes(packet)
    part.replace(options.output)
    print(f"{options.output}: {len(packet)} bytes, signed by the central key {rig.signer.key_id}")
    return 0


def _add_policy(options: argparse.Namespace) -> int:
    pack = read_pack(options.pack.read_bytes(), options.pack)
    rig = _open(options)
    new = Policies(rig.engine, rig.signer).add(pack, "command-line", rig.clock.utc_ms())
    print(f"{pack.sha256}  {pack.policy.name}, version {pack.policy.version}, in force from "
          f"{pack.policy.valid_from}{'' if new else ' (known already)'}")  # fmt: skip
    return 0


def _cases_under(options: argparse.Namespace) -> int:
    if options.policy is None and options.lane_version is None:
        raise Refused("give --policy, --lane-version, or both")
    rig = _open(options)
    policies = Policies(rig.engine, rig.signer)
    for number in policies.cases_under(options.policy, options.lane_version):
        print(number)
    return 0


def _check_config(options: argparse.Namespace) -> int:
    print(load(options.config, os.environ).effective(), end="")
    return 0


def _public_key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise Refused(f"public key {path} cannot be read: {error.strerror}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Refused(f"public key {path} must be a public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise Refused(f"public key {path} must be an Ed25519 key")
    return key


if __name__ == "__main__":
    sys.exit(main())
