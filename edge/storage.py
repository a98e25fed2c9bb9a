"""Writing so that a power cut loses nothing, and what a disk can answer instead.

StorageFault      the world: the daemon goes on, shows it, and tries again
├── DiskFull      no space, no quota, or the database at its page limit
├── DiskReadOnly  the file system was remounted read-only, as ext4 does after an error
└── DiskBroken    the disk failed to read or write

Damaged           bytes read back are not the bytes written; only the item concerned suffers
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.trace import point


class StorageFault(Exception):
    """Never raised itself; the subclasses say what is the matter."""


class DiskFull(StorageFault):
    """Nothing more can be written until something is removed."""


class DiskReadOnly(StorageFault):
    """Nothing can be written; usually the file system found an error."""


class DiskBroken(StorageFault):
    """The disk did not do as it was told."""


class Damaged(Exception):
    """Bytes on disk no longer hash to their name, or are gone."""


_BY_ERRNO = {
    errno.ENOSPC: DiskFull,
    errno.EDQUOT: DiskFull,
    errno.EFBIG: DiskFull,
    errno.EROFS: DiskReadOnly,
}
_BY_SQLITE = {
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_READONLY: DiskReadOnly,
}
_LOW_BYTE = 0xFF
"""SQLite's extended codes carry the primary code in their low byte."""


@contextmanager
def storage_faults(doing: str) -> Iterator[None]:
    """Turn what the operating system or SQLite reports into a StorageFault that says so.

    A corrupt database is no fault of the moment and passes through as sqlite3.DatabaseError.
    """
    try:
        yield
    except OSError as error:
        kind = _BY_ERRNO.get(error.errno or 0, DiskBroken)
        raise kind(f"cannot {doing}: {error.strerror or error}") from error
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", 0) & _LOW_BYTE
        raise _BY_SQLITE.get(code, DiskBroken)(f"cannot {doing}: {error}") from error


def write_durably(path: Path, content: bytes) -> None:
    """The whole file under its name, or nothing; it survives a power cut once this returns.

    Raises StorageFault; a `.part` file may then be left, which the next start removes.
    """
    part = path.with_name(f"{path.name}.part")
    with storage_faults(f"write {path.name}"):
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                point("part_written", path.name)
                os.fsync(file.fileno())
            point("part_fsynced", path.name)
            part.replace(path)
            point("part_renamed", path.name)
            sync_folder(path.parent)
            point("folder_fsynced", path.name)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: without it a renamed file may lose its name."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """A folder whose own name is durable too. Raises StorageFault."""
    if folder.is_dir():
        return
    with storage_faults(f"make folder {folder.name}"):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            sync_folder(folder.parent)
        except OSError:
            folder.rmdir()  # else the next one would find it and take its name for durable
            raise
