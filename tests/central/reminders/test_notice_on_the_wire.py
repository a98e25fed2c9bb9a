"""The notice over a real broker, with the ACL of configs/mosquitto."""

import itertools
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from central.clock import SystemClock
from central.config import Broker as BrokerConfig
from central.gateways.local.phone import Mood
from central.link import Link
from central.notices import Notices
from edge.wire.fields import parse
from edge.wire.replies import Notice
from edge.wire.signing import open_envelope
from tests.central.reminders.house import house
from tests.courier import Courier
from tests.mosquitto import running
from tests.waiting import until


@pytest.mark.broker
def test_a_delivered_reminder_becomes_a_signed_notice_at_the_device(
    engine: Engine, tmp_path: Path
) -> None:
    with running(tmp_path / "broker") as broker, house(engine, tmp_path, mood=Mood.ON_TIME) as h:
        own, stop = broker.central(), threading.Event()
        config = BrokerConfig(
            host=broker.host, port=broker.port, ca=own.ca, cert=own.certificate, key=own.key
        )
        epochs = itertools.count(1).__next__
        link = Link(config, h.office.ingest, SystemClock(), next_epoch=epochs)
        thread = threading.Thread(target=link.run, args=(stop,))
        thread.start()
        try:
            assert link.online.wait(60)
            with Courier.connected(broker, broker.device(h.device.id)) as courier:
                arrival = h.arrives()
                h.office.reminders.reminders.run(h.now)
                assert until(lambda: len(h.pushed.came) == 1)
                h.later(4)
                h.reports()
                h.office.reminders.reminders.run(h.now)
                Notices(engine, h.office.signer, link.send).run(h.now)
                raw = courier.receive(lambda topic, _: topic.endswith("/notice"))
        finally:
            stop.set()
            thread.join(60)

        opened = open_envelope(raw, h.office.keys, Notice.PAYLOAD_TYPE)
        told = parse(Notice, opened.payload)
        assert told.stay_id == arrival.record.stay.id
        assert (told.reminded_utc_ms, told.sent_utc_ms) == (h.now, h.now)
        assert h.state(arrival) == "reminded"
