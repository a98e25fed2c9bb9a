"""A real PostgreSQL from Debian in a temporary folder, on a free loopback port.

with running() as server:
    url = server.new_database()
    server.empty(url)
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

LIMIT_S = 60
_USER = "postgres"
_names = count(1)
_EMPTY = """
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE 'DELETE FROM ' || quote_ident(name); END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
    LOOP EXECUTE 'ALTER SEQUENCE ' || quote_ident(name) || ' RESTART'; END LOOP;
END $$
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A started server that trusts everybody on loopback."""

    folder: Path
    programs: Path
    port: int

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"test_{next(_names)}"
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", _USER]
        _run([str(self.programs / "createdb"), *address, "-T", "template0", "-E", "UTF8", name])
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{name}"

    def empty(self, url: str) -> None:
        """Take every row out of a migrated database, in a tenth of the time that a new one takes.
        Triggers rest meanwhile. Waits for whoever still writes to it to go; raises
        psycopg.errors.LockNotAvailable where nobody goes."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"SET lock_timeout = '{LIMIT_S}s'")
            connection.execute("SET session_replication_role = replica")
            connection.execute(_EMPTY)


@contextmanager
def running() -> Iterator[Server]:
    """Made with initdb, started, and gone with its folder at the end."""
    programs = _programs()
    # Not pytest's tmp_path: the server's own user must be able to search every parent folder.
    folder = Path(tempfile.mkdtemp(prefix="firelane-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _USER, _USER)
        data = str(folder / "data")
        how = ["--no-sync", "-A", "trust", "-U", _USER, "-E", "UTF8", "--locale=C.UTF-8"]
        _run([str(programs / "initdb"), *how, "-D", data])
        control = [str(programs / "pg_ctl"), "-w", "-D", data]
        port = _free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {folder}"
        _run([*control, "-l", str(folder / "log"), "-o", options, "start"])
        try:
            yield Server(folder, programs, port)
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """The folder of the newest installed server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts)
    if not found:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


def _run(command: list[str]) -> None:
    # initdb and the server refuse to run as root.
    prefix = ["runuser", "-u", _USER, "--"] if os.geteuid() == 0 else []
    subprocess.run(
        [*prefix, *command],
        check=True,
        timeout=LIMIT_S,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
