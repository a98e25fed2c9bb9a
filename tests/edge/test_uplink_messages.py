"""What a device says about itself, and how it answers, over a real broker."""

import hashlib
import threading

import pytest

from edge.alerts import AlertCode
from edge.clock import SystemClock
from edge.wire.fields import parse
from edge.wire.replies import (
    ConfigDesired,
    ConfigReported,
    Notice,
    Operation,
    Request,
    Response,
    SeqRange,
)
from edge.wire.signing import open_envelope
from edge.wire.status import Alert, Birth, Health, State
from edge.wire.topics import Kind, parse_topic
from tests.packets import DEVICE, SIGNER, jpeg, uuid
from tests.site import LIMIT_S, Site, edge, until

pytestmark = pytest.mark.broker


def test_state_is_online_then_stopped_and_lost_when_the_process_is_gone(site: Site) -> None:
    site.central.wait(lambda: bool(site.central.payloads(Kind.STATE)))
    site.edge.uplink.stop()
    site.central.wait(lambda: len(site.central.payloads(Kind.STATE)) >= 2)
    states = [parse(State, payload) for payload in site.central.payloads(Kind.STATE)]

    assert [(state.s, state.epoch) for state in states] == [
        ("online", 1_000_001),
        ("stopped", 1_000_001),
    ]

    site.edge.delivery.close()
    site.edge = edge(site.folder, site.broker, site.identity, None)
    site.central.wait(lambda: len(site.central.payloads(Kind.STATE)) >= 3)
    assert site.edge.uplink._link is not None
    site.edge.uplink._link.close(politely=False)
    site.central.wait(lambda: len(site.central.payloads(Kind.STATE)) >= 4)

    states = [parse(State, payload) for payload in site.central.payloads(Kind.STATE)]
    assert [(state.s, state.epoch) for state in states[2:4]] == [
        ("online", 2_000_001),
        ("lost", 2_000_001),
    ]


def test_birth_and_health_tell_what_the_device_is(site: Site) -> None:
    site.central.wait(lambda: bool(site.central.payloads(Kind.BIRTH)))
    site.central.wait(lambda: bool(site.central.payloads(Kind.HEALTH)))

    birth = parse(Birth, site.central.payloads(Kind.BIRTH)[0])
    health = parse(Health, site.central.payloads(Kind.HEALTH)[0])
    assert birth.signing_key == SIGNER.key_id
    assert birth.cert_not_after_utc_ms is not None
    assert (birth.seq, birth.chain_head) == (0, "0" * 64)
    assert health.host.mem_available_mb is not None
    assert health.outbox.depth == 0


def test_a_notice_reaches_the_rules_once_and_is_kept(site: Site) -> None:
    notice = Notice(
        v=1,
        device=DEVICE,
        notice_id=uuid(7),
        stay_id=uuid(5),
        reminded_utc_ms=10,
        sent_utc_ms=20,
        grace_ms=1000,
    )
    sealed = site.central.signer.seal(Notice.PAYLOAD_TYPE, notice.to_bytes())
    until(lambda: site.edge.uplink.trouble == "")

    site.central.send(Kind.NOTICE, sealed)
    site.central.send(Kind.NOTICE, sealed)

    received = site.edge.uplink.notices.get(timeout=LIMIT_S)
    site.edge.put(1, [])
    until(lambda: site.edge.waiting == 0)
    assert received.notice == notice
    assert site.edge.uplink.notices.empty()
    assert site.edge.delivery.memory.notices() == [received]


def ask(site: Site, operation: Operation, records: SeqRange | None = None) -> Request:
    request = Request(
        v=1,
        device=DEVICE,
        request_id=uuid(len(site.central.heard)),
        operation=operation,
        expires_utc_ms=SystemClock().utc_ms() + 60_000,
        camera=None,
        records=records,
    )
    sealed = site.central.signer.seal(Request.PAYLOAD_TYPE, request.to_bytes())
    site.central.send(Kind.REQUEST, sealed)
    site.central.wait(lambda: bool(site.central.payloads(Kind.RESPONSE)))
    return request


