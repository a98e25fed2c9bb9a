"""A TCP pipe that counts bytes and can be narrowed: the link between a device and its broker."""

import socket
import struct
import threading
import time
from contextlib import suppress

_BLOCK = 16_384


class Pipe:
    """Listens on a free loopback port and passes everything on to `target`.

    `up` and `down` count bytes as they are on the wire, TLS and all. `rate` limits the way up to
    so many bytes a second; None leaves it free.
    """

    def __init__(self, target: tuple[str, int], rate: float | None = None) -> None:
        self.rate = rate
        self.up = 0
        self.down = 0
        self._target = target
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset every connection, as a bad radio link does; new ones are taken as before."""
        sockets, self._sockets = self._sockets, []
        for each in sockets:
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for each in [self._listener, *self._sockets]:
            with suppress(OSError):
                each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                if self.rate is not None:
                    # A narrow link has small buffers; the kernel's would hide that it is narrow.
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 * _BLOCK)
                self._sockets += [near, far]
                threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        with suppress(OSError):
            free_at = time.monotonic()
            while block := source.recv(_BLOCK):
                if up:
                    self.up += len(block)
                    if self.rate is not None:
                        free_at = max(free_at, time.monotonic()) + len(block) / self.rate
                        time.sleep(max(0.0, free_at - time.monotonic()))
                else:
                    self.down += len(block)
                sink.sendall(block)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
