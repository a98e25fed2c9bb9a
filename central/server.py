"""The whole server from its configuration: what a worker is made of, and running it.

`serve` holds the link to the broker, the watch over the fleet and the staff pages, each a thread.
One of them ending by itself is our bug: the process ends, and its supervisor starts it anew.
"""

import logging
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import FastAPI
from sqlalchemy import Engine

from central import events, holidays, stamps
from central.accounts import Accounts
from central.api import app as api
from central.back_office import BackOffice
from central.blobs import Blobs, make_folder
from central.calendar import LegalCalendar
from central.case_work import CaseWork
from central.clock import Clock
from central.codes import Codes
from central.config import Config
from central.counters import take
from central.database import connect, migrate
from central.documents.press import check_fonts
from central.export import Source, export_case
from central.fleet import Fleet
from central.gateways.config import HttpSms
from central.gateways.opened import open_gateways
from central.ingest import Ingest, Parts
from central.jobs import Bell, Jobs
from central.leases import take_lease
from central.link import WORLD, Link
from central.lookup import Lookup
from central.owner.desk import OwnerDesk
from central.registry import Registry
from central.reminder_office import Outside, ReminderOffice
from central.reviewing import Reviews
from central.rounds import office_jobs
from central.second_reading import WorkerReader
from central.store import Store
from central.watchdog import Watchdog
from central.web import parts as web_parts
from central.web.app import create_app
from central.web.live import Changes
from central.web.server import WebServer
from central.webhooks import Webhooks
from edge.wire.signing import Signer

STOP_S = 20
STAMP_AGAIN_MS = 10 * 60_000
log = logging.getLogger("central.server")


class BadKey(Exception):
    """The signing key cannot be used."""


class Died(Exception):
    """A thread ended that never should."""


@dataclass(frozen=True, slots=True)
class Rig:
    """The parts of one worker."""

    config: Config
    clock: Clock
    engine: Engine
    signer: Signer
    blobs: Blobs
    registry: Registry
    store: Store
    fleet: Fleet
    ingest: Ingest
    lookup: Lookup
    accounts: Accounts
    reminders: ReminderOffice
    calendar: LegalCalendar

    @classmethod
    def open(cls, config: Config, clock: Clock) -> "Rig":
        """Opens and migrates the database. Raises BadKey, ExtraMissing, DatabaseFault, OSError or
        DBAPIError."""
        signer = read_signer(config.signing_key)
        make_folder(config.evidence_dir)
        engine = connect(config.database_url.get_secret_value())
        migrate(engine)
        blobs, registry = Blobs(config.evidence_dir), Registry(engine)
        store, fleet = Store(engine, signer, config.zone), Fleet(engine, registry, signer)
        reminders = ReminderOffice.over(engine, blobs, outside(config), Bell())
        ingest = Parts(
            store=store,
            registry=registry,
            fleet=fleet,
            blobs=blobs,
            signer=signer,
            clock=clock,
            stored=reminders.bell.ring,
            came_back=reminders.came_back,
        )
        return cls(
            config=config,
            clock=clock,
            engine=engine,
            signer=signer,
            blobs=blobs,
            registry=registry,
            store=store,
            fleet=fleet,
            ingest=Ingest(ingest),
            lookup=Lookup(engine, blobs),
            accounts=Accounts(engine),
            reminders=reminders,
            calendar=holidays.load(config.calendar_dir),
        )


def outside(config: Config) -> Outside:
    """Gateways and the second reader, as configured. Raises ExtraMissing."""
    base_url = config.web.address(config.web.port)
    sms = config.gateways.sms
    return Outside(
        base_url=base_url,
        zone=config.zone,
        gateways=open_gateways(config.gateways, base_url),
        reader=None if config.reader is None else WorkerReader(config.reader.python),
        report_secret=sms.report_secret if isinstance(sms, HttpSms) else None,
    )


