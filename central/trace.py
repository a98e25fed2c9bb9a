"""Named points where a fault harness can watch the server or kill it, as edge/trace.py has them.

Off, a point costs one comparison. On, by two environment variables that only the harness sets:
    FIRELANE_TRACE_FILE=path       each point passed appends its name and fields as a line
    FIRELANE_TRACE_KILL=name:n     at the n-th passing of that point the process dies by SIGKILL
"""

import os
import signal
from collections import Counter
from collections.abc import Callable

Hook = Callable[[str, str], None]


def from_environment(environment: "os._Environ[str] | dict[str, str]") -> Hook | None:
    """The hook that the environment asks for; None where it asks for nothing."""
    path = environment.get("FIRELANE_TRACE_FILE", "")
    name, _, nth = environment.get("FIRELANE_TRACE_KILL", "").partition(":")
    if not path and not name:
        return None
    passed: Counter[str] = Counter()

    def hook(point_name: str, fields: str) -> None:
        passed[point_name] += 1
        if path:
            with open(path, "ab", buffering=0) as file:
                file.write(f"{point_name} {fields}\n".encode())
        if point_name == name and passed[name] == int(nth or 1):
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


_hook = from_environment(os.environ)


def arm(environment: "os._Environ[str] | dict[str, str]") -> None:
    """Do as this environment asks from now on: for a process that was forked, not started."""
    global _hook  # noqa: PLW0603 - one process, one hook
    _hook = from_environment(environment)


def point(name: str, fields: str = "") -> None:
    """Pass a named point. `fields` says which packet or exhibit it is about."""
    if _hook is not None:
        _hook(name, fields)
