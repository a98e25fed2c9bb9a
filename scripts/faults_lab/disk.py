"""What is left on a disk when the power goes, from the record of every write and flush.

Only two things are sure to survive: bytes of a file that was flushed after they were written, and
names in a folder that was flushed after they were made (POSIX; ext4 keeps more, so this is strict).
Of what was not flushed, each 512-byte sector may or may not be there, in any order; of the names,
as a journal has it, a first part of the changes.
"""

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
_HEAD = struct.Struct("<ciqII")


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: O open, C close, W write, T truncate, S flush, E failed flush, R rename,
    U unlink, M mkdir."""

    kind: str
    fd: int
    at: int
    first: bytes
    second: bytes


@dataclass(slots=True)
class File:
    """A file's sure bytes, and the changes to it since its last flush."""

    sure: bytearray = field(default_factory=bytearray)
    unsure: list[Entry] = field(default_factory=list)


class Disk:
    """Feed it entries; `after_power_cut` at any moment."""

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/")
        self._now: dict[str, File | None] = {}
        """Every name as the process sees it; None is a folder."""
        self._sure: dict[str, File | None] = {}
        self._unsure: dict[str, list[tuple[str, File | None, bool]]] = {}
        """Per folder, changes of its names since its last flush: name, what, whether it is gone."""
        self._open: dict[int, str] = {}
        self._files: dict[int, File] = {}

    def holds(self, folder: Path) -> None:
        """Files and folders that were there before, all of them sure."""
        for path in sorted(folder.rglob("*")):
            name = f"{self._root}/{path.relative_to(folder)}"
            what = None if path.is_dir() else File(bytearray(path.read_bytes()))
            self._now[name] = self._sure[name] = what

    def feed(self, entry: Entry) -> None:
        path = entry.first.decode(errors="replace")
        match entry.kind:
            case "O":
                self._opened(entry, path)
            case "C":
                self._open.pop(entry.fd, None)
                self._files.pop(entry.fd, None)
            case "W" | "T":
                if entry.fd in self._files:
                    self._files[entry.fd].unsure.append(entry)
            case "S" | "E":
                self._flushed(entry.fd, failed=entry.kind == "E")
            case "M":
                self._name(path, None)
            case "U":
                self._name(path, None, gone=True)
            case "R":
                moved = self._now.get(path)
                self._name(path, None, gone=True)
                self._name(entry.second.decode(), moved)

    def _opened(self, entry: Entry, path: str) -> None:
        known = self._now.get(path)
        if path == self._root or (path in self._now and known is None):
            self._open[entry.fd] = path  # a folder
            return
        creates = bool(entry.at & 0o100)
        if path not in self._now:
            if not creates:
                return
            known = File()
            self._name(path, known)
        assert known is not None
        if entry.at & 0o1000:  # O_TRUNC
            known.unsure.append(Entry("T", entry.fd, 0, b"", b""))
        self._open[entry.fd], self._files[entry.fd] = path, known

    def _name(self, path: str, what: "File | None", *, gone: bool = False) -> None:
        folder = path.rpartition("/")[0]
        self._unsure.setdefault(folder, []).append((path, what, gone))
        if gone:
            self._now.pop(path, None)
        else:
            self._now[path] = what

    def _flushed(self, fd: int, *, failed: bool) -> None:
        file = self._files.get(fd)
        if file is not None:
            # After a failed flush Linux takes the pages for clean: no later one writes them.
            for entry in () if failed else file.unsure:
                _apply(file.sure, entry)
            file.unsure.clear()
            return
        folder = self._open.get(fd)
        if folder is not None and not failed:
            for change in self._unsure.pop(folder, []):
                _rename(self._sure, change)

    def after_power_cut(self, chance: random.Random, folder: Path) -> None:
        """Write what is left below `folder`, which must be empty."""
        names = dict(self._sure)
        for changes in self._unsure.values():
            kept = chance.choice((0, len(changes), chance.randint(0, len(changes))))
            for change in changes[:kept]:
                _rename(names, change)
        luck = chance.choice((0.0, 1.0, 0.5, 0.9))
        for path in sorted(names):
            if any(str(parent) not in names for parent in self._parents(path)):
                continue
            target = folder / path.removeprefix(self._root).lstrip("/")
            file = names[path]
            if file is None:
                target.mkdir(exist_ok=True)
            else:
                target.write_bytes(_survived(file, chance, luck))

    def _parents(self, path: str) -> Iterator[Path]:
        for parent in Path(path).parents:
            if str(parent) == self._root:
                return
            yield parent


def _rename(names: dict[str, "File | None"], change: tuple[str, "File | None", bool]) -> None:
    path, what, gone = change
    if gone:
        names.pop(path, None)
    else:
        names[path] = what


def _apply(content: bytearray, entry: Entry) -> None:
    if entry.kind == "T":
        del content[entry.at :]
        content.extend(bytes(entry.at - len(content)))
        return
    content.extend(bytes(max(0, entry.at - len(content))))
    content[entry.at : entry.at + len(entry.first)] = entry.first


def _survived(file: File, chance: random.Random, luck: float) -> bytes:
    content = bytearray(file.sure)
    for entry in file.unsure:
        if entry.kind == "T":
            if chance.random() < luck:
                _apply(content, entry)
            continue
        begin = entry.at
        while begin < entry.at + len(entry.first):
            end = min((begin // SECTOR + 1) * SECTOR, entry.at + len(entry.first))
            if chance.random() < luck:
                piece = entry.first[begin - entry.at : end - entry.at]
                _apply(content, Entry("W", entry.fd, begin, piece, b""))
            begin = end
    return bytes(content)


def read_log(path: Path) -> list[Entry]:
    """All entries of a recording, in order."""
    raw, at, found = path.read_bytes(), 0, []
    while at + _HEAD.size <= len(raw):
        kind, fd, offset, first, second = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        middle, end = at + first, at + first + second
        found.append(Entry(kind.decode(), fd, offset, raw[at:middle], raw[middle:end]))
        at = end
    return found
