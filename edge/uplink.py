"""The thread that carries evidence to the server and brings back receipts, notices and requests.

One turn: connect if it is time, hear what came, then say what is due: state and alerts first, then
health, then answers, then records, and chunks last and only within their window. It decides by
edge/delivery_rules.py and speaks through edge/link.py. Nothing is sent twice to be safe, nothing
is given up without a receipt, and whatever the broker or the server do, the thread goes on.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from edge.alerts import AlertCode
from edge.carrier import Carrier, Parcel
from edge.delivery_rules import reconnect_delay
from edge.link import (
    Acked,
    Connected,
    Heard,
    Link,
    LinkError,
    LinkEvent,
    Lost,
    Publication,
    Subscribed,
)
from edge.link_log import LinkLog
from edge.replies import Reply, read_reply
from edge.stay_memory import ReceivedNotice
from edge.storage import DiskFull, DiskReadOnly, StorageFault
from edge.trace import point
from edge.uplink_parts import UplinkParts
from edge.wire.errors import WireError
from edge.wire.fields import parse
from edge.wire.replies import ConfigDesired, ConfigReported, Need, Notice, Receipt, Reject, Request
from edge.wire.status import CentralState, LinkHealth
from edge.wire.topics import Kind, alert_topic, central_state_topic, device_topic, subscription

log = logging.getLogger("firelane.uplink")
_NS = 1_000_000_000
_HEARD = (Kind.RECEIPT, Kind.NOTICE, Kind.REQUEST, Kind.CONFIG_DESIRED)
_STORAGE_ALERTS = {DiskFull: AlertCode.DISK_FULL, DiskReadOnly: AlertCode.DISK_READ_ONLY}


class Uplink:
    """`start` and `stop` it; `wake` it when there is something new; `alive_ns` is its heartbeat."""

    def __init__(self, parts: UplinkParts) -> None:
        self._parts = parts
        self._inbox: queue.SimpleQueue[LinkEvent | None] = queue.SimpleQueue()
        self._carrier = Carrier(
            parts.identity.device,
            parts.stores.outbox,
            parts.stores.vault,
            parts.pace,
            parts.jitter,
        )
        self._link: Link | None = None
        self._up = False
        self._limit_s = 0.0
        self._links = 0
        self._failures = 0
        self._connect_at_s = 0.0
        self._awaited: dict[int, tuple[float, Parcel | None]] = {}
        self._answers: deque[Publication] = deque()
        self._central_online = False
        self._central_epoch = 0
        self._central_gone_s = self._now_s()
        self._tend_at_s = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)
        self.log = LinkLog(self._now_s())
        self.notices: queue.SimpleQueue[ReceivedNotice] = queue.SimpleQueue()
        self.alive_ns = parts.clock.mono_ns()
        self.trouble = "not connected yet"
        """Why there is no connection; empty while there is one."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye where that is possible, and end."""
        self._stopping.set()
        self.wake()
        self._thread.join(self._parts.patience.farewell_s + 60)

    def wake(self) -> None:
        """There is something new to send. Any thread may call it."""
        self._inbox.put(None)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._turn()
        with suppress(StorageFault):  # then the receipts come once more
            self._carrier.settle(self._now_s(), self._parts.clock.utc_ms(), ending=True)
        self._farewell()

    def _turn(self) -> None:
        self.alive_ns = self._parts.clock.mono_ns()
        try:
            self._tend()
            if self._link is None and self._now_s() >= self._connect_at_s:
                self._connect()
            self._hear()
            if self._link is not None:
                self._watch()
            if self._up:
                self._say()
                self._carry()
            self._carrier.settle(self._now_s(), self._parts.clock.utc_ms())
        except StorageFault as error:
            self._storage_fault(error)

    # connection

    def _connect(self) -> None:
        self._links += 1
        parts = self._parts
        parts.identity.epoch.advance()
        link = Link(self._links, parts.identity.device, self._inbox)
        self._limit_s = self._now_s() + parts.patience.accept_s
        point("connecting")
        try:
            link.connect(parts.broker, self._parts.identity.state("lost"))
        except LinkError as error:
            self._lost(str(error))
            return
        self._link = link
        self._awaited.clear()

    def _lost(self, text: str) -> None:
        """The connection is gone: whatever was under way begins again with the next one."""
        if self._link is not None:
            self.log.bytes_up += self._link.bytes_up
            self.log.bytes_down += self._link.bytes_down
            self._link.close(politely=False)
        if text != self.trouble:
            log.warning("connection lost reason=%r", text)
        self.trouble = text
        self._link, self._up, self._central_online = None, False, False
        self._awaited.clear()
        self._carrier.cut()
        now_s = self._now_s()
        self.log.lost(now_s)
        self._central_gone_s = min(self._central_gone_s, now_s)
        delay_s = reconnect_delay(
            self._failures, self._parts.patience.reconnect_s, self._parts.jitter()
        )
        self._failures += 1
        self._connect_at_s = now_s + delay_s

    def _watch(self) -> None:
        """A link that does not answer in time is dead, whatever it says of itself."""
        assert self._link is not None
        now_s = self._now_s()
        if not self._up and now_s > self._limit_s:
            self._lost("the broker does not answer")
            return
        oldest_s = min((at_s for at_s, _ in self._awaited.values()), default=now_s)
        if now_s - oldest_s > self._parts.patience.ack_s:
            self._lost("the broker acknowledges nothing")
            return
        if self._up:
            silent_s = 0.0 if self._central_online else now_s - self._central_gone_s
            if silent_s > self._parts.patience.central_s:
                self._alert(AlertCode.CENTRAL_SILENT, "warn", "the central server is not online")

    def _farewell(self) -> None:
        """Publish `stopped` and leave politely, so that the will is not sent."""
        link = self._link
        if link is None:
            return
        if self._up:
            mid = link.publish(self._parts.identity.state("stopped"))
            self._await(lambda event: isinstance(event, Acked) and event.mid == mid)
            link.close(politely=True)
            self._await(lambda _: False)
        else:
            link.close(politely=False)

    def _await(self, wanted: Callable[[LinkEvent], bool]) -> None:
        """Hear until the wanted event comes, the connection ends or patience does."""
        limit_s = self._now_s() + self._parts.patience.farewell_s
        while self._link is not None and self._now_s() < limit_s:
            try:
                event = self._inbox.get(timeout=0.1)
            except queue.Empty:
                continue
            if event is None or event.link != self._link.number:
                continue
            if wanted(event) or isinstance(event, Lost):
                return

    # hearing

    def _hear(self) -> None:
        """Wait a moment for something to happen, then take in all that did."""
        try:
            event = self._inbox.get(timeout=self._parts.patience.turn_s)
            while True:
                link = self._link
                if event is None:
                    self._carrier.stir()
                elif link is not None and event.link == link.number:
                    self._handle_all(event)
                event = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _handle_all(self, event: LinkEvent) -> None:
        """Nobody says it a second time: what a sick disk kept from being taken in is taken in
        later. Raises StorageFault."""
        try:
            self._handle(event)
        except StorageFault:
            self._inbox.put(event)
            raise

    def _handle(self, event: LinkEvent) -> None:
        match event:
            case Connected():
                self._on_connected()
            case Lost(text=text):
                self._lost(text)
            case Subscribed(refused=refused):
                self._on_subscribed(refused=refused)
            case Acked():
                self._on_acked(event)
            case Heard(topic=topic, payload=payload):
                self._on_heard(topic, payload)

    def _on_connected(self) -> None:
        assert self._link is not None
        self._limit_s = self._now_s() + self._parts.patience.accept_s
        device = self._parts.identity.device
        topics = [subscription(kind, device) for kind in _HEARD]
        self._link.subscribe([*topics, central_state_topic()])

    def _on_subscribed(self, *, refused: bool) -> None:
        if refused:
            text = "the broker does not let us hear our own topics"
            self._alert(AlertCode.BROKER_DENIED, "crit", text)
            self._lost(text)
            return
        self._up, self._failures, self.trouble = True, 0, ""
        self.log.connected(self._now_s())
        log.info("connected epoch=%d", self._parts.identity.epoch.now)
        point("connected")
        self._parts.alerts.say_again()
        self._parts.health.say_again()
        self._publish(self._parts.identity.state("online"))
        self.announce_birth()
        self._report(self._parts.configure(None))

    def _on_acked(self, event: Acked) -> None:
        _, what = self._awaited.pop(event.mid, (0.0, None))
        if event.refused:
            self._alert(AlertCode.BROKER_DENIED, "crit", f"the broker refuses: {event.text}")
        elif event.unheard and what is not None:
            self._alert(AlertCode.BROKER_UNHEARD, "warn", "nobody hears what we send")
        elif what is not None:
            self._parts.alerts.clear(AlertCode.BROKER_DENIED)
            self._parts.alerts.clear(AlertCode.BROKER_UNHEARD)
        if what is not None:
            failed = event.refused or event.unheard
            self._carrier.acked(self._now_s(), what, failed=failed)

    def _on_heard(self, topic: str, payload: bytes) -> None:
        identity = self._parts.identity
        try:
            if topic == central_state_topic():
                self._on_central(parse(CentralState, payload))
                return
            if topic == device_topic(identity.device, Kind.CONFIG_DESIRED) and not payload:
                return  # cleared
            reply = read_reply(identity.device, topic, payload, identity.central_keys)
        except WireError as error:
            log.warning("message refused topic=%s code=%s text=%r", topic, error.code, error.text)
            self._alert(AlertCode.REPLY_REFUSED, "warn", f"{topic}: {error.text}")
            return
        self._on_reply(reply, payload)

    def _on_central(self, state: CentralState) -> None:
        if state.s == "offline" and state.epoch < self._central_epoch:
            return  # the will of an earlier connection came late
        online = state.s == "online"
        if online == self._central_online and state.epoch == self._central_epoch:
            return
        log.info("central is %s epoch=%d", state.s, state.epoch)
        # A server restored from a backup counts from a lower number again.
        self._central_online, self._central_epoch = online, state.epoch
        point("central_heard", state.s)
        if online:
            self._central_gone_s = float("inf")
            self._parts.alerts.clear(AlertCode.CENTRAL_SILENT)
            self._carrier.afresh(self._now_s())
        else:
            self._central_gone_s = min(self._central_gone_s, self._now_s())
            self._carrier.cut()

    def _on_reply(self, reply: Reply, payload: bytes) -> None:
        parts, utc_ms = self._parts, self._parts.clock.utc_ms()
        match reply:
            case Receipt():
                self._carrier.receipt(self._now_s(), reply, payload)
            case Need():
                self._carrier.need(self._now_s(), reply)
            case Reject():
                self._carrier.reject(reply, utc_ms)
            case Notice():
                self._on_notice(reply)
            case Request():
                topic = device_topic(parts.identity.device, Kind.RESPONSE)
                for sealed in parts.answers.answer(reply, utc_ms):
                    self._answers.append(Publication(topic, sealed))
                self._carrier.look_again()
            case ConfigDesired():
                self._report(parts.configure(reply))

    def _on_notice(self, notice: Notice) -> None:
        clock = self._parts.clock
        boot = str(self._parts.identity.boot)
        received = ReceivedNotice(notice, clock.mono_ns(), boot)
        if self._parts.stores.memory.notice_came(received):
            self.notices.put(received)

    # saying

    def announce_birth(self) -> None:
        """Say what this device is; also at the server's request."""
        topic = device_topic(self._parts.identity.device, Kind.BIRTH)
        self._answers.append(Publication(topic, self._parts.birth().to_bytes(), retain=True))

    def _report(self, reported: ConfigReported) -> None:
        topic = device_topic(self._parts.identity.device, Kind.CONFIG_REPORTED)
        self._answers.append(Publication(topic, reported.to_bytes(), retain=True))

    def _say(self) -> None:
        device = self._parts.identity.device
        try:
            health = self._parts.health.due(self.link_health)
        finally:  # also where the disk is too sick for health: that is what they say then
            for change in self._parts.alerts.changes():
                payload = b"" if change.alert is None else change.alert.to_bytes()
                self._publish(Publication(alert_topic(device, change.code), payload, retain=True))
        if health is not None:
            self._publish(Publication(device_topic(device, Kind.HEALTH), health.to_bytes()))
        while self._answers:
            self._publish(self._answers.popleft())

    def link_health(self) -> LinkHealth:
        """What health says about the connection."""
        return self.log.health(self._now_s(), self._parts.identity.cert_days_left())

    def _carry(self) -> None:
        """Records and chunks, as far as the rules let them."""
        if not self._central_online:
            return
        now_s, utc_ms = self._now_s(), self._parts.clock.utc_ms()
        self._carrier.overdue(now_s)
        for publication, parcel in self._carrier.due(now_s, utc_ms):
            self._publish(publication, parcel)

    def _publish(self, publication: Publication, what: Parcel | None = None) -> None:
        if self._link is not None:
            mid = self._link.publish(publication)
            self._awaited[mid] = (self._now_s(), what)

    # the rest

    def _tend(self) -> None:
        if self._now_s() >= self._tend_at_s:
            self._tend_at_s = self._now_s() + self._parts.patience.tend_s
            self._parts.tend()
            for code in (AlertCode.DISK_FULL, AlertCode.DISK_BROKEN):
                self._parts.alerts.clear(code)

    def _storage_fault(self, error: StorageFault) -> None:
        log.error("storage fault text=%r", str(error))
        code = _STORAGE_ALERTS.get(type(error), AlertCode.DISK_BROKEN)
        self._alert(code, "crit", str(error))
        if isinstance(error, DiskFull):
            self._parts.make_room()
        self._stopping.wait(self._parts.patience.turn_s)

    def _alert(self, code: AlertCode, level: Literal["warn", "crit"], text: str) -> None:
        self._parts.alerts.set(code, level, text, self._parts.clock.utc_ms())

    def _now_s(self) -> float:
        return self._parts.clock.mono_ns() / _NS
