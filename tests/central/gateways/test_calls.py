"""One call to a gateway: what is raised, and that nothing personal gets into the log."""

import logging
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from central.gateways.calls import BadAnswer, Caller, GatewayDown, GatewayRefused
from central.gateways.config import Http
from tests.central.gateways.servers import scripted


def test_a_call_carries_its_key_and_our_token() -> None:
    with scripted(lambda _: (200, b'{"message": "m-1"}')) as gateway:
        caller = Caller("sms", Http(url=gateway.url, token=SecretStr("s3cret")))

        answer = caller.call("POST", "/messages", body={"to": "13800000000"}, key="k-1")
        caller.close()

    assert answer.fields() == {"message": "m-1"}
    asked = gateway.came[0]
    assert asked.headers["idempotency-key"] == "k-1"
    assert asked.headers["authorization"] == "Bearer s3cret"
    assert asked.fields == {"to": "13800000000"}


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_not_now_is_told_from_never(status: int) -> None:
    with scripted(lambda _: (status, b"")) as gateway:
        caller = Caller("sms", Http(url=gateway.url))
        with pytest.raises(GatewayDown, match=f"^sms answered {status}$"):
            caller.call("GET", "/")
        gateway.answer = lambda _: (422, b"")
        with pytest.raises(GatewayRefused, match=r"^sms answered 422$"):
            caller.call("GET", "/")
        caller.close()


def test_a_redirection_is_not_followed() -> None:
    """It could lead personal data to somebody else."""
    with scripted(lambda _: (302, b"")) as gateway:
        caller = Caller("sms", Http(url=gateway.url))

        answer = caller.call("GET", "/")
        caller.close()

    assert answer.status == 302
    assert len(gateway.came) == 1


def test_nobody_there_is_a_gateway_that_is_down() -> None:
    with scripted(lambda _: (200, b"")) as gateway:
        pass
    caller = Caller("register", Http(url=gateway.url))

    with pytest.raises(GatewayDown, match=r"^register not reached: ConnectError$"):
        caller.call("GET", "/")
    caller.close()


def test_a_gateway_that_never_answers_is_left_in_time() -> None:
    stop = threading.Event()

    def hang(_: object) -> tuple[int, bytes]:
        stop.wait(30)
        return 200, b""

    with scripted(hang) as gateway:
        caller = Caller("sms", Http(url=gateway.url, timeout_s=0.1))
        with pytest.raises(GatewayDown, match=r"^sms not reached: ReadTimeout$"):
            caller.call("GET", "/")
        stop.set()
        caller.close()


def test_more_than_an_answer_may_have_is_not_read() -> None:
    with scripted(lambda _: (200, b"x" * 300_000)) as gateway:
        caller = Caller("sms", Http(url=gateway.url))
        with pytest.raises(GatewayDown, match=r"^sms answered more than 262144 bytes$"):
            caller.call("GET", "/")
        caller.close()


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"\xff"])
def test_an_answer_that_is_no_object_is_told(body: bytes) -> None:
    with scripted(lambda _: (200, body)) as gateway:
        caller = Caller("sms", Http(url=gateway.url))
        with pytest.raises(BadAnswer):
            caller.call("GET", "/").fields()
        caller.close()


def test_the_log_holds_no_secret_and_nothing_personal(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with scripted(lambda _: (200, b'{"phone": "13911112222"}')) as gateway:
        caller = Caller("register", Http(url=gateway.url, token=SecretStr("s3cret")))
        caller.call("GET", "/owner", query={"plate": "浙B12345"})
        caller.call("POST", "/owner", body={"to": "13800000000"}, key="k-77")
        gateway.answer = lambda _: (500, b"")
        with pytest.raises(GatewayDown):
            caller.call("GET", "/owner", query={"plate": "浙B12345"})
        caller.close()

    assert "gateway=register GET status=200" in caplog.text
    for secret in ("s3cret", "13800000000", "13911112222", "12345", "owner", "k-77"):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://gateway.example/", "must be https://"),
        ("ftp://gateway.example/", "must be https://"),
        ("https://me:word@gateway.example/", "must hold no password"),
        ("https://gateway.example/?token=1", "must hold no password"),
    ],
)
def test_an_address_is_safe_and_holds_no_secret(url: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Http(url=url)


def test_a_certificate_goes_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="cert and key must be given together"):
        Http(url="https://gateway.example", cert=tmp_path / "cert.pem")
