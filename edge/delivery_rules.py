"""Which packet goes next, how many chunks at a time, and what each answer means. Pure.

Each packet moves by the table below; what is not in the table changes nothing, so an answer that
comes late, twice or out of order does no harm. A receipt or a refusal ends a packet in any step.

    waiting --announce--> announced --need--> sending --all-acked--> sent
       ^                      |                  |                     |
       +------ timeout or cut +------------------+---------------------+

One packet never blocks another: whoever does not answer for it makes it wait, longer each time,
while the ones behind it go.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from edge.outbox import Waiting
from edge.wire.limits import CHUNK_BYTES, WINDOW_CHUNKS
from edge.wire.replies import Need, Receipt


class Step(StrEnum):
    WAITING = "waiting"
    ANNOUNCED = "announced"
    SENDING = "sending"
    SENT = "sent"


class Event(StrEnum):
    ANNOUNCE = "announce"
    NEED = "need"
    ALL_ACKED = "all-acked"
    TIMEOUT = "timeout"
    CUT = "cut"


MOVES: dict[tuple[Step, Event], Step] = {
    (Step.WAITING, Event.ANNOUNCE): Step.ANNOUNCED,
    (Step.ANNOUNCED, Event.NEED): Step.SENDING,
    (Step.ANNOUNCED, Event.TIMEOUT): Step.WAITING,
    (Step.ANNOUNCED, Event.CUT): Step.WAITING,
    (Step.SENDING, Event.ALL_ACKED): Step.SENT,
    (Step.SENDING, Event.TIMEOUT): Step.WAITING,
    (Step.SENDING, Event.CUT): Step.WAITING,
    (Step.SENT, Event.TIMEOUT): Step.WAITING,
    (Step.SENT, Event.CUT): Step.WAITING,
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how patient. Seconds."""

    open_packets: int = 16
    """Announced and not yet receipted at most, and at most two for each chunk that the window lets
    out: a quick link does not idle while the server answers, and on a thin one no packet is
    announced long before its turn, only to be given up meanwhile."""
    ahead: int = 36
    """Packets looked up ahead of their turn."""
    reply_s: float = 30.0
    """How long the server may take to answer before the record is sent again."""
    again_s: tuple[float, float] = (5.0, 300.0)
    """First and longest wait before a packet without an answer is tried again."""
    resume_s: float = 1.0
    """A server that comes back is not told everything by every device at once."""
    quick_s: float = 1.0
    slow_s: float = 3.0
    """A chunk acknowledged within `quick_s` widens the window, one beyond `slow_s` halves it, so
    that on a thin link health waits behind one or two chunks and not behind eight."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of one exhibit of the packet numbered `seq`."""

    seq: int
    sha256: str
    index: int


@dataclass(frozen=True, slots=True)
class Announce:
    """Send the record of the packet numbered `seq`."""

    seq: int


@dataclass(slots=True)
class _Progress:
    packet: Waiting
    step: Step = Step.WAITING
    chunks: deque[Chunk] = field(default_factory=deque)
    unacked: set[Chunk] = field(default_factory=set)
    attempts: int = 0
    not_before_s: float = 0.0
    limit_s: float = 0.0


