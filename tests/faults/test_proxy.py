"""The proxy does to connections what it is told, and nothing else."""

import random
import socket
import threading
from collections.abc import Iterator

import pytest

from scripts.faults_lab.proxy import Toxics, proxied

LIMIT_S = 30


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that gives back what it gets."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=give_back, args=(connection,), daemon=True).start()

    def give_back(connection: socket.socket) -> None:
        with connection:
            while data := _received(connection):
                connection.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except OSError:
        return b""


def exchange(port: int, data: bytes) -> bytes:
    """What comes back for `data`, until the connection ends or all is there."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as connection:
        connection.sendall(data)
        while len(found) < len(data):
            if not (piece := connection.recv(65_536)):
                break
            found += piece
    return found


def test_without_toxics_every_byte_passes(echo: int) -> None:
    data = random.Random(1).randbytes(300_000)

    with proxied(echo, Toxics(), random.Random(1)) as proxy:
        assert exchange(proxy.port, data) == data
    assert proxy.bytes_up == len(data)
    assert proxy.ended == {"reset": 0, "silent": 0}


def test_bytes_that_are_cut_to_pieces_are_the_same_bytes(echo: int) -> None:
    data = random.Random(1).randbytes(20_000)

    with proxied(echo, Toxics(slices=1.0), random.Random(1)) as proxy:
        assert exchange(proxy.port, data) == data


def test_a_connection_is_reset_after_its_bytes(echo: int) -> None:
    toxics = Toxics(resets=1.0, lives_bytes=(1000, 1000))

    with proxied(echo, toxics, random.Random(1)) as proxy:
        with pytest.raises(ConnectionResetError):
            exchange(proxy.port, bytes(100_000))
        assert proxy.ended["reset"] == 1


def test_a_silent_connection_stays_open_and_says_nothing(echo: int) -> None:
    toxics = Toxics(silences=1.0, lives_bytes=(0, 0))

    with (
        proxied(echo, toxics, random.Random(1)) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), timeout=0.5) as connection,
    ):
        connection.sendall(b"anybody there?")
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert proxy.ended["silent"] == 1
