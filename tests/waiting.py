"""Waiting for something to become true, without sleeping for luck."""

import time
from collections.abc import Callable


def until(true: Callable[[], bool], limit_s: float = 60.0) -> bool:
    """Ask every 20 ms until it is true; False when `limit_s` seconds did not suffice."""
    end = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
