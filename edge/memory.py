"""Keeps the daemon small: one heap for all threads, and back to the system what is not needed.

Linux with glibc; elsewhere nothing is done.
"""

import ctypes
import gc
from collections.abc import Iterator
from pathlib import Path

import cv2

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""From malloc.h of glibc."""
_MADV_DONTNEED = 4
"""From sys/mman.h of Linux."""
_MAPS = Path("/proc/self/smaps")


def keep_small() -> None:
    """Frames are megabytes, made and dropped twice a second by several threads. With the defaults
    of glibc each thread keeps a heap of its own for them; so they share one, and what is large goes
    back to the system at once."""
    cv2.setNumThreads(1)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, 256 * 1024)
        mallopt(_M_TRIM_THRESHOLD, 256 * 1024)


def hand_back() -> None:
    """Give back what only starting up needed: freed memory, and the pages of libraries that lie
    unchanged in their files. A page that is needed after all comes back by itself, from the
    system's cache; nothing is lost by this but a few milliseconds."""
    gc.collect()
    libc = ctypes.CDLL(None)
    trim = getattr(libc, "malloc_trim", None)
    if trim is not None:
        trim(0)
    advise = getattr(libc, "madvise", None)
    if advise is None or not _MAPS.is_file():
        return
    for begin, end in _unchanged(_MAPS.read_text(encoding="utf-8", errors="replace")):
        advise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), _MADV_DONTNEED)


def _unchanged(smaps: str) -> Iterator[tuple[int, int]]:
    """Address ranges of files mapped read-only, with no page changed in memory: libraries, and the
    models, whose weights the runtime has packed for itself."""
    span: tuple[int, int] | None = None
    for line in smaps.splitlines():
        words = line.split()
        if words[0].endswith(":"):
            if words[0] == "Anonymous:" and span is not None and words[1] == "0":
                yield span
        else:
            begin, _, end = words[0].partition("-")
            from_file = len(words) > 5 and words[5].startswith("/")
            plain = from_file and "w" not in words[1]
            span = (int(begin, 16), int(end, 16)) if plain else None
