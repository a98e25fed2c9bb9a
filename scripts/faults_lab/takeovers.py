"""Connections of one id that take over from one another, at real brokers.

One mosquitto lets a new connection in only after it has published the will of the old one, so that
the words come in order whatever one does. Two bridged ones (a pair behind one name) do not know of
each other's connections: the old one lives on at one while the box is at the other, and its last
words and its will come late. Here the box's own uplink is cut off two to four times a race, at a
random moment, and comes back through either broker; packets are on their way all the time. Once
every old connection has ended and every will was handled, the fleet page must show what is so.
"""

import random
import shutil
import sqlite3
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from central.blobs import Blobs
from central.database import connect
from central.lookup import Lookup
from edge.epoch import PER_START
from edge.wire.fields import parse
from edge.wire.status import Alert, State
from edge.wire.topics import Kind, alert_topic, device_topic
from scripts.faults_lab.doors import Doors
from scripts.faults_lab.outcome import Outcome, Scenario
from scripts.faults_lab.proxy import in_a_thread
from scripts.faults_lab.site import Site, Stuck, until
from tests.mosquitto import Broker, Identity
from tests.packets import DEVICE

WATCHER = "watcher"
OFFICE_AWAY = 0.1
"""The share of races in which the server is away until all is over."""
_KNOCK = "knock"
_ALL = "topic readwrite firelane/1/#"
_ACL = f"\nuser {WATCHER}\n{_ALL}\n\nuser bridge\n{_ALL}\n"


