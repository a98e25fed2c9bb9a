"""The only reader of time in the edge daemon.

Durations come from the monotonic clock, names of moments from the wall clock; never mixed.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """Where the shell asks for the time; tests hand in one of their own."""

    def mono_ns(self) -> int:
        """Nanoseconds of a clock that never steps, since this boot."""

    def utc_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC, as the wall clock has it; it may step."""


class SystemClock:
    """The clocks of this machine. CLOCK_BOOTTIME goes on counting while the box sleeps."""

    def mono_ns(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def utc_ms(self) -> int:
        return time.time_ns() // 1_000_000
