"""Telling open pages that something changed, so that they fetch it: server-sent events.

One task asks the store for its counters while anybody listens, and wakes the listeners. A page
gives the counters that it was made under, so that nothing between making and listening is missed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError

from central.views import Mark, Reader

_LOG = logging.getLogger("central.web.live")
EVERY_S = 0.25
RETRY_S = 2.0
PING_S = 15.0
LIFE_S = 300.0
"""A stream ends after this; the browser comes back at once and is asked for its session again."""
STREAMS = 400


def mark_text(mark: Mark) -> str:
    return f"{mark.cases}-{mark.fleet}"


def parse_mark(text: str) -> Mark | None:
    cases, _, fleet = text.partition("-")
    fine = all(part.isascii() and part.isdigit() and len(part) < 19 for part in (cases, fleet))
    return Mark(int(cases), int(fleet)) if fine else None


def events(before: Mark, now: Mark) -> str:
    """What a page hears when the counters went from `before` to `now`; empty when nothing did."""
    changed = (("cases", before.cases != now.cases), ("fleet", before.fleet != now.fleet))
    said = [f"event: {name}\ndata: {mark_text(now)}\n" for name, did in changed if did]
    return "".join(f"{event}id: {mark_text(now)}\n\n" for event in said)


class Changes:
    """The store's counters, watched while somebody listens. Lives in one event loop."""

    def __init__(self, store: Reader) -> None:
        self._store = store
        self._now: Mark | None = None
        self._changed = asyncio.Condition()
        self._listeners = 0
        self._watcher: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def full(self) -> bool:
        return self._listeners >= STREAMS

    async def stream(self, since: Mark | None) -> AsyncIterator[str]:
        """The body of an event stream. It ends by itself after a while, and when we stop."""
        self._listeners += 1
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.create_task(self._watch())
        try:
            yield "retry: 1000\n\n"
            loop = asyncio.get_running_loop()
            ends = loop.time() + LIFE_S
            seen = since
            while not self._closed and loop.time() < ends:
                now = await self._next(seen)
                if now is None:
                    yield ": still here\n\n"
                    continue
                yield events(seen or now, now) or f"event: hello\ndata: {mark_text(now)}\n\n"
                seen = now
        finally:
            self._listeners -= 1

    async def _next(self, seen: Mark | None) -> Mark | None:
        """The counters once they differ from `seen`; None after PING_S or when we stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PING_S), self._changed:
                await self._changed.wait_for(
                    lambda: self._closed or (self._now is not None and self._now != seen)
                )
                return None if self._closed else self._now
        return None

    async def _watch(self) -> None:
        while self._listeners and not self._closed:
            try:
                mark = await to_thread.run_sync(self._store.mark)
            except SQLAlchemyError as fault:
                _LOG.error("cannot see what changed: %s", fault)
                await asyncio.sleep(RETRY_S)
                continue
            if mark != self._now:
                async with self._changed:
                    self._now = mark
                    self._changed.notify_all()
            await asyncio.sleep(EVERY_S)
        self._now = None

    async def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        async with self._changed:
            self._changed.notify_all()
