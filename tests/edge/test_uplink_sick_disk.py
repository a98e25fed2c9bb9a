"""A disk that cannot be read: it is said, and nothing that came meanwhile is forgotten."""

from collections.abc import Callable
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest

from edge.outbox import Outbox
from edge.storage import DiskBroken
from edge.wire.fields import parse
from edge.wire.replies import Operation, Request, Response
from edge.wire.signing import open_envelope
from edge.wire.status import Alert, Birth
from edge.wire.topics import Kind, alert_topic
from tests.packets import DEVICE
from tests.site import Site, until

pytestmark = pytest.mark.broker


def sick(method: str, times: int) -> Any:
    """`Outbox.method` finds the disk broken so many times, and is well again."""
    real: Callable[..., object] = getattr(Outbox, method)
    left = [times]

    def look(*arguments: Any) -> object:
        if left[0]:
            left[0] -= 1
            raise DiskBroken("cannot read the outbox: disk I/O error")
        return real(*arguments)

    return mock.patch.object(Outbox, method, look)


def request(operation: Operation) -> Request:
    return Request(
        v=1,
        device=DEVICE,
        request_id=uuid4(),
        operation=operation,
        expires_utc_ms=2**42,
        camera=None,
        records=None,
    )


def test_that_the_disk_cannot_be_read_is_said_although_health_cannot_be_made(site: Site) -> None:
    until(lambda: site.edge.uplink.trouble == "")
    topic = alert_topic(DEVICE, "disk-broken")

    def said() -> list[bytes]:
        return [payload for heard, payload in site.central.heard if heard == topic]

    with sick("figures", 10**9):
        assert site.central.wait(lambda: any(said()))

    alert = parse(Alert, next(filter(None, said())))
    assert (alert.level, alert.text) == ("crit", "cannot read the outbox: disk I/O error")


def test_a_birth_that_could_not_be_made_is_made_up_for(site: Site) -> None:
    until(lambda: site.edge.uplink.trouble == "")
    site.broker.kill()
    until(lambda: site.edge.uplink.trouble != "")
    before = len(site.central.payloads(Kind.BIRTH))

    with sick("head", 1):
        site.broker.start()
        assert site.central.wait(lambda: len(site.central.payloads(Kind.BIRTH)) > before)

    birth = parse(Birth, site.central.payloads(Kind.BIRTH)[-1])
    assert birth.epoch == site.edge.delivery.epoch.now
    health = site.edge.uplink.link_health()
    assert health.reconnects_24h == 1  # one connection that was lost, however often it was taken in


def test_a_request_that_could_not_be_answered_is_answered_later(site: Site) -> None:
    until(lambda: site.edge.uplink.trouble == "")
    asked = request(Operation.DIAGNOSE)

    with sick("all_set_aside", 2):
        sealed = site.central.signer.seal(Request.PAYLOAD_TYPE, asked.to_bytes())
        site.central.send(Kind.REQUEST, sealed)
        assert site.central.wait(lambda: bool(site.central.payloads(Kind.RESPONSE)))

    keys = {site.identity.signer.key_id: site.identity.signer.key.public_key()}
    opened = open_envelope(site.central.payloads(Kind.RESPONSE)[0], keys, Response.PAYLOAD_TYPE)
    response = parse(Response, opened.payload)
    assert (response.request_id, response.ok) == (asked.request_id, True)