def response(site: Site) -> Response:
    keys = {SIGNER.key_id: SIGNER.key.public_key()}
    opened = open_envelope(site.central.payloads(Kind.RESPONSE)[-1], keys, Response.PAYLOAD_TYPE)
    return parse(Response, opened.payload)


def test_asked_to_resend_it_sends_what_it_has_and_a_tombstone_for_the_rest(site: Site) -> None:
    site.edge.put(1, [jpeg(1)])
    until(lambda: site.edge.waiting == 0)
    site.central.receipts.clear()

    request = ask(site, Operation.RESEND, SeqRange(first=1, last=2))

    site.central.wait(lambda: bool(site.central.receipts))
    until(lambda: site.edge.waiting == 0)
    answer = response(site)
    assert answer.request_id == request.request_id
    assert answer.text == "1 of 2 records will be sent"
    assert [(each.seq, each.reason) for each in answer.tombstones] == [(2, "never-made")]
    assert len(site.central.receipts) == 1


def test_asked_for_what_it_cannot_do_it_says_what_it_can(site: Site) -> None:
    until(lambda: site.edge.uplink.trouble == "")
    ask(site, Operation.SNAPSHOT)

    answer = response(site)
    assert not answer.ok
    assert answer.text == ("this device cannot snapshot; it can birth, diagnose, resend, restart")


def test_a_good_configuration_is_kept_and_a_bad_one_refused_with_its_faults(site: Site) -> None:
    def send(version: int, document: str) -> None:
        desired = ConfigDesired(
            v=1,
            device=DEVICE,
            version=version,
            issued_utc_ms=0,
            sha256=hashlib.sha256(document.encode()).hexdigest(),
            document=document,
        )
        sealed = site.central.signer.seal(ConfigDesired.PAYLOAD_TYPE, desired.to_bytes())
        before = len(site.central.payloads(Kind.CONFIG_REPORTED))
        site.central.send(Kind.CONFIG_DESIRED, sealed)
        site.central.wait(lambda: len(site.central.payloads(Kind.CONFIG_REPORTED)) > before)

    def reported() -> ConfigReported:
        return parse(ConfigReported, site.central.payloads(Kind.CONFIG_REPORTED)[-1])

    site.central.wait(lambda: bool(site.central.payloads(Kind.CONFIG_REPORTED)))
    send(3, "bad")
    refused = reported()
    send(4, "good: yes")
    taken = reported()

    assert (refused.version, refused.refused_version, refused.error) == (0, 3, "line 1: bad")
    assert (taken.version, taken.refused_version, taken.error) == (4, 0, "")
    assert (site.folder / "evidence/config/desired.yaml").read_text() == "good: yes"
    assert site.edge.restarts == [1]


def test_an_alert_is_retained_until_it_is_over(site: Site) -> None:
    site.edge.put(1, [jpeg(1)])
    until(lambda: site.edge.waiting == 0)
    alerts = site.edge.delivery.alerts
    code = AlertCode.OUTBOX_REBUILT  # no look at the box's health sets or clears it

    def said() -> list[bytes]:
        return [
            payload
            for topic, payload in site.central.heard
            if parse_topic(topic).detail == code.value
        ]

    alerts.set(code, "warn", "rebuilt", 5)
    assert site.central.wait(lambda: any(said()))
    alert = parse(Alert, next(filter(None, said())))
    alerts.clear(code)
    assert site.central.wait(lambda: said()[-1] == b"")

    assert (alert.code, alert.text, alert.since_utc_ms) == ("outbox-rebuilt", "rebuilt", 5)


def test_messages_of_every_wrong_kind_harm_nothing(site: Site) -> None:
    until(lambda: site.edge.uplink.trouble == "")
    for payload in (b"", b"{}", b"\xff" * 1000, b"[" * 5000, b'{"payloadType":1}'):
        for kind in (Kind.RECEIPT, Kind.NOTICE, Kind.REQUEST, Kind.CONFIG_DESIRED):
            site.central.send(kind, payload)

    site.edge.put(1, [jpeg(1)])

    until(lambda: site.edge.waiting == 0)
    assert threading.active_count() < 20