class Courier:
    """Carries packets from the outbox to their receipts. Times are monotonic seconds."""

    def __init__(self, pace: Pace, jitter: Callable[[], float]) -> None:
        """`jitter` gives numbers from 0 to 1: no two devices knock at the same moment."""
        self._pace = pace
        self._jitter = jitter
        self._held: dict[int, _Progress] = {}
        self._in_flight: dict[Chunk, float] = {}
        self._window = 2.0

    @property
    def highest(self) -> int:
        """The number up to which packets have been offered."""
        return max(self._held, default=0)

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    @property
    def window(self) -> int:
        return int(self._window)

    def steps(self) -> dict[int, Step]:
        """The step of each packet held, by its number."""
        return {seq: progress.step for seq, progress in self._held.items()}

    def wants(self, now_s: float) -> int:
        """How many more packets to look up; those that are made to wait do not count."""
        ready = sum(
            each.step is not Step.WAITING or each.not_before_s <= now_s
            for each in self._held.values()
        )
        return max(0, self._pace.ahead - ready)

    def offer(self, packets: Sequence[Waiting]) -> None:
        """Take on packets; those it holds already change nothing."""
        for packet in packets:
            self._held.setdefault(packet.seq, _Progress(packet))

    def forget(self, seq: int) -> None:
        """The packet needs nothing more: receipted, or set aside."""
        progress = self._held.pop(seq, None)
        if progress is not None:
            for chunk in progress.unacked:
                self._in_flight.pop(chunk, None)

    def receipted(self, receipt: Receipt) -> None:
        """The server has the packet. What is not the receipt of a packet that it holds changes
        nothing."""
        progress = self._by_id(receipt.record_id, receipt.record_sha256)
        if progress is not None and progress.packet.seq == receipt.seq:
            self.forget(receipt.seq)

    def next(self, now_s: float) -> Announce | Chunk | None:
        """What to send now; None while everything waits for an answer or for its time."""
        opened = [each for each in self._held.values() if each.step is not Step.WAITING]
        if len(opened) < min(self._pace.open_packets, 2 * self.window):
            for seq in sorted(self._held):
                progress = self._held[seq]
                if progress.step is Step.WAITING and progress.not_before_s <= now_s:
                    self._move(progress, Event.ANNOUNCE)
                    progress.limit_s = now_s + self._pace.reply_s
                    return Announce(seq)
        if len(self._in_flight) >= self.window:
            return None
        for progress in sorted(opened, key=lambda each: each.packet.seq):
            if progress.chunks and progress.not_before_s <= now_s:
                chunk = progress.chunks.popleft()
                progress.unacked.add(chunk)
                self._in_flight[chunk] = now_s
                return chunk
        return None

    def need(self, now_s: float, need: Need) -> None:
        """The server asks for chunks. Chunks that the packet does not have are not sent."""
        progress = self._by_id(need.record_id, need.record_sha256)
        if progress is None or not self._move(progress, Event.NEED):
            return
        progress.not_before_s = now_s + need.pause_ms / 1000
        progress.limit_s = progress.not_before_s + self._pace.reply_s
        for missing in need.missing:
            size = progress.packet.exhibits.get(missing.sha256, 0)
            count = -(-size // CHUNK_BYTES)
            for first, last in missing.ranges:
                for index in range(first, min(last + 1, count)):
                    progress.chunks.append(Chunk(progress.packet.seq, missing.sha256, index))

    def acked(self, now_s: float, chunk: Chunk) -> None:
        """The broker has taken a chunk."""
        sent_s = self._in_flight.pop(chunk, None)
        if sent_s is not None:
            self._adapt(now_s - sent_s)
        progress = self._held.get(chunk.seq)
        if progress is None:
            return
        progress.unacked.discard(chunk)
        progress.limit_s = now_s + self._pace.reply_s
        if not progress.chunks and not progress.unacked:
            self._move(progress, Event.ALL_ACKED)

    def failed(self, now_s: float, seq: int) -> None:
        """The broker refused a part of this packet: it waits, and is tried again from the start."""
        progress = self._held.get(seq)
        if progress is not None:
            self._wait(now_s, progress, Event.TIMEOUT)

    def tick(self, now_s: float) -> list[int]:
        """Give up on answers that are overdue; gives the numbers of the packets concerned."""
        late = [
            progress
            for progress in self._held.values()
            if progress.step is not Step.WAITING and now_s >= progress.limit_s
        ]
        for progress in late:
            self._wait(now_s, progress, Event.TIMEOUT)
        return [progress.packet.seq for progress in late]

    def cut(self) -> None:
        """The link is gone, or the server takes nothing now: begin again where it was left."""
        self._in_flight.clear()
        self._window = 2.0
        for progress in self._held.values():
            self._move(progress, Event.CUT)
            progress.chunks.clear()
            progress.unacked.clear()

    def afresh(self, now_s: float) -> None:
        """The server has come back, and knows nothing of what was said to its last life: begin
        again, also with what waits for another try because the server was away."""
        self.cut()
        resume_s = now_s + self._pace.resume_s * self._jitter()
        for progress in self._held.values():
            progress.attempts = 0
            progress.not_before_s = resume_s

    def _move(self, progress: _Progress, event: Event) -> bool:
        step = MOVES.get((progress.step, event))
        if step is None:
            return False
        progress.step = step
        return True

    def _wait(self, now_s: float, progress: _Progress, event: Event) -> None:
        if not self._move(progress, event):
            return
        first, longest = self._pace.again_s
        limit = min(longest, first * 2.0 ** min(progress.attempts, 20))
        progress.attempts += 1
        progress.not_before_s = now_s + limit * (0.5 + 0.5 * self._jitter())
        progress.chunks.clear()
        for chunk in progress.unacked:
            self._in_flight.pop(chunk, None)
        progress.unacked.clear()

    def _by_id(self, record_id: UUID, record_sha256: str) -> _Progress | None:
        for progress in self._held.values():
            packet = progress.packet
            if packet.record_id == record_id and packet.record_sha256 == record_sha256:
                return progress
        return None

    def _adapt(self, took_s: float) -> None:
        if took_s <= self._pace.quick_s:
            self._window = min(float(WINDOW_CHUNKS), self._window + 1)
        elif took_s >= self._pace.slow_s:
            self._window = max(1.0, self._window / 2)


def reconnect_delay(failures: int, limits_s: tuple[float, float], jitter: float) -> float:
    """Seconds before attempt number `failures` + 1: full jitter, so that a fleet that lost its
    broker does not come back all at once. `jitter` is from 0 to 1."""
    first, longest = limits_s
    least = first / 4
    return least + jitter * (min(longest, first * 2.0 ** min(failures, 20)) - least)
