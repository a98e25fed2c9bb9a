"""Carries packets between the outbox and the wire: the hands of edge/delivery_rules.py.

Reads bytes from the vault when it is their turn and never before; what it finds damaged it sets
aside, so that the packets behind it go on.
"""

import logging
from collections.abc import Callable, Iterator

from edge.delivery_rules import Announce, Chunk, Courier, Pace
from edge.link import Publication
from edge.outbox import Outbox
from edge.storage import Damaged
from edge.trace import point
from edge.vault import Vault
from edge.wire.limits import CHUNK_BYTES
from edge.wire.replies import Need, Receipt, Reject
from edge.wire.topics import Kind, chunk_topic, device_topic

log = logging.getLogger("firelane.carrier")
Parcel = Announce | Chunk
_LOOK_EVERY_S = 2.0
_SETTLE_AFTER_S = (0.1, 0.5)
"""How long a receipt waits to be marked while nothing else is to be done, and while chunks are
under way: a flush holds up the thread that sends them."""


class Carrier:
    """Used by the uplink thread alone. Its methods raise StorageFault."""

    def __init__(
        self, device: str, outbox: Outbox, vault: Vault, pace: Pace, jitter: Callable[[], float]
    ) -> None:
        self._device = device
        self._outbox = outbox
        self._vault = vault
        self._courier = Courier(pace, jitter)
        self._cursor = 0
        self._checked: tuple[str, bytes] = "", b""
        self._look_at_s = 0.0
        self._receipts: list[tuple[Receipt, bytes]] = []
        self._heard_s = 0.0

    def due(self, now_s: float, utc_ms: int) -> Iterator[tuple[Publication, Parcel]]:
        """What to send now, each with what its acknowledgement will be about."""
        self._look_up(now_s)
        while (parcel := self._courier.next(now_s)) is not None:
            publication = (
                self._record(parcel)
                if isinstance(parcel, Announce)
                else self._chunk(parcel, utc_ms)
            )
            if publication is not None:
                yield publication, parcel

    def stir(self) -> None:
        """There may be something new in the outbox."""
        self._look_at_s = 0.0

    def _look_up(self, now_s: float) -> None:
        """Take on what waits in the outbox; an empty one is not asked at every turn."""
        wanted = self._courier.wants(now_s)
        if not wanted or now_s < self._look_at_s:
            return
        packets = self._outbox.waiting(self._cursor, wanted)
        self._courier.offer(packets)
        self._cursor = max((packet.seq for packet in packets), default=self._cursor)
        if len(packets) < wanted:
            self._look_at_s = now_s + _LOOK_EVERY_S

    def acked(self, now_s: float, parcel: Parcel, *, failed: bool) -> None:
        """The broker's word on a parcel; `failed` if it was refused or reached nobody."""
        if isinstance(parcel, Chunk):
            self._courier.acked(now_s, parcel)
            point("chunk_acked", f"{parcel.seq} {parcel.index}")
        else:
            point("record_acked", str(parcel.seq))
        if failed:
            self._courier.failed(now_s, parcel.seq)

    def need(self, now_s: float, need: Need) -> None:
        point("need_heard", str(need.record_id))
        self._courier.need(now_s, need)

    def receipt(self, now_s: float, receipt: Receipt, raw: bytes) -> None:
        """`raw` is the signed receipt, already checked. The next packet may go at once; this one
        counts as delivered once `settle` has marked it, and is sent again where that fails."""
        point("receipt_heard", str(receipt.seq))
        if not self._receipts:
            self._heard_s = now_s
        self._receipts.append((receipt, raw))
        self._courier.receipted(receipt)

    def settle(self, now_s: float, utc_ms: int, *, ending: bool = False) -> None:
        """Mark the receipts of the last moment, all in one commit: each costs a flush. They stay
        in hand until that has worked."""
        patience_s = _SETTLE_AFTER_S[self._courier.in_flight > 0]
        if not self._receipts or (now_s < self._heard_s + patience_s and not ending):
            return
        for seq in self._outbox.receipted(self._receipts, utc_ms):
            log.info("packet receipted seq=%d", seq)
        self._receipts = []

    def reject(self, reject: Reject, utc_ms: int) -> None:
        seq = self._outbox.refused(reject.envelope_sha256, reject.code, reject.text, utc_ms)
        if seq is None:
            return
        self._courier.forget(seq)
        log.warning("packet set aside seq=%d code=%s text=%r", seq, reject.code, reject.text)

    def overdue(self, now_s: float) -> None:
        """Give up, for now, on answers that do not come."""
        for seq in self._courier.tick(now_s):
            log.warning("no answer from the server seq=%d", seq)

    def afresh(self, now_s: float) -> None:
        self._courier.afresh(now_s)

    def cut(self) -> None:
        self._courier.cut()

    def look_again(self) -> None:
        """Older packets may wait again."""
        self._cursor = 0
        self.stir()

    def _record(self, announce: Announce) -> Publication | None:
        envelope = self._outbox.envelope(announce.seq)
        if envelope is None:
            self._courier.forget(announce.seq)
            return None
        point("record_sent", str(announce.seq))
        return Publication(device_topic(self._device, Kind.RECORD), envelope)

    def _chunk(self, chunk: Chunk, utc_ms: int) -> Publication | None:
        try:
            content = self._content(chunk)
        except Damaged as error:
            log.error("packet set aside seq=%d text=%r", chunk.seq, str(error))
            self._outbox.set_aside(chunk.seq, "exhibit-damaged", str(error), utc_ms)
            self._courier.forget(chunk.seq)
            return None
        point("chunk_sent", f"{chunk.seq} {chunk.index}")
        return Publication(chunk_topic(self._device, chunk.sha256, chunk.index), content)

    def _content(self, chunk: Chunk) -> bytes:
        """A piece of an image that was read and hashed as a whole: what is sent is what was
        checked. One image is in hand at a time, since their chunks go one after another."""
        if self._checked[0] != chunk.sha256:
            self._checked = chunk.sha256, self._vault.read(chunk.sha256)
        begin = chunk.index * CHUNK_BYTES
        return self._checked[1][begin : begin + CHUNK_BYTES]
