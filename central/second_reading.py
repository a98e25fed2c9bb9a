"""A second, independent reading of a plate by a program of its own (central/plate_worker.py).

It runs in an environment of its own, since its packages do not go with ours. A picture goes in, one
line comes out. A worker that hangs or dies is ended and started again; without one, people read.

ReaderDown    the program is not there, or did not answer
"""

import json
import logging
import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from threading import Lock
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

WORKER = Path(__file__).with_name("plate_worker.py")
START_S, ANSWER_S = 60.0, 10.0
LEAST_PM = 800
"""Of the least sure character: below that the plate counts as unread."""
log = logging.getLogger("central.second_reading")
Colour = Literal["blue", "yellow", "green", "yellow-green", "white", "black"]


class ReaderDown(Exception):
    """The program is not there, or did not answer."""


class MachineReading(BaseModel):
    """What the program made of a picture. `plate` None: no plate found in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    plate: Annotated[str, Field(max_length=16)] | None
    colour: Colour | None
    confidence_pm: Annotated[int, Field(ge=0, le=1000)]

    @property
    def sure(self) -> tuple[str | None, str | None, int]:
        """Plate, colour and confidence; no plate where it was not sure enough."""
        sure = self.plate is not None and self.confidence_pm >= LEAST_PM
        return (self.plate if sure else None, self.colour if sure else None, self.confidence_pm)


class SecondReader(Protocol):
    def start(self) -> None:
        """Be ready before the first picture comes. Raises ReaderDown."""

    def read(self, image: Path) -> MachineReading:
        """Blocks. Raises ReaderDown."""

    def close(self) -> None:
        """End the program."""


@dataclass(slots=True)
class _Process:
    """A started worker and what came from it that is not a whole line yet."""

    popen: subprocess.Popen[bytes]
    rest: bytes = b""


class WorkerReader:
    """Talks to one worker; any thread may use it, one picture at a time."""

    def __init__(self, python: Path, command: Sequence[str] | None = None) -> None:
        self._command = list(command or (str(python), str(WORKER)))
        self._lock = Lock()
        self._process: _Process | None = None

    def read(self, image: Path) -> MachineReading:
        with self._lock:
            try:
                process = self._running()
                line = self._asked(process, f"{image.absolute()}\n".encode(), ANSWER_S)
                return MachineReading.model_validate_json(line)
            except (OSError, ValueError, ReaderDown) as fault:
                self._end()
                raise ReaderDown(f"the second reader does not work: {_told(fault)}") from None

    def start(self) -> None:
        with self._lock:
            try:
                self._running()
            except (OSError, ValueError, ReaderDown) as fault:
                self._end()
                raise ReaderDown(f"the second reader does not start: {_told(fault)}") from None

    def close(self) -> None:
        with self._lock:
            self._end()

    def _running(self) -> _Process:
        if self._process is not None and self._process.popen.poll() is None:
            return self._process
        self._end()
        popen = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._process = _Process(popen)
        ready = self._asked(self._process, b"", START_S)
        if json.loads(ready or b"null") != "ready":
            raise ReaderDown("it did not start")
        log.info("second reader started")
        return self._process

    def _asked(self, process: _Process, question: bytes, limit_s: float) -> bytes:
        """One line in, one line out."""
        stdin, stdout = process.popen.stdin, process.popen.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(question)
        stdin.flush()
        with DefaultSelector() as selector:
            selector.register(stdout, EVENT_READ)
            while b"\n" not in process.rest:
                if not selector.select(limit_s):
                    raise ReaderDown(f"no answer within {limit_s:.0f} s")
                part = os.read(stdout.fileno(), 65_536)
                if not part:
                    raise ReaderDown("it ended")
                process.rest += part
        line, _, process.rest = process.rest.partition(b"\n")
        return line

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.popen.kill()
        for pipe in (process.popen.stdin, process.popen.stdout):
            if pipe is not None:
                with suppress(OSError):  # a full pipe of a dead process
                    pipe.close()
        process.popen.wait()


def _told(fault: Exception) -> str:
    return "it answered nonsense" if isinstance(fault, ValueError) else str(fault)
