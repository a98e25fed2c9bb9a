"""Messages over HTTP, to the gateway that stands in for the real one."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import UUID

import pytest
from pydantic import SecretStr, ValidationError

from central.clock import SystemClock
from central.gateways.calls import BadAnswer, GatewayDown, GatewayRefused
from central.gateways.config import HttpSms
from central.gateways.local.phone import Mood, Phone, create_phone
from central.gateways.local.serving import serving
from central.gateways.sms import (
    BadReport,
    HttpSmsGateway,
    Report,
    Sent,
    Sms,
    read_report,
    signature,
)
from tests.central.gateways.servers import Scripted, scripted
from tests.waiting import until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G"
MESSAGE = Sms(UUID(int=5), "13800000000", "请在15分钟内驶离", {"plate": "浙B12345"})
NOW_S = 1_790_000_000


@contextmanager
def telephones(mood: Mood, token: str = "word") -> Iterator[tuple[Phone, HttpSmsGateway, Scripted]]:
    """A gateway with telephones, and the office's end that takes its reports."""
    phone = Phone(SystemClock(), "word", SECRET, mood, slow_s=5, late_s=0.3)
    with serving(create_phone(phone)) as port, scripted(lambda _: (204, b"")) as office:
        config = HttpSms(
            kind="http",
            url=f"http://127.0.0.1:{port}",
            token=SecretStr(token),
            report_secret=SecretStr(SECRET),
            timeout_s=1.5 if mood is Mood.SLOW else 30,
        )
        gateway = HttpSmsGateway(config, f"{office.url}/reports")
        try:
            yield phone, gateway, office
        finally:
            phone.stop.set()
            gateway.close()


def reported(office: Scripted) -> list[Report | None]:
    now = SystemClock().utc_ms()
    return [read_report(one.headers, one.body, SECRET, now) for one in office.came]


def test_a_message_is_handed_over_and_reported() -> None:
    with telephones(Mood.ON_TIME) as (phone, gateway, office):
        number = gateway.send(MESSAGE, tried_utc_ms=None)
        assert until(lambda: len(office.came) == 1)

        assert phone.messages[str(MESSAGE.id)].asked.text == "请在15分钟内驶离"
        assert reported(office) == [Report("delivered", str(MESSAGE.id), number)]
        sent = Sent(MESSAGE.id, MESSAGE.to, number, 0)
        assert gateway.ask(sent) == Report("delivered", str(MESSAGE.id), number)


def test_the_same_message_again_is_in_the_telephone_once() -> None:
    with telephones(Mood.ON_TIME) as (phone, gateway, _office):
        first = gateway.send(MESSAGE, tried_utc_ms=None)
        again = gateway.send(MESSAGE, tried_utc_ms=1)

        assert first == again
        assert phone.messages[str(MESSAGE.id)].times_asked == 2
        assert len(phone.messages) == 1


@pytest.mark.parametrize(
    ("mood", "outcomes"),
    [
        (Mood.LATE, ["delivered"]),
        (Mood.TWICE, ["delivered", "delivered"]),
        (Mood.FAILED, ["failed"]),
        (Mood.STRAY, ["delivered", "delivered"]),
    ],
)
def test_telephones_behave_as_they_are_told(mood: Mood, outcomes: list[str]) -> None:
    with telephones(mood) as (_phone, gateway, office):
        gateway.send(MESSAGE, tried_utc_ms=None)
        assert until(lambda: len(office.came) == len(outcomes))

        told = [report for report in reported(office) if report is not None]
        assert [report.outcome for report in told] == outcomes
        strangers = [report.id for report in told if report.id != str(MESSAGE.id)]
        assert len(strangers) == (1 if mood is Mood.STRAY else 0)


def test_nothing_is_known_of_a_message_that_is_never_reported() -> None:
    with telephones(Mood.NEVER) as (_phone, gateway, office):
        number = gateway.send(MESSAGE, tried_utc_ms=None)

        assert gateway.ask(Sent(MESSAGE.id, MESSAGE.to, number, 0)) is None
        assert gateway.ask(Sent(UUID(int=9), MESSAGE.to, "p-9", 0)) is None
        assert office.came == []


