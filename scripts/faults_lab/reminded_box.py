"""A box of the lab that hears of reminders: what a notice changes at the rules becomes a record.

The rules themselves need a camera (tests/edge has them). Here each notice that comes in becomes
one overstay record, which names it; then it is done with, as edge/post.py does. Whether it took
effect exactly once can so be read from the records.
"""

import os
import queue
import signal
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event

from edge.delivery import Delivery
from edge.notify import Notifier, Pulse
from edge.outbox import Sealed
from edge.stay_memory import ReceivedNotice
from edge.uplink import Uplink
from edge.wire.records import Record, RecordKind, Reminded
from edge.wire.replies import Notice
from scripts.faults_lab.box import Promise, delivery, images, promise, uplink, wanted
from tests.packets import DEVICE, SIGNER, Told, moment, put, uuid
from tests.packets import record as made_up

STANDING_MS = 1_000_000
_FIRST_STAY = uuid(0x2000).int


def arrive(made: Delivery, target: int, said: Promise) -> bool:
    """Record the next arrival; False once there are enough."""
    with made.database.reading() as connection:
        query = "SELECT count(*) FROM record WHERE kind = 'arrival'"
        if connection.execute(query).fetchone()[0] >= target:
            return False
    number = made.outbox.head()[0] + 1
    said(number, put(made.outbox, made.vault, number, images(number)).envelope)
    return True


def take(made: Delivery, notice: Notice, said: Promise) -> None:
    """The notice takes effect; again changes nothing."""
    sealed = made.outbox.put(str(notice.notice_id), partial(_overstay, notice))
    if sealed is not None:
        said(sealed.record.seq, sealed.envelope)
    made.memory.notice_done(notice.notice_id)


def _overstay(notice: Notice, seq: int, prev: str) -> Sealed:
    told = Told(seq, RecordKind.OVERSTAY, stay=notice.stay_id.int - _FIRST_STAY)
    base = made_up(told, seq, prev)
    reminded = Reminded(
        notice_id=notice.notice_id, reminded_utc_ms=notice.reminded_utc_ms, offset_ms=100_000
    )
    changes = {
        "reminded": reminded,
        "standing_ms": STANDING_MS,
        "deadline_ms": STANDING_MS,
        "last_seen": moment(STANDING_MS),
    }
    record = base.model_copy(update={"stay": base.stay.model_copy(update=changes)})
    return Sealed(record, SIGNER.seal(Record.PAYLOAD_TYPE, record.to_bytes()))


def come_in(sender: Uplink) -> Iterator[ReceivedNotice]:
    """What the uplink has heard since."""
    with suppress(queue.Empty):
        while True:
            yield sender.notices.get_nowait()


def main(name: str) -> None:
    folder, stop = Path(name), Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    made = delivery(folder)
    sender, notifier = uplink(made, folder), Notifier(os.environ)
    said, waiting = partial(promise, folder), made.memory.notices()
    sender.start()
    pulses = {"uplink": Pulse(lambda: sender.alive_ns, 60.0)}
    while not stop.is_set():
        notifier.alive(pulses, made.clock.mono_ns())
        waiting += come_in(sender)
        for received in waiting:
            take(made, received.notice, said)
        if waiting or arrive(made, wanted(folder), said):
            sender.wake()
        else:
            stop.wait(0.05)
        waiting = []
    sender.stop()
    made.close()


def notice_of(stay: int) -> Notice:
    """A notice about stay number `stay`, for lives without a server."""
    return Notice(
        v=1,
        device=DEVICE,
        notice_id=uuid(0x9000 + stay),
        stay_id=uuid(0x2000 + stay),
        reminded_utc_ms=moment(100_000).utc_ms,
        sent_utc_ms=moment(101_000).utc_ms,
        grace_ms=900_000,
    )