def read_signer(path: Path) -> Signer:
    """An Ed25519 private key from a PEM file. Raises BadKey."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise BadKey(f"signing key {path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey(f"signing key {path} must be an unencrypted private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"signing key {path} must be an Ed25519 key")
    return Signer(key)


def serve(rig: Rig, stop: Event) -> None:
    """Until `stop`. Raises FontsMissing, Died where a part ended by itself, OSError where a port
    is taken."""
    check_fonts()
    link = Link(rig.config.broker, rig.ingest, rig.clock, partial(next_epoch, rig.engine))
    link.retain(tuple(rig.fleet.desired()))
    web = WebServer(pages(rig), rig.config.web.host, rig.config.web.port)
    back = BackOffice.over(rig.engine, rig.blobs, rig.signer, rig.clock, rig.calendar)
    work = case_work(rig)
    work.clocks.forget()  # a year's plan may have come since
    listed = (*office_jobs(rig.engine), *work.jobs(), *back.jobs(),
              *rig.reminders.later_jobs())  # fmt: skip
    jobs = Jobs(listed, rig.engine, rig.clock, worker_name())
    reminding = rig.reminders.jobs(rig.signer, link.send)
    reminders = Jobs(reminding, rig.engine, rig.clock, worker_name())
    rig.reminders.bell.to(reminders.wake)
    threads = [
        Thread(target=link.run, args=(stop,), name="link", daemon=True),
        Thread(target=jobs.run, args=(stop,), name="jobs", daemon=True),
        Thread(target=reminders.run, args=(stop,), name="reminders", daemon=True),
        Thread(target=_watch, args=(rig, link, stop), name="watch", daemon=True),
    ]
    for thread in threads:
        thread.start()
    web.start()
    log.info("staff pages at %s", rig.config.web.address(web.port))
    watchdog = Watchdog(os.environ)
    watchdog.ready()
    try:
        while not stop.wait(0.5):
            watchdog.feed(link.turned_ms, rig.clock.mono_ms())
            for thread in (*threads, web.thread):
                if not thread.is_alive():
                    raise Died(f"the {thread.name} thread ended by itself")
    finally:
        stop.set()
        watchdog.stopping()
        web.stop()
        for thread in threads:
            thread.join(STOP_S)
        rig.reminders.close()
        rig.engine.dispose()


def next_epoch(engine: Engine) -> int:
    """A number for a connection to the broker, above all before it."""
    with engine.begin() as db:
        return take(db, "central-epoch")


def worker_name() -> str:
    """By which this process takes the leases of jobs."""
    return f"{socket.gethostname()}-{os.getpid()}"[:64]


def case_work(rig: Rig) -> CaseWork:
    """Leading cases, with the gateways of the configuration."""
    outside = rig.reminders.outside.gateways
    return CaseWork.over(rig.engine, rig.blobs, outside.payment, outside.register, rig.calendar)


def pages(rig: Rig) -> FastAPI:
    """The staff pages over this worker's parts."""
    source = Source(rig.engine, rig.blobs, rig.signer)

    def export(case_id: UUID) -> bytes:
        return export_case(source, case_id, rig.clock.utc_ms())

    return create_app(
        web_parts.Parts(
            store=rig.lookup,
            pictures=rig.blobs,
            accounts=rig.accounts,
            codes=Codes(rig.engine, rig.signer),
            settings=web_parts.WebSettings(
                rig.config.web.address(rig.config.web.port), rig.config.zone
            ),
            clock=rig.clock,
            export=export,
            changes=Changes(rig.lookup),
            reviews=Reviews(rig.engine),
            work=case_work(rig),
            api=api.Parts.over(rig.engine, rig.clock, export),
            webhooks=Webhooks(rig.engine),
            back=BackOffice.over(rig.engine, rig.blobs, rig.signer, rig.clock, rig.calendar),
            reminders=rig.reminders,
            owner=OwnerDesk.over(
                rig.engine, rig.blobs, rig.reminders.outside.gateways.identity, rig.calendar
            ),
        )
    )


def _watch(rig: Rig, link: Link, stop: Event) -> None:
    """Every minute or so: missing records, retained configurations, yesterday's checkpoint."""
    every_s = rig.config.fleet.watch_s
    while not stop.wait(every_s):
        try:
            _watch_once(rig, link, worker_name())
        except WORLD as fault:
            log.error("the fleet could not be looked at: %s", fault)


def _watch_once(rig: Rig, link: Link, owner: str) -> None:
    now = rig.clock.utc_ms()
    if not take_lease(rig.engine, "watch", owner, now, int(rig.config.fleet.watch_s * 3000)):
        return
    link.retain(tuple(rig.fleet.desired()))
    for request in rig.fleet.watch(now):
        link.send(request)
    yesterday = datetime.fromtimestamp(now / 1000, UTC).astimezone(rig.config.zone)
    day = (yesterday - timedelta(days=1)).strftime("%Y-%m-%d")
    with rig.engine.begin() as db:
        events.seal(db, day, now, rig.signer)
    _stamp(rig, now)


def _stamp(rig: Rig, now: int) -> None:
    """Time stamps for sealed days, where an authority is configured. One that is away is asked
    again after a while: nothing else waits for it."""
    told = rig.config.time_stamps
    if told is None or not take_lease(rig.engine, "stamp", str(now), now, STAMP_AGAIN_MS):
        return
    try:
        authority = stamps.Authority.of(told.url, told.roots, told.timeout_s)
        stamps.stamp_all(rig.engine, authority.stamp)
    except (stamps.NoStamp, ValueError) as fault:
        log.error("checkpoints are not time-stamped: %s", fault)
