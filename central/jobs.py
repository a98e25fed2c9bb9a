"""Work that comes round: one thread runs every job of this worker, one after another.

Of several workers on one database only one runs a job at a time: who has its lease. What the world
does to a job is logged, and the job comes round again; anything else is our bug and ends the
process.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

import httpx
from sqlalchemy import Engine

from central import link
from central.clock import Clock
from central.leases import take_lease

WORLD = (*link.WORLD, httpx.HTTPError)
"""What the network, the disk and the database may do to us at any time."""
_LEASE_ROUNDS = 3
_LEAST_LEASE_MS = 60_000

log = logging.getLogger("central.jobs")


@dataclass(frozen=True, slots=True)
class Job:
    """`run` is given the time; it does what is due and leaves the rest for the next round."""

    name: str
    every_s: float
    run: Callable[[int], object]


class Bell:
    """Rung from any thread when something became due; nobody may be listening yet, or no more."""

    def __init__(self) -> None:
        self._hears: Callable[[], None] | None = None

    def to(self, hears: Callable[[], None]) -> None:
        self._hears = hears

    def ring(self) -> None:
        if self._hears is not None:
            self._hears()


class Jobs:
    """`run` until told to stop; `wake` from any thread when something became due just now."""

    def __init__(self, jobs: Sequence[Job], engine: Engine, clock: Clock, owner: str) -> None:
        self._jobs = tuple(jobs)
        self._engine = engine
        self._clock = clock
        self._owner = owner
        self._due_mono_ms = {job.name: 0 for job in self._jobs}
        self._woken = Event()

    def wake(self) -> None:
        """Run every job now. Waking a worker that does not run its jobs is harmless."""
        self._woken.set()

    def run(self, stop: Event) -> None:
        """Blocks. Stops within a second of `stop`, after the job in hand."""
        while not stop.is_set():
            self.round(everything=self._woken.is_set())
            next_ms = min(self._due_mono_ms.values(), default=self._clock.mono_ms() + 1000)
            wait_s = min(1.0, max(0.0, (next_ms - self._clock.mono_ms()) / 1000))
            self._woken.wait(wait_s)

    def round(self, *, everything: bool = False) -> None:
        """Each job that is due, or all of them, once."""
        self._woken.clear()
        for job in self._jobs:
            now = self._clock.mono_ms()
            if everything or now >= self._due_mono_ms[job.name]:
                self._due_mono_ms[job.name] = now + int(job.every_s * 1000)
                self._once(job)

    def _once(self, job: Job) -> None:
        now = self._clock.utc_ms()
        lease_ms = max(_LEAST_LEASE_MS, int(job.every_s * 1000) * _LEASE_ROUNDS)
        try:
            if take_lease(self._engine, f"job-{job.name}", self._owner, now, lease_ms):
                job.run(now)
        except WORLD as fault:
            log.error("job %s failed and comes round again: %s", job.name, fault)
