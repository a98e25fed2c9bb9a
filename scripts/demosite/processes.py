"""Child processes that never outlive the demo.

Each child runs in its own session, so that Ctrl-C reaches the demo alone and the children are ended
in order, last started first. The kernel ends them too should the demo itself be killed.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

_PR_SET_PDEATHSIG = 1
_TERM_S = 10.0
_TAIL_LINES = 12


class DemoError(Exception):
    """Something that the demo cannot go on without; the text says what, and where to look."""


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def tail(self) -> str:
        """The last lines that the child wrote."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:])


@dataclass(slots=True)
class Processes:
    """Starts children, notices when one dies, and ends them all on exit."""

    logs: Path
    children: list[Child] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self.children:
            self._end(self.children.pop())

    def start(self, name: str, argv: Sequence[str | os.PathLike[str]]) -> Child:
        """Start a child with its output in `<logs>/<name>.log`."""
        log = self.logs / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [os.fspath(part) for part in argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509  nothing here runs threads at this point
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )
        child = Child(name, process, log)
        self.children.append(child)
        return child

    def check(self) -> None:
        """Raise DemoError where a child has ended by itself."""
        for child in self.children:
            code = child.process.poll()
            if code is not None:
                raise DemoError(
                    f"{child.name} ended with exit code {code}; its last lines ({child.log}):\n"
                    f"{child.tail()}"
                )

    def wait_until(self, ready: Callable[[], bool], what: str, limit_s: float) -> None:
        """Wait for `ready`, while every child lives. Raises DemoError after `limit_s` seconds."""
        end = time.monotonic() + limit_s
        while not ready():
            self.check()
            if time.monotonic() > end:
                raise DemoError(f"waited {limit_s:.0f} s for {what}; see the logs in {self.logs}")
            time.sleep(0.1)

    def _end(self, child: Child) -> None:
        if child.process.poll() is None:
            child.process.send_signal(signal.SIGTERM)
            try:
                child.process.wait(_TERM_S)
            except subprocess.TimeoutExpired:
                print(f"{child.name} did not end within {_TERM_S:.0f} s: killed", file=sys.stderr)
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait(_TERM_S)
