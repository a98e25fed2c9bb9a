"""`firelane-central add-department …`: who of the other departments may ask, and who is told."""

import argparse
from collections.abc import Callable

from central.cases import Action
from central.server import Rig
from central.sharing import Departments, Scope
from central.webhooks import NewWebhook, Webhooks

Opened = Callable[[argparse.Namespace], Rig]
_ACTIONS = [action.value for action in Action]


def add_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    config: argparse.ArgumentParser,
    opened: Opened,
) -> None:
    """`config` brings -c, `opened` opens what it names."""
    new = commands.add_parser(
        "add-department", parents=[config], help="let another department ask the sharing API"
    )
    new.add_argument("id", help="a short word: traffic-police")
    new.add_argument("--name", required=True, help="as pages show it")
    new.add_argument(
        "--scope", action="append", choices=[scope.value for scope in Scope], required=True
    )
    new.set_defaults(command=lambda options: _add_department(opened(options), options))

    switch = commands.add_parser(
        "switch-department", parents=[config], help="answer a department, or not"
    )
    switch.add_argument("id")
    switch.add_argument("to", choices=["on", "off"])
    switch.set_defaults(command=lambda options: _switch(opened(options), options))

    hook = commands.add_parser(
        "add-webhook", parents=[config], help="tell a department of acts as they happen"
    )
    hook.add_argument("id")
    hook.add_argument("--department", required=True)
    hook.add_argument("--url", required=True, help="https://…")
    hook.add_argument("--action", action="append", choices=_ACTIONS, default=[], metavar="ACTION",
                      help="as in central/CASES.md; every act if not given")  # fmt: skip
    hook.set_defaults(command=lambda options: _add_webhook(opened(options), options))


def _add_department(rig: Rig, options: argparse.Namespace) -> int:
    scopes = [Scope(word) for word in options.scope]
    key = Departments(rig.engine).add(options.id, options.name, scopes, rig.clock.utc_ms())
    print(f"{options.id} may ask for {', '.join(sorted(scopes))}; its key, shown this once:\n{key}")
    return 0


def _switch(rig: Rig, options: argparse.Namespace) -> int:
    Departments(rig.engine).switch(options.id, options.to == "on")
    print(f"department {options.id} is switched {options.to}")
    return 0


def _add_webhook(rig: Rig, options: argparse.Namespace) -> int:
    actions = frozenset(Action(word) for word in options.action)
    new = NewWebhook(options.id, options.department, options.url, actions)
    secret = Webhooks(rig.engine).add(new)
    print(f"{options.url} is told; the secret to check signatures with, shown this once:\n{secret}")
    return 0
