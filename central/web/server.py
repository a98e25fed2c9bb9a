"""The web server in a thread of its own: up when it listens, down when its streams ended."""

import asyncio
import socket
import threading

import uvicorn
from fastapi import FastAPI

from central.web.parts import Parts

_START_S = 30
_STOP_S = 15


class _Server(uvicorn.Server):
    """uvicorn that says when it listens, and on which loop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self.listening.set()


class WebServer:
    """Serves the staff pages. Port 0 lets the system choose one; `port` then says which."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        """Binds the address at once. Raises OSError where it is taken or not this machine's."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listening = socket.create_server((host, port), family=family, backlog=256)
        # Handed on to every connection: an answer's second part would else wait 40 ms for the
        # browser's acknowledgement of the first.
        self.listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = int(self.listening.getsockname()[1])
        self._app = app
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=3,
                lifespan="off",
            )
        )
        self.thread = threading.Thread(target=self._run, name="web", daemon=True)

    def _run(self) -> None:
        self._server.run(sockets=[self.listening])

    def start(self) -> None:
        """Returns when the server answers. Raises TimeoutError where it does not."""
        self.thread.start()
        if not self._server.listening.wait(_START_S):
            raise TimeoutError(f"the web server did not start within {_START_S} s")

    def stop(self) -> None:
        """Ends the live streams, lets running answers finish, and waits for the thread."""
        parts = self._app.state.parts
        assert isinstance(parts, Parts)
        if self._server.loop is not None and self.thread.is_alive():
            asyncio.run_coroutine_threadsafe(parts.changes.close(), self._server.loop)
        self._server.should_exit = True
        if self.thread.is_alive():
            self.thread.join(_STOP_S)
        self.listening.close()
