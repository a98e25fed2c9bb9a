"""firelane-edge: the command line of the edge box.

Exit codes: 0 done, 1 could not do it (one sentence says why), 2 wrong use or configuration.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.config import load
from edge.config_file import ConfigError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except ConfigError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="firelane-edge", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_run, _add_replay, _add_detect, _add_read_plate, _add_outbox, _add_check):
        add(commands)
    return parser


def _add_detect(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from edge.detect_cli import add_arguments, detect

    parser = commands.add_parser("detect", help="find vehicles in pictures, one JSON line each")
    add_arguments(parser)
    parser.set_defaults(command=detect)


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from edge.daemon import add_arguments, run

    parser = commands.add_parser("run", help="watch the cameras until told to stop")
    add_arguments(parser)
    parser.set_defaults(command=run)


def _add_replay(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from edge.replay import add_arguments, replay

    parser = commands.add_parser("replay", help="run a file through the whole pipeline, offline")
    add_arguments(parser)
    parser.set_defaults(command=replay)


def _add_read_plate(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from edge.plate_cli import add_arguments, read_plate

    parser = commands.add_parser("read-plate", help="read the plates in pictures and crops")
    add_arguments(parser)
    parser.set_defaults(command=read_plate)


def _add_outbox(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from edge.outbox_cli import add_arguments, show

    parser = commands.add_parser("outbox", help="show what was recorded, waits or was set aside")
    add_arguments(parser)
    parser.set_defaults(command=show)


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "check-config", help="print what a configuration comes to, secrets masked"
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="sets")
    parser.set_defaults(command=_check_config)


def _check_config(options: argparse.Namespace) -> int:
    print(load(options.file, os.environ, options.sets).effective(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
