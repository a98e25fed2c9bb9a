"""A way to more than one broker, whose connections can outlive their box.

A box that loses its link without a word (a NAT that forgets it, a radio that changes its cell)
connects anew, while a broker still holds the old connection and what was on its way in it. `cut`
makes such a ghost; `release` lets its last bytes arrive and then ends it, as a reset or the end of
its keep-alive would.
"""

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

from scripts.faults_lab.proxy import RESET, end_all

_READ_BYTES = 4096
_LIMIT_S = 30.0


@dataclass(eq=False, slots=True)
class _Passage:
    """One connection. `late` are bytes of the box that are still on their way."""

    near: StreamWriter
    far: StreamWriter
    held: bool = False
    ghost: bool = False
    late: bytearray = field(default_factory=bytearray)

    async def up(self, reader: StreamReader) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(_READ_BYTES):
                if self.held:
                    self.late += data
                else:
                    self.far.write(data)
                    await self.far.drain()
        if not self.ghost:
            self.far.close()

    async def down(self, reader: StreamReader) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(_READ_BYTES):
                if not self.ghost:
                    self.near.write(data)
                    await self.near.drain()
        self.near.transport.abort()
        self.far.transport.abort()


class Doors:
    """Every new connection leads to the port `target`; `count` says how many there were. Its
    methods are called from another thread than the loop's (proxy.in_a_thread)."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.count = 0
        self._open: list[_Passage] = []
        self._ghosts: list[_Passage] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._enter, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await stop.wait()
        await end_all()
        await asyncio.sleep(0)  # the loop lets go of the sockets

    @property
    def ghosts(self) -> int:
        """How many old connections were cut and have not been released."""
        return len(self._ghosts)

    @property
    def late(self) -> int:
        """How many bytes are held back."""
        return sum(len(each.late) for each in [*self._open, *self._ghosts])

    def hold(self) -> None:
        """What the box sends from now on is late."""
        self._call(self._hold())

    def cut(self, target: int) -> None:
        """The box loses its connection, and finds `target` with its next one; the broker is told
        nothing."""
        self._call(self._cut(target))

    def release(self, which: int) -> None:
        """The last bytes of a ghost arrive, and it ends."""
        self._call(self._release(which))

    def _call(self, what: Coroutine[Any, Any, None]) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(what, self._loop).result(_LIMIT_S)

    async def _hold(self) -> None:
        for passage in self._open:
            passage.held = True

    async def _cut(self, target: int) -> None:
        self.target = target
        for passage in self._open:
            passage.held = passage.ghost = True
            passage.near.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, RESET)
            passage.near.transport.abort()
        self._ghosts += self._open
        self._open = []

    async def _release(self, which: int) -> None:
        ghost = self._ghosts.pop(which)
        with suppress(ConnectionError):  # the broker has ended it itself: another took over
            ghost.far.write(bytes(ghost.late))
            await ghost.far.drain()
            ghost.far.close()
            await ghost.far.wait_closed()

    async def _enter(self, near: StreamReader, near_out: StreamWriter) -> None:
        self.count += 1
        try:
            far, far_out = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            near_out.transport.abort()
            return
        passage = _Passage(near_out, far_out)
        self._open.append(passage)
        try:
            with suppress(asyncio.CancelledError):  # the doors close
                await asyncio.gather(passage.up(near), passage.down(far))
        finally:
            near_out.transport.abort()
            far_out.transport.abort()
        if passage in self._open:
            self._open.remove(passage)
