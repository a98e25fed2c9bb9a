"""The files of evidence: exhibits named by their hash, and every signed record beside them.

    exhibits/ab/ab12….jpg        one image, its bytes never changed
    records/000000000042.dsse    the envelope of record 42; the outbox can be rebuilt from these

A file that is there is whole: it was written under another name, synced, and renamed.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from edge.storage import Damaged, make_folder, storage_faults, sync_folder, write_durably
from edge.trace import point


@dataclass(frozen=True, slots=True)
class StoredExhibit:
    """An image that will survive a power cut."""

    sha256: str
    size_bytes: int


class Vault:
    """One folder of evidence. Opening it removes what a power cut left half written."""

    def __init__(self, folder: Path) -> None:
        self._exhibits = folder / "exhibits"
        self._records = folder / "records"
        make_folder(self._exhibits)
        make_folder(self._records)
        with storage_faults("remove half-written files"):
            for part in folder.rglob("*.part"):
                part.unlink()
            for each in (folder, self._exhibits, self._records):
                sync_folder(each)  # names that the last life gave and died before it flushed them
            kept = (*self._exhibits.glob("*/*"), *self._records.glob("*"))
            self._used = sum(path.stat().st_size for path in kept)
        self._counting = Lock()
        point("vault_opened")

    def keep(self, jpeg: bytes) -> StoredExhibit:
        """Store an image for good; the same bytes again cost little. Raises StorageFault."""
        sha256 = hashlib.sha256(jpeg).hexdigest()
        path = self._exhibit(sha256)
        if path.is_file():
            with storage_faults(f"keep exhibit {sha256}"):
                sync_folder(path.parent)  # the flush of its name may be what failed the last time
        else:
            make_folder(path.parent)
            self._write(path, jpeg)
        point("exhibit_kept", sha256)
        return StoredExhibit(sha256, len(jpeg))

    def has(self, sha256: str) -> bool:
        """Whether an exhibit is on the disk; not whether its bytes still hash to its name."""
        return self._exhibit(sha256).is_file()

    def check(self, sha256: str) -> None:
        """Read an exhibit and forget it. Raises Damaged unless it hashes to its name."""
        self.read(sha256)

    def read(self, sha256: str) -> bytes:
        """An exhibit whole. Raises Damaged unless it is there and hashes to its name."""
        try:
            content = self._exhibit(sha256).read_bytes()
        except FileNotFoundError:
            raise Damaged(f"exhibit {sha256} is not on the disk") from None
        except OSError as error:
            raise Damaged(f"exhibit {sha256} cannot be read: {error.strerror}") from error
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise Damaged(f"exhibit {sha256} has changed on the disk, it now hashes to {found}")
        return content

    def drop(self, sha256: str) -> None:
        """Remove an exhibit; it may be gone already. Raises StorageFault."""
        with storage_faults(f"remove exhibit {sha256}"):
            self._remove(self._exhibit(sha256))

    def names(self) -> Iterator[str]:
        """The hashes of all exhibits on the disk."""
        for path in self._exhibits.glob("*/*.jpg"):
            yield path.stem

    def keep_record(self, seq: int, envelope: bytes) -> None:
        """Keep the signed bytes of record `seq` as a file. Raises StorageFault."""
        self._write(self._record(seq), envelope)

    def record(self, seq: int) -> bytes | None:
        """The signed bytes of record `seq`, unchecked; None where there are none."""
        try:
            return self._record(seq).read_bytes()
        except OSError:
            return None

    def records(self) -> list[int]:
        """The numbers of all records that have a file, in order."""
        return sorted(int(path.stem) for path in self._records.glob("*.dsse"))

    def drop_record(self, seq: int) -> None:
        """Remove the file of a record; it may be gone already. Raises StorageFault."""
        with storage_faults(f"remove record {seq}"):
            self._remove(self._record(seq))

    @property
    def used_bytes(self) -> int:
        """Bytes of all files here: counted when opened, and along with each change since. To look
        at thousands of files every minute would hold up the uplink for seconds."""
        return self._used

    def _write(self, path: Path, content: bytes) -> None:
        before = _size(path)
        try:
            write_durably(path, content)
        finally:  # its flush may have failed, and the file be there
            with self._counting:
                self._used += _size(path) - before

    def _remove(self, path: Path) -> None:
        size = _size(path)
        path.unlink(missing_ok=True)
        with self._counting:
            self._used -= size

    def _exhibit(self, sha256: str) -> Path:
        return self._exhibits / sha256[:2] / f"{sha256}.jpg"

    def _record(self, seq: int) -> Path:
        return self._records / f"{seq:012d}.dsse"


def _size(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
