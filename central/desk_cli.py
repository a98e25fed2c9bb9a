"""Commands of the administrator that have a page too: lost authenticators, configurations."""

import argparse
from collections.abc import Callable

from central.accounts import UnknownUser
from central.codes import Codes
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


def _reset_code(rig: Rig, options: argparse.Namespace) -> int:
    user = rig.accounts.user_by_name(options.name)
    if user is None:
        raise UnknownUser(f"no user has the name {options.name!r}")
    Codes(rig.engine, rig.signer).reset(user.id, BY, rig.clock.utc_ms())
    print(f"{user.name} enrols a new authenticator")
    return 0
