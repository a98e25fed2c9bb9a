"""Calling the office back as gateways do: signed, and again until it was taken."""

from collections.abc import Callable
from threading import Event, Thread
from uuid import uuid4

import httpx

from central.clock import Clock
from central.gateways.sms import signature

TRIES, WAIT_S = 5, 1.0
_TIMEOUT_S = 10
_REFUSED = 401


def call_back(
    url: str, body: bytes, secret: str, clock: Clock, stop: Event, *, forged: bool = False
) -> None:
    """Push `body` at most TRIES times; a refused signature is not tried again. `forged` signs
    something else."""
    for _ in range(TRIES):
        name, utc_s = uuid4().hex, clock.utc_ms() // 1000
        signed = body + b" " if forged else body
        headers = {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(utc_s),
            "webhook-signature": signature(secret, name, utc_s, signed),
        }
        try:
            answer = httpx.post(url, content=body, headers=headers, timeout=_TIMEOUT_S)
            if answer.is_success or answer.status_code == _REFUSED:
                return
        except httpx.HTTPError:
            pass
        if stop.wait(WAIT_S):
            return


def later(work: Callable[[], None]) -> None:
    """Whoever asked does not wait for the call back."""
    Thread(target=work, daemon=True).start()
