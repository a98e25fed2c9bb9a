"""Aliyun's SMS service through its own SDK, against a server that answers as Aliyun documents."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from pydantic import SecretStr

from central.gateways.aliyun import AliyunSmsGateway
from central.gateways.calls import GatewayDown, GatewayRefused
from central.gateways.config import AliyunSms
from central.gateways.sms import Report, Sent, Sms
from tests.central.gateways.servers import Asked, Scripted, scripted

MESSAGE = Sms(UUID(int=5), "13800000000", "unused", {"plate": "浙B12345", "minutes": "15"})
EVENING_UTC_MS = 1_790_006_400_000 - 1_790_006_400_000 % 86_400_000 + 57_540_000
"""23:59 in China."""
Details = list[dict[str, object]]


def detail(status: int, out_id: str = str(MESSAGE.id)) -> dict[str, object]:
    return {"OutId": out_id, "SendStatus": status, "ErrCode": "DELIVERED", "PhoneNum": "138"}


@contextmanager
def aliyun(
    sent: dict[str, object], details: dict[str, Details] | None = None, status: int = 200
) -> Iterator[tuple[Scripted, AliyunSmsGateway]]:
    """`details` by day. What is asked for goes in the query, the action in a header."""

    def answer(asked: Asked) -> tuple[int, bytes]:
        if action(asked) == "SendSms":
            return status, json.dumps(sent).encode()
        rows = (details or {}).get(query(asked)["SendDate"], [])
        found = {"Code": "OK", "TotalCount": len(rows), "SmsSendDetailDTOs": {}}
        return 200, json.dumps(found | {"SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}).encode()

    with scripted(answer) as server:
        yield server, gateway_at(f"127.0.0.1:{server.port}")


def gateway_at(endpoint: str) -> AliyunSmsGateway:
    config = AliyunSms(
        kind="aliyun",
        access_key_id=SecretStr("the-id"),
        access_key_secret=SecretStr("the-word"),
        sign_name="示例消防",
        template="SMS_1234",
        templates={"paper": "SMS_77"},
        endpoint=endpoint,
        timeout_s=2,
    )
    return AliyunSmsGateway(config, protocol="http")


def action(asked: Asked) -> str:
    return asked.headers.get("x-acs-action") or query(asked)["Action"]


def query(asked: Asked) -> dict[str, str]:
    text = urlsplit(asked.path).query or asked.body.decode()
    return {name: values[0] for name, values in parse_qs(text).items()}


def test_a_message_goes_out_as_template_and_values() -> None:
    with aliyun({"Code": "OK", "BizId": "900619746936498440^0"}) as (server, gateway):
        number = gateway.send(MESSAGE, tried_utc_ms=None)

    assert number == "900619746936498440^0"
    asked = query(server.came[0])
    assert asked["PhoneNumbers"] == "13800000000"
    assert asked["SignName"] == "示例消防"
    assert asked["TemplateCode"] == "SMS_1234"
    assert json.loads(asked["TemplateParam"]) == {"plate": "浙B12345", "minutes": "15"}
    assert asked["OutId"] == str(MESSAGE.id)
    assert len(server.came) == 1


def test_a_message_that_arrived_although_its_answer_did_not_is_not_sent_twice() -> None:
    """It was first tried a minute before midnight in China, and its books are the next day's."""
    day = {"20260922": [detail(1)]}
    with aliyun({"Code": "OK", "BizId": "9"}, day) as (server, gateway):
        gateway.send(MESSAGE, tried_utc_ms=EVENING_UTC_MS)
        asked = [action(one) for one in server.came]
        days = [query(one)["SendDate"] for one in server.came]

    assert asked == ["QuerySendDetails", "QuerySendDetails"]
    assert days == ["20260921", "20260922"]


def test_a_message_that_never_arrived_is_sent_at_the_second_try() -> None:
    with aliyun({"Code": "OK", "BizId": "9"}, {}) as (server, gateway):
        assert gateway.send(MESSAGE, tried_utc_ms=EVENING_UTC_MS) == "9"

    assert [action(one) for one in server.came][-1] == "SendSms"


@pytest.mark.parametrize(
    ("status", "told"),
    [(1, None), (2, "failed"), (3, "delivered")],
)
def test_what_became_of_a_message_is_asked(status: int, told: str | None) -> None:
    others = [detail(3, "another"), detail(status)]
    with aliyun({}, {"20260921": others}) as (_server, gateway):
        report = gateway.ask(Sent(MESSAGE.id, MESSAGE.to, "9", EVENING_UTC_MS))

    assert (report.outcome if report else None) == told
    assert report is None or report == Report(report.outcome, str(MESSAGE.id), "9", "DELIVERED")


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", GatewayRefused),
        ("isv.BLACK_KEY_CONTROL_LIMIT", GatewayRefused),
        ("isv.BUSINESS_LIMIT_CONTROL", GatewayDown),
        ("isv.AMOUNT_NOT_ENOUGH", GatewayDown),
        ("isp.SYSTEM_ERROR", GatewayDown),
        ("Throttling.User", GatewayDown),
    ],
)
def test_what_waits_is_told_from_what_never_goes(code: str, fault: type[Exception]) -> None:
    with aliyun({"Code": code, "Message": "13800000000"}) as (_server, gateway):
        with pytest.raises(fault, match=code) as refused:
            gateway.send(MESSAGE, tried_utc_ms=None)
        assert "138" not in str(refused.value)


@pytest.mark.parametrize(("status", "code"), [(500, "InternalError"), (503, "ServiceUnavailable")])
def test_a_service_that_is_ill_is_tried_later(status: int, code: str) -> None:
    with (
        aliyun({"Code": code, "Message": "m"}, status=status) as (_server, gateway),
        pytest.raises(GatewayDown),
    ):
        gateway.send(MESSAGE, tried_utc_ms=None)


def test_nobody_there_is_tried_later_and_the_log_keeps_the_secrets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with scripted(lambda _: (200, b"")) as gone:
        pass
    with pytest.raises(GatewayDown, match=r"^Aliyun not reached: "):
        gateway_at(f"127.0.0.1:{gone.port}").send(MESSAGE, tried_utc_ms=None)
    with aliyun({"Code": "OK", "BizId": "9"}) as (_server, gateway):
        gateway.send(MESSAGE, tried_utc_ms=None)

    for secret in ("the-word", "13800000000", "B12345"):
        assert secret not in caplog.text


def test_each_purpose_has_its_own_words_and_none_those_of_another() -> None:
    with aliyun({"Code": "OK", "BizId": "9"}) as (server, gateway):
        gateway.send(replace(MESSAGE, purpose="paper"), tried_utc_ms=None)
        with pytest.raises(GatewayRefused, match="no template is configured for invitation"):
            gateway.send(replace(MESSAGE, purpose="invitation"), tried_utc_ms=None)

    assert [query(asked)["TemplateCode"] for asked in server.came] == ["SMS_77"]