class Watcher:
    """Hears what the box says of itself at one broker, and knocks at the other: what was there
    before two knocks has been handled when they have come through."""

    def __init__(self, identity: Identity, hears: Broker, knocks: Broker) -> None:
        self._knocks = 0
        self.knocked = 0
        self.online: list[int] = []
        self.lost: list[int] = []
        self.late = 0
        """Wills that came after a newer connection had said `online`."""
        self._ear = _client(identity, hears, "ear")
        self._ear.on_message = self._heard
        self._ear.on_connect = lambda client, *_: client.subscribe(
            [(device_topic(DEVICE, Kind.STATE), 1), (alert_topic(DEVICE, _KNOCK), 1)]
        )
        self._hand = _client(identity, knocks, "hand")
        for client in (self._ear, self._hand):
            client.loop_start()

    def knock(self) -> int:
        """An alert of the box whose text is a number; gives the number."""
        self._knocks += 1
        alert = Alert(
            v=1, code=_KNOCK, level="warn", since_utc_ms=1, text=str(self._knocks), hint="none"
        )
        self._hand.publish(alert_topic(DEVICE, _KNOCK), alert.to_bytes(), 1)
        return self._knocks

    def stop(self) -> None:
        for client in (self._ear, self._hand):
            client.disconnect()
            client.loop_stop()

    def _heard(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        if message.topic == alert_topic(DEVICE, _KNOCK):
            self.knocked = int(parse(Alert, payload).text)
            return
        state = parse(State, payload)
        if state.s == "online":
            self.online.append(state.epoch)
        elif state.s == "lost" and not message.retain:
            self.lost.append(state.epoch)
            self.late += bool(self.online) and state.epoch < max(self.online)


def _client(identity: Identity, broker: Broker, part: str) -> Client:
    client = Client(CallbackAPIVersion.VERSION2, part, protocol=MQTTProtocolVersion.MQTTv5)
    context = ssl.create_default_context(cafile=str(identity.ca))
    context.load_cert_chain(identity.certificate, identity.key)
    client.tls_set_context(context)
    client.connect(broker.host, broker.port)
    return client


@contextmanager
def paired(site: Site) -> Iterator[Broker]:
    """A second broker of the same authority, bridged with the site's own in both directions."""
    first, acl = site.broker, site.folder / "acl"
    with redirect_stdout(StringIO()):  # the names of the keys are no news
        first.device(WATCHER)
        bridge = first.device("bridge")
    acl.write_text((first.pki / "acl").read_text() + _ACL)
    first.kill()
    first.settings["acl_file"] = str(acl)
    first.start()
    second = Broker(site.folder / "second")
    shutil.copytree(first.pki, second.pki)
    second.settings = {
        "acl_file": str(acl),
        "connection": "pair",
        "address": f"{first.host}:{first.port}",
        "topic": "firelane/1/# both 1",
        "bridge_protocol_version": "mqttv50",
        "cleansession": "true",
        "notifications": "false",
        "restart_timeout": "1",
        "bridge_cafile": str(bridge.ca),
        "bridge_certfile": str(bridge.certificate),
        "bridge_keyfile": str(bridge.key),
    }
    second.start()
    try:
        yield second
    finally:
        second.kill()


class Race:
    """Races on one site. `epochs`: each connection of the box has a number of its own."""

    def __init__(
        self, site: Site, doors: Doors, watcher: Watcher, ports: list[int], *, epochs: bool
    ) -> None:
        self._site = site
        self._doors = doors
        self._watcher = watcher
        self._ports = ports
        self._epochs = epochs
        self.cuts = 0
        self.faults: list[str] = []

    def run(self, chance: random.Random, number: int) -> None:
        """Two to four connections, each of which takes over from the one before. Raises Stuck."""
        site = self._site
        away = self._epochs and chance.random() < OFFICE_AWAY
        if away and site.office is not None:
            site.office.kill()
        site.grow(1)
        for _ in range(chance.randint(1, 3)):
            self._cut(chance)
        if not away:
            until(site.settled, "the last receipt")
        while not self._is_over(chance):
            pass
        if away:
            site.start_office()
            until(site.settled, "the last receipt")
        self._settle(self._handled)
        shown = self._shown()
        if shown != "online":
            where = "away" if away else "there"
            self.faults.append(
                f"race {number}, server {where}: the box is online, and shown as {shown}"
            )

    def _is_over(self, chance: random.Random) -> bool:
        """The old connections end, and the box is still where it was. A ghost whose first words
        come only now takes over from the box: then the box is lost indeed, and comes back."""
        self._until_up()
        mine = self._connection
        while self._doors.ghosts:
            self._doors.release(chance.randrange(self._doors.ghosts))
        self._settle(self._passed)
        return not self._epochs or (mine == self._connection and mine not in self._watcher.lost)

    def _cut(self, chance: random.Random) -> None:
        """The box loses its connection, mostly one that is up, some moments after it came about."""
        if not self._epochs or chance.random() < 0.8:
            self._until_up()
        time.sleep(chance.uniform(0, 0.1))
        self._doors.hold()
        time.sleep(chance.uniform(0, 0.05))
        self._doors.cut(chance.choice(self._ports))
        self.cuts += 1
        if self._doors.ghosts and chance.random() < 0.3:
            self._doors.release(chance.randrange(self._doors.ghosts))

    def _until_up(self) -> None:
        """The box's latest connection has said `online`, and that has come through."""
        if self._epochs:
            until(self._is_up, "the box's `online`")
        else:
            until(lambda: len(self._watcher.online) > self.cuts, "the box's `online`")

    def _is_up(self) -> bool:
        mine = self._connection
        return mine in self._watcher.online and mine not in self._watcher.lost

    @property
    def _connection(self) -> int:
        """The number of the box's latest connection."""
        return PER_START + self._doors.count

    def _settle(self, come: Callable[[int], bool]) -> None:
        for _ in range(2):  # an end and a knock at the same moment may be seen in either order
            until(partial(come, self._watcher.knock()), "a knock")

    def _passed(self, knock: int) -> bool:
        """It has passed both brokers."""
        return self._watcher.knocked >= knock

    def _handled(self, knock: int) -> bool:
        """The server has handled it."""
        with closing(sqlite3.connect(self._site.folder / "central.db", timeout=30)) as db:
            row = db.execute("SELECT text FROM alert WHERE code = ?", (_KNOCK,)).fetchone()
        return row is not None and int(row[0]) >= knock

    def _shown(self) -> str:
        """The box's state as the fleet page has it."""
        engine = connect(f"sqlite:///{self._site.folder}/central.db")
        try:
            return Lookup(engine, Blobs(self._site.folder / "blobs")).devices()[0].state
        finally:
            engine.dispose()


def takeovers(folder: Path, chance: random.Random, trials: int, *, epochs: bool = True) -> Outcome:
    """So many races. Without `epochs` all connections have the same number: a control."""
    site, faults = Site.open(folder), list[str]()
    site.box_mode = "" if epochs else "one-epoch"
    try:
        with paired(site) as second:
            faults += _races(site, second, chance, trials, epochs=epochs)
    except Stuck as stuck:
        site.stuck = str(stuck)
    finally:
        site.close()
    outcome = site.outcome(trials, site.note)
    verdict = replace(outcome.verdict, faults=(*outcome.verdict.faults, *faults))
    return replace(outcome, verdict=verdict)


def _races(
    site: Site, second: Broker, chance: random.Random, trials: int, *, epochs: bool
) -> list[str]:
    doors, watcher = (
        Doors(site.broker.port),
        Watcher(site.broker.identity(WATCHER), site.broker, second),
    )
    race = Race(site, doors, watcher, [site.broker.port, second.port], epochs=epochs)
    try:
        with in_a_thread(doors.serve):
            site.connect_to(doors.port, impatient=True)
            site.start_office()
            site.start_box()
            for number in range(trials):
                race.run(chance, number)
    finally:
        watcher.stop()
        site.note = f"{race.cuts} takeovers, {len(watcher.lost)} wills, {watcher.late} of them late"
    return race.faults


SCENARIOS = (
    Scenario("takeovers of one id at two real brokers", takeovers, 5, 1000, 100),
    Scenario(
        "no epochs, takeovers at two real brokers",
        partial(takeovers, epochs=False),
        8,
        40,
        control=True,
    ),
)
