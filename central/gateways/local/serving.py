"""Running a small web application: until told to stop, or for the length of a test."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

START_S = 30


@dataclass(frozen=True, slots=True)
class Tls:
    """Our certificate, and the authority of those who may call."""

    ca: Path
    cert: Path
    key: Path


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: "list[object] | None" = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        self.up.set()


def server(app: FastAPI, port: int, tls: Tls | None = None) -> _Server:
    """Listens on loopback only: it holds telephones and plates in the clear."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off"
    )
    if tls is not None:
        config.ssl_certfile, config.ssl_keyfile = str(tls.cert), str(tls.key)
        config.ssl_ca_certs, config.ssl_cert_reqs = str(tls.ca), ssl.CERT_REQUIRED
    return _Server(config)


@contextmanager
def serving(app: FastAPI, tls: Tls | None = None) -> Iterator[int]:
    """Serve on a free port; gives the port. Raises TimeoutError where it does not start."""
    running = server(app, 0, tls)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    if not running.up.wait(START_S):
        raise TimeoutError(f"the server did not start within {START_S} s")
    try:
        yield int(running.servers[0].sockets[0].getsockname()[1])
    finally:
        running.should_exit = True
        thread.join(START_S)
