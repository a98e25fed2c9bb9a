"""The evidence folder: images named by the SHA-256 of their bytes.

    FOLDER/sha256/ab/cd/<64 hex>        whole images, never changed
    FOLDER/parts/<device>/<64 hex>      images on their way, written at the offsets of their chunks

An image gets its name only after its bytes were hashed and flushed, and its folder is flushed
before `keep` returns: what the database says is held survives a power cut. A part is not flushed;
should a power cut damage one, its hash tells, and it is fetched again.

BlobFault
├── Missing    no image of that name is held
└── Damaged    the bytes do not hash to the name
"""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from central.trace import point
from edge.wire.limits import CHUNK_BYTES


class BlobFault(Exception):
    """An image is not what it should be."""


class Missing(BlobFault):
    """No image of that name is held."""


class Damaged(BlobFault):
    """The bytes do not hash to the name."""


@dataclass(frozen=True, slots=True)
class Blobs:
    """The evidence folder. Any number of processes may share it."""

    folder: Path
    _named: set[Path] = field(default_factory=set, repr=False, compare=False)
    """Folders whose own names this process has flushed: not again for every image in them."""

    def path(self, sha256: str) -> Path:
        """Where the whole image lies, whether or not it is there."""
        return self.folder / "sha256" / sha256[:2] / sha256[2:4] / sha256

    def read(self, sha256: str) -> bytes:
        """The bytes as they were stored. Raises Missing."""
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise Missing(f"no image {sha256} is held") from None

    def check(self, sha256: str) -> None:
        """Hash the stored bytes again. Raises Missing or Damaged."""
        found = hashlib.sha256(self.read(sha256)).hexdigest()
        if found != sha256:
            raise Damaged(f"image {sha256} now hashes to {found}")

    def remove(self, sha256: str) -> None:
        """Erase a whole image, so that it stays erased after a power cut. None there is fine."""
        whole = self.path(sha256)
        try:
            whole.unlink()
        except FileNotFoundError:
            return
        flush(whole.parent)

    def is_begun(self, device: str, sha256: str) -> bool:
        """Whether there is a part, or the whole image already."""
        return self._part(device, sha256).exists() or self.path(sha256).exists()

    def write_chunk(self, device: str, sha256: str, index: int, chunk: bytes) -> None:
        """Put a chunk at its place in the part. Writing it twice changes nothing."""
        part = self._part(device, sha256)
        make_folder(part.parent)
        handle = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o640)
        try:
            offset = index * CHUNK_BYTES
            while chunk:
                written = os.pwrite(handle, chunk, offset)
                chunk, offset = chunk[written:], offset + written
        finally:
            os.close(handle)
        point("chunk_written", f"{sha256} {index}")

    def keep(self, shelf: str, data: bytes) -> str:
        """Put bytes that this server made into the folder; the name they have from now on."""
        name = hashlib.sha256(data).hexdigest()
        for index in range(-(-len(data) // CHUNK_BYTES)):
            chunk = data[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]
            self.write_chunk(shelf, name, index, chunk)
        self.finish(shelf, name, len(data))
        return name

    def finish(self, device: str, sha256: str, size: int) -> None:
        """Make a complete part an image: hash, flush, rename, flush the folder.

        Raises Damaged where size or hash do not fit, Missing where there is neither part nor image
        (another worker may have made it an image meanwhile), and OSError where the disk fails.
        After each of them the part is gone: after a failed flush nobody knows what of it is kept.
        """
        part, whole = self._part(device, sha256), self.path(sha256)
        try:
            self.check(sha256)
        except BlobFault:
            data = self._part_bytes(part)
        else:  # named by a worker that may have died before it flushed the name
            self._flush_folders(whole)
            self.drop(device, sha256)
            return
        if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
            self.drop(device, sha256)
            raise Damaged(f"{len(data)} bytes came for image {sha256} and do not hash to it")
        point("part_hashed", sha256)
        try:
            self._make_folders(whole.parent)
            flush(part)
            point("part_flushed", sha256)
            with suppress(FileNotFoundError):  # another worker renamed the same bytes
                part.rename(whole)
            point("part_renamed", sha256)
            self._flush_folders(whole)
            point("folder_flushed", sha256)
        except OSError:
            self.drop(device, sha256)
            raise

    @staticmethod
    def _part_bytes(part: Path) -> bytes:
        try:
            return part.read_bytes()
        except FileNotFoundError:
            raise Missing(f"there is neither part nor image {part.name}") from None

    def drop(self, device: str, sha256: str) -> None:
        """Forget a part."""
        self._part(device, sha256).unlink(missing_ok=True)

    def _part(self, device: str, sha256: str) -> Path:
        return self.folder / "parts" / device / sha256

    def _make_folders(self, folder: Path) -> None:
        """Like mkdir -p. What is made anew must be flushed anew, whatever it was before."""
        if folder.is_dir():
            return
        self._make_folders(folder.parent)
        self._named.discard(folder)
        folder.mkdir(exist_ok=True)

    def _flush_folders(self, whole: Path) -> None:
        """The name of an image, and of the folders that it may be the first in: cd, ab, sha256."""
        flush(whole.parent)
        for folder in whole.parents[:3]:
            if folder not in self._named:
                flush(folder.parent)
        self._named.update(whole.parents[:3])


def make_folder(folder: Path) -> None:
    """Like mkdir -p, with every new folder's entry flushed: a power cut takes away a folder whose
    own name was not, with all the flushed files in it."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    try:
        flush(folder.parent)
    except OSError:
        with suppress(OSError):
            folder.rmdir()  # else the next one would find it and take its name for flushed
        raise


def flush(path: Path) -> None:
    """A file's bytes, or the names in a folder, stay after a power cut. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
