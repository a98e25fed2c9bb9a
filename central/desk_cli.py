"""Commands of the administrator: lost authenticators, what is damaged of what is kept."""

import argparse
from collections.abc import Callable
from pathlib import Path

from central.accounts import UnknownUser
from central.audit import audit
from central.codes import Codes
from central.review import Point
from central.seeds import New, Seeds
from central.server import Rig

BY = "command-line"
Opened = Callable[[argparse.Namespace], Rig]


def add_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    config: argparse.ArgumentParser,
    opened: Opened,
) -> None:
    """`config` brings -c, `opened` opens what it names."""
    code = commands.add_parser(
        "reset-code", parents=[config], help="a lost authenticator: let its user enrol a new one"
    )
    code.add_argument("name")
    code.set_defaults(command=lambda options: _reset_code(opened(options), options))
    look = commands.add_parser(
        "audit", parents=[config], help="look through all that is kept; say what is damaged"
    )
    look.set_defaults(command=lambda options: _audit(opened(options)))
    known_bad = commands.add_parser(
        "add-seed", parents=[config], help="a known-bad packet that measures reviewers"
    )
    known_bad.add_argument("packet", type=Path, help="exported by a demo of a rendered scene")
    known_bad.add_argument("--fault", choices=[point.value for point in Point], required=True)
    known_bad.add_argument("--title", required=True, help="what it shows, for who keeps the seeds")
    known_bad.add_argument("--site", required=True, help="as the review desk shows it")
    known_bad.set_defaults(command=lambda options: _add_seed(opened(options), options))


def _add_seed(rig: Rig, options: argparse.Namespace) -> int:
    new = New(Point(options.fault), options.title[:200], options.site[:64])
    seeds = Seeds(rig.engine, rig.blobs)
    number = seeds.add(options.packet.read_bytes(), new, rig.clock.utc_ms())
    print(f"seed {number} lies among the cases of the review desk from now on")
    return 0


def _audit(rig: Rig) -> int:
    """Exit code 1 where something is damaged, so that a timer can tell."""
    found = 0
    for found, sentence in enumerate(audit(rig.engine, rig.blobs), 1):  # noqa: B007 - counted
        print(sentence)
    print(f"{found} faults" if found else "all that is kept is whole")
    return 1 if found else 0


def _reset_code(rig: Rig, options: argparse.Namespace) -> int:
    user = rig.accounts.user_by_name(options.name)
    if user is None:
        raise UnknownUser(f"no user has the name {options.name!r}")
    Codes(rig.engine, rig.signer).reset(user.id, BY, rig.clock.utc_ms())
    print(f"{user.name} enrols a new authenticator")
    return 0
