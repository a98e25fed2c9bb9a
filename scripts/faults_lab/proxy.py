"""A TCP proxy that treats a connection badly, by a seed: slow, thin, cut to pieces, reset, silent.

with proxied(broker_port, Toxics(resets=0.3, latency_s=0.1), chance) as proxy:
    connect_to(proxy.port)
"""

import asyncio
import random
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET

_READ_BYTES = 4096
_ON_THE_WAY = 64
"""Pieces that may be under way in one direction."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of 0 s: closing sends RST instead of FIN."""


@dataclass(frozen=True, slots=True)
class Toxics:
    """`resets` and `silences` are the shares of connections that end so, after some bytes of
    `lives_bytes`; `slices` is the share of reads that are passed on byte by byte."""

    latency_s: float = 0.0
    bytes_per_s: float = float("inf")
    resets: float = 0.0
    silences: float = 0.0
    slices: float = 0.0
    lives_bytes: tuple[int, int] = (2_000, 400_000)


@dataclass(slots=True)
class Proxy:
    """`ended` counts what was done to connections."""

    target: int
    toxics: Toxics
    chance: random.Random
    port: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    ended: dict[str, int] = field(default_factory=lambda: {"reset": 0, "silent": 0})

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await stop.wait()
        await end_all()

    async def _connection(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        try:
            far, far_out = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            near_out.transport.abort()
            return
        life = _Life(self, self._fate())
        pipes = [
            asyncio.create_task(life.pipe(near, far_out, up=True)),
            asyncio.create_task(life.pipe(far, near_out, up=False)),
        ]
        try:
            with suppress(asyncio.CancelledError):  # the proxy ends
                await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            self._close(life, near_out, far_out)

    @staticmethod
    def _close(
        life: "_Life", near_out: asyncio.StreamWriter, far_out: asyncio.StreamWriter
    ) -> None:
        for writer in (near_out, far_out):
            if life.over and life.fate == "reset":
                writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, RESET)
            writer.transport.abort()

    def count(self, size: int, *, up: bool) -> None:
        """So many bytes came in: they were on the wire, whatever becomes of them."""
        if up:
            self.bytes_up += size
        else:
            self.bytes_down += size

    def _fate(self) -> str:
        drawn = self.chance.random()
        if drawn < self.toxics.resets:
            return "reset"
        return "silent" if drawn < self.toxics.resets + self.toxics.silences else ""


class _Life:
    """One connection: how many bytes it has left before its fate."""

    def __init__(self, proxy: Proxy, fate: str) -> None:
        self._proxy = proxy
        self.fate = fate
        self.over = False
        self._left = proxy.chance.randint(*proxy.toxics.lives_bytes)

    async def pipe(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool
    ) -> None:
        toxics, late = self._proxy.toxics, asyncio.Queue[tuple[float, bytes]](_ON_THE_WAY)
        now = asyncio.get_running_loop().time
        passing = asyncio.create_task(self._pass_all(late, writer))
        try:
            while data := await reader.read(_READ_BYTES):
                self._proxy.count(len(data), up=up)
                await asyncio.sleep(len(data) / toxics.bytes_per_s)
                self._left -= len(data)
                if self.fate and self._left < 0:
                    await self._end()
                    return
                await late.put((now() + toxics.latency_s, data))
            await late.put((now() + toxics.latency_s, b""))
            await passing
        except ConnectionError:
            return
        finally:
            passing.cancel()

    async def _end(self) -> None:
        self.over = True
        self._proxy.ended[self.fate] += 1
        if self.fate == "silent":  # nothing more comes, and nobody says so
            await asyncio.Event().wait()

    async def _pass_all(
        self, late: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        """Each piece when its time has come, so that a late link is not a thin one."""
        with suppress(ConnectionError):
            while True:
                due, data = await late.get()
                await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
                if not data:
                    return
                await self._pass_on(data, writer)

    async def _pass_on(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        if self._proxy.chance.random() < self._proxy.toxics.slices:
            for at in range(len(data)):
                writer.write(data[at : at + 1])
                if at % 64 == 0:
                    await writer.drain()
        else:
            writer.write(data)
        await writer.drain()


async def end_all() -> None:
    """Cancel whatever else runs in this loop."""
    mine = asyncio.all_tasks() - {asyncio.current_task()}
    for task in mine:
        task.cancel()
    await asyncio.gather(*mine, return_exceptions=True)


@contextmanager
def proxied(target: int, toxics: Toxics, chance: random.Random) -> Iterator[Proxy]:
    """A proxy in a thread of its own."""
    proxy = Proxy(target, toxics, chance)
    with in_a_thread(proxy.serve):
        yield proxy


@contextmanager
def in_a_thread(
    serve: Callable[[threading.Event, asyncio.Event], Coroutine[None, None, None]],
) -> Iterator[None]:
    """`serve` says when it is ready, and runs until it is told to stop."""
    ready, stop, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()
    thread = threading.Thread(
        target=loop.run_until_complete, args=(serve(ready, stop),), daemon=True
    )
    thread.start()
    assert ready.wait(30)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
