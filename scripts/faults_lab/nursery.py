"""Processes that start in milliseconds: forked from one that has imported everything and done
nothing. What is forked is a process of its own in every respect that matters to SIGKILL."""

import importlib
import multiprocessing
import os
import signal
from collections.abc import Mapping
from pathlib import Path

import central.trace
import edge.trace

_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload(
    [
        "scripts.faults_lab.box",
        "scripts.faults_lab.office",
        "scripts.faults_lab.control",
        "scripts.faults_lab.reminded_box",
        "scripts.faults_lab.refused_box",
    ]
)


class Life:
    """One process: `module`'s `main`, its output appended to `log`."""

    def __init__(
        self, module: str, arguments: tuple[str, ...], log: Path, environment: Mapping[str, str]
    ) -> None:
        told = (module, arguments, log, dict(environment))
        self._process = _NURSERY.Process(target=_live, args=told, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    @property
    def killed(self) -> bool:
        """It died by SIGKILL."""
        return self._process.exitcode == -signal.SIGKILL

    def stop(self) -> None:
        """SIGSTOP: it hangs."""
        os.kill(self.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self._process.kill()
        self._process.join(30)

    def end(self) -> None:
        """SIGTERM, and wait."""
        self._process.terminate()
        self._process.join(30)


def _live(module: str, arguments: tuple[str, ...], log: Path, environment: dict[str, str]) -> None:
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for standard in (1, 2):
        os.dup2(handle, standard)
    os.environ.update(environment)
    edge.trace.arm(os.environ)
    central.trace.arm(os.environ)
    importlib.import_module(module).main(*arguments)
