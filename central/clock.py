"""The only reader of time in the central server.

Everything else takes the time as an argument, so that a test can give any time.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """Where the shell asks for the time; tests hand in one of their own."""

    def utc_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC, as the wall clock has it; it may step."""

    def mono_ms(self) -> int:
        """Milliseconds of a clock that never steps; only differences mean anything."""


class SystemClock:
    """The clocks of this machine."""

    def utc_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000
