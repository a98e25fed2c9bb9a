"""A connection that is cut here lives on at the other end, and its last bytes come late."""

import socket

import pytest

from scripts.faults_lab.doors import Doors
from scripts.faults_lab.proxy import in_a_thread
from scripts.faults_lab.site import until

LIMIT_S = 30


def listening() -> socket.socket:
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(LIMIT_S)
    return server


def taken(server: socket.socket) -> socket.socket:
    far = server.accept()[0]
    far.settimeout(LIMIT_S)
    return far


def test_a_cut_connection_lives_on_and_its_last_bytes_come_after_the_next_one() -> None:
    with listening() as first, listening() as second:
        doors = Doors(first.getsockname()[1])
        with in_a_thread(doors.serve):
            box = socket.create_connection(("127.0.0.1", doors.port), timeout=LIMIT_S)
            old = taken(first)
            box.sendall(b"early")
            assert old.recv(5) == b"early"
            doors.hold()
            box.sendall(b" late")
            until(lambda: doors.late == 5, "the last bytes")
            doors.cut(second.getsockname()[1])
            with pytest.raises(ConnectionResetError):
                box.recv(1)
            old.sendall(b"to nobody")

            with socket.create_connection(("127.0.0.1", doors.port), timeout=LIMIT_S) as again:
                new = taken(second)
                again.sendall(b"new")
                assert new.recv(3) == b"new"
                new.sendall(b"answer")
                assert again.recv(6) == b"answer"
                assert (doors.count, doors.ghosts) == (2, 1)
                old.setblocking(False)
                with pytest.raises(BlockingIOError):  # nothing came, and it has not ended
                    old.recv(1)

                old.settimeout(LIMIT_S)
                doors.release(0)
                last = b""
                while piece := old.recv(16):
                    last += piece

            assert doors.ghosts == 0
            assert last == b" late"
            for each in (box, old, new):
                each.close()
