"""Aliyun's SMS service. The text lies with Aliyun as an approved template; we send what goes in.

`SendSms` knows no key for a call that comes again. So before a message is handed over once more,
the details of the day are asked for our own number (`OutId`). A pushed report is only a hint to
ask: it is not signed.
"""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_tea_openapi.models import Config as OpenApiConfig
from alibabacloud_tea_util.models import RuntimeOptions
from darabonba.exceptions import DaraException, UnretryableException

from central.gateways.calls import BadAnswer, GatewayDown, GatewayRefused
from central.gateways.config import AliyunSms
from central.gateways.sms import Outcome, Report, Sent, Sms

CHINA = timedelta(hours=8)
_LATER = frozenset(
    {
        "isp.SYSTEM_ERROR",
        "isp.RAM_PERMISSION_DENY",
        "isv.BUSINESS_LIMIT_CONTROL",
        "isv.DAY_LIMIT_CONTROL",
        "isv.MONTH_LIMIT_CONTROL",
        "isv.AMOUNT_NOT_ENOUGH",
        "isv.OUT_OF_SERVICE",
        "isv.ACCOUNT_NOT_EXISTS",
        "isv.ACCOUNT_ABNORMAL",
        "isv.PRODUCT_UN_SUBSCRIPT",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId.NotFound",
    }
)
"""Faults of the account, the limits or the service, not of the message: it waits, and a person
sees why."""
_OUTCOMES: Mapping[int, Outcome] = {2: "failed", 3: "delivered"}
"""`SendStatus`; 1 is not known yet."""
_PAGE = 50
_log = logging.getLogger("central.gateways")
# The SDK puts telephone numbers into addresses, and urllib3 tells addresses.
logging.getLogger("urllib3").setLevel(logging.WARNING)
T = TypeVar("T")


class AliyunSmsGateway:
    """Any thread may use it."""

    name = "sms"

    def __init__(self, config: AliyunSms, protocol: str = "https") -> None:
        self._config = config
        self._runtime = RuntimeOptions(
            autoretry=False,
            connect_timeout=config.timeout_s * 1000,
            read_timeout=config.timeout_s * 1000,
        )
        self._client = Client(
            OpenApiConfig(
                access_key_id=config.access_key_id.get_secret_value(),
                access_key_secret=config.access_key_secret.get_secret_value(),
                endpoint=config.endpoint,
                protocol=protocol,
            )
        )

    def send(self, message: Sms, *, tried_utc_ms: int | None) -> str:
        if tried_utc_ms is not None and self._is_there(message, tried_utc_ms):
            return str(message.id)
        request = models.SendSmsRequest(
            phone_numbers=message.to,
            sign_name=self._config.sign_name,
            template_code=self._template(message),
            template_param=json.dumps(dict(message.fields), ensure_ascii=False),
            out_id=str(message.id),
        )
        body = _called(lambda: self._client.send_sms_with_options(request, self._runtime)).body
        if body.code != "OK":
            _refuse(str(body.code))
        if not body.biz_id:
            raise BadAnswer("Aliyun must answer a BizId, got none")
        return str(body.biz_id)

    def ask(self, sent: Sent) -> Report | None:
        for detail in self._details(sent.to, _day(sent.handed_utc_ms)):
            outcome = _OUTCOMES.get(detail.send_status)
            if detail.out_id == str(sent.id) and outcome is not None:
                code = str(detail.err_code or "")[:64]
                return Report(outcome, str(sent.id), sent.gateway_id, code)
        return None

    def close(self) -> None:
        """The SDK keeps no connection."""

    def _template(self, message: Sms) -> str:
        """Raises GatewayRefused: nobody is sent the words of another message."""
        if message.purpose == "reminder":
            return self._config.template
        for purpose, template in self._config.templates.items():
            if purpose == message.purpose:
                return template
        raise GatewayRefused(f"no template is configured for {message.purpose}", "no-template")

    def _is_there(self, message: Sms, tried_utc_ms: int) -> bool:
        """Whether an earlier call arrived although its answer did not. Midnight may have come in
        between."""
        day = _day(tried_utc_ms)
        return any(
            detail.out_id == str(message.id)
            for each in (day, day + timedelta(days=1))
            for detail in self._details(message.to, each)
        )

    def _details(self, to: str, day: datetime) -> list[Any]:
        request = models.QuerySendDetailsRequest(
            phone_number=to, send_date=day.strftime("%Y%m%d"), page_size=_PAGE, current_page=1
        )
        answer = _called(
            lambda: self._client.query_send_details_with_options(request, self._runtime)
        ).body
        if answer.code != "OK":
            _refuse(str(answer.code))
        details = answer.sms_send_detail_dtos
        return list(details.sms_send_detail_dto or []) if details is not None else []


def _day(utc_ms: int) -> datetime:
    """The day of Aliyun's books, which are kept in China's time."""
    return datetime.fromtimestamp(utc_ms / 1000, UTC) + CHINA


def _called(call: Callable[[], T]) -> T:
    """The SDK's answer. Its own errors hold the request, with the telephone number: only the kind
    and the code of one come out."""
    try:
        return call()
    except (DaraException, UnretryableException) as error:
        code = str(getattr(error, "code", "") or type(error).__name__)
        _log.warning("gateway=sms fault=%s", code)
        if code.startswith("isv.") and code not in _LATER:
            raise GatewayRefused(f"Aliyun refused: {code}", code) from None
        raise GatewayDown(f"Aliyun not reached: {code}") from None
    except OSError as error:  # every fault of requests, on which the SDK stands, is one
        _log.warning("gateway=sms fault=%s", type(error).__name__)
        raise GatewayDown(f"Aliyun not reached: {type(error).__name__}") from None


def _refuse(code: str) -> None:
    if code in _LATER or code.startswith(("isp.", "Throttling")):
        raise GatewayDown(f"Aliyun says {code}")
    raise GatewayRefused(f"Aliyun refused: {code}", code)