@pytest.mark.parametrize("mood", [Mood.DOWN, Mood.SLOW])
def test_a_gateway_that_is_away_or_slow_is_tried_later(mood: Mood) -> None:
    with telephones(mood) as (_phone, gateway, _office), pytest.raises(GatewayDown):
        gateway.send(MESSAGE, tried_utc_ms=None)


def test_a_gateway_that_does_not_know_us_refuses() -> None:
    with (
        telephones(Mood.ON_TIME, token="another") as (_phone, gateway, _office),
        pytest.raises(GatewayRefused, match=r"^sms answered 401$"),
    ):
        gateway.send(MESSAGE, tried_utc_ms=None)


@pytest.mark.parametrize("body", [{}, {"message": 7}, {"message": ""}, {"message": "x" * 65}])
def test_an_answer_without_a_number_is_not_taken(body: dict[str, object]) -> None:
    with scripted(lambda _: (200, json.dumps(body).encode())) as gateway:
        config = HttpSms(kind="http", url=gateway.url, report_secret=SecretStr(SECRET))
        asked = HttpSmsGateway(config, "http://127.0.0.1/")
        with closing(asked), pytest.raises(BadAnswer):
            asked.send(MESSAGE, tried_utc_ms=None)


def push(body: bytes, utc_s: int = NOW_S, secret: str = SECRET) -> Report | None:
    headers = {
        "webhook-id": "r-1",
        "webhook-timestamp": str(utc_s),
        "webhook-signature": f"v1,nonsense {signature(secret, 'r-1', utc_s, body)}",
    }
    return read_report(headers, body, SECRET, NOW_S * 1000)


BODY = b'{"id": "a", "message": "p-1", "status": "delivered", "new": 1}'


def test_a_signed_report_is_read() -> None:
    assert push(BODY) == Report("delivered", "a", "p-1")
    assert push(b'{"status": "failed", "code": "OFF"}') == Report("failed", "", "", "OFF")
    assert push(b'{"status": "unknown"}') is None


OTHER = "whsec_" + "QUJD" * 10


@pytest.mark.parametrize(
    ("body", "utc_s", "secret", "why"),
    [
        (BODY, NOW_S, OTHER, "not signed with the gateway's secret"),
        (BODY, NOW_S - 301, SECRET, "within 300 s of now"),
        (BODY, NOW_S + 301, SECRET, "within 300 s of now"),
        (b"{", NOW_S, SECRET, "not understood: JSONDecodeError"),
        (b'{"status": "perhaps"}', NOW_S, SECRET, "not understood: ValidationError"),
        (b"\xff", NOW_S, SECRET, "not understood: UnicodeDecodeError"),
    ],
)
def test_a_report_that_nobody_vouches_for_is_refused(
    body: bytes, utc_s: int, secret: str, why: str
) -> None:
    with pytest.raises(BadReport, match=why):
        push(body, utc_s, secret)


@pytest.mark.parametrize("stamp", ["", "soon", "-5", "٣", "9" * 13])
def test_a_report_without_a_time_is_refused(stamp: str) -> None:
    headers = {"webhook-id": "r", "webhook-timestamp": stamp, "webhook-signature": "v1,x"}
    with pytest.raises(BadReport, match="webhook-timestamp must be seconds"):
        read_report(headers, BODY, SECRET, NOW_S * 1000)


@pytest.mark.parametrize("secret", ["", "word", "whsec_", "whsec_QUJD", "whsec_%%%%"])
def test_a_secret_that_could_be_guessed_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError, match="must be whsec_ and at least 24 random bytes"):
        HttpSms(kind="http", url="https://sms.example", report_secret=SecretStr(secret))


def test_two_hands_at_once_make_one_message() -> None:
    with telephones(Mood.ON_TIME) as (phone, gateway, _office):
        numbers: list[str] = []
        threads = [
            threading.Thread(target=lambda: numbers.append(gateway.send(MESSAGE, tried_utc_ms=1)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert len(set(numbers)) == 1
        assert len(phone.messages) == 1
