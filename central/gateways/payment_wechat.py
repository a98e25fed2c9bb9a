"""WeChat Pay (v3, Native) as a channel, through its SDK.

Our bill's number is the merchant's order number, our bill's id its attachment. The SDK signs
requests, verifies answers and callbacks and opens what they hold; that a callback is of now, ours,
and about money that came is checked here.
"""

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import requests
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from wechatpayv3 import WeChatPay, WeChatPayType  # type: ignore[import-untyped]

from central.billing import Report
from central.gateways.calls import BadAnswer, GatewayDown, GatewayRefused
from central.gateways.config import WechatPayment
from central.gateways.payment import CALLBACK_SLACK_S, BadCallback, Bill, Issued

_SERVER_FAULT, _BAD_REQUEST, _TOO_MANY = 500, 400, 429
# What is sent and what comes back names payers; the SDK would tell it all.
logging.getLogger("urllib3").setLevel(logging.WARNING)


class _Amount(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    total: Annotated[int, Field(ge=1)]
    currency: Literal["CNY"] = "CNY"


class _Paid(BaseModel):
    """What a callback of a payment holds. Keys that we do not know mean nothing to us."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    mchid: str
    appid: str
    attach: UUID = Field(strict=False)
    transaction_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
    trade_state: str
    success_time: datetime = Field(strict=False)
    amount: _Amount


class WechatChannel:
    """Any thread may use it."""

    name = "wechat"

    def __init__(self, config: WechatPayment, callback_url: str, gateway: str = "") -> None:
        self._config = config
        self._sdk = WeChatPay(
            wechatpay_type=WeChatPayType.NATIVE,
            mchid=config.mchid,
            private_key=_text(config.private_key),
            cert_serial_no=config.cert_serial,
            appid=config.appid,
            apiv3_key=config.apiv3_key.get_secret_value(),
            notify_url=callback_url,
            timeout=(config.timeout_s, config.timeout_s),
            public_key=_text(config.public_key),
            public_key_id=config.public_key_id,
        )
        if gateway:  # a stand-in for the tests: the SDK knows its own address only
            self._sdk._core._gate_way = gateway

    def ask(self, bill: Bill) -> Issued:
        try:
            status, text = self._sdk.pay(
                description=bill.title,
                out_trade_no=bill.serial,
                attach=str(bill.id),
                amount={"total": bill.amount_fen, "currency": "CNY"},
            )
        except requests.RequestException as error:
            raise GatewayDown(f"wechat not reached: {type(error).__name__}") from None
        except Exception as error:  # the SDK raises Exception itself for a forged answer
            raise BadAnswer(f"wechat answered what cannot be believed: {error}") from None
        if status >= _SERVER_FAULT or status == _TOO_MANY:
            raise GatewayDown(f"wechat answered {status}")
        if status >= _BAD_REQUEST:
            raise GatewayRefused(f"wechat answered {status}", _code(text))
        url = _object(text).get("code_url")
        if not isinstance(url, str) or not url.startswith("weixin://"):
            raise BadAnswer("wechat must answer a code_url")
        return Issued(bill.serial, url)

    def read(self, headers: Mapping[str, str], body: bytes, now_utc_ms: int) -> Report | None:
        stamp = headers.get("wechatpay-timestamp", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise BadCallback("Wechatpay-Timestamp must be seconds since 1970")
        if abs(now_utc_ms / 1000 - int(stamp)) > CALLBACK_SLACK_S:
            raise BadCallback(f"the callback must be signed within {CALLBACK_SLACK_S} s of now")
        try:
            opened: Any = self._sdk.callback(headers=headers, body=body.decode())
        except Exception as error:
            raise BadCallback(f"the callback cannot be believed: {type(error).__name__}") from None
        if not opened:
            raise BadCallback("the callback is not signed by WeChat Pay")
        if opened.get("event_type") != "TRANSACTION.SUCCESS":
            return None
        try:
            paid = _Paid.model_validate(opened["resource"])
        except (KeyError, ValidationError) as error:
            raise BadCallback(f"the callback is not understood: {type(error).__name__}") from None
        if (paid.mchid, paid.appid) != (self._config.mchid, self._config.appid):
            raise BadCallback("the callback is about another merchant's money")
        if paid.trade_state != "SUCCESS":
            return None
        at = int(paid.success_time.timestamp() * 1000)
        return Report(self.name, paid.transaction_id, paid.attach, paid.amount.total, at)

    def close(self) -> None:
        """The SDK keeps no connection."""


def _text(path: Path) -> str:
    return path.read_text(encoding="ascii")


def _object(text: object) -> Mapping[str, object]:
    try:
        found = json.loads(text) if isinstance(text, str | bytes) else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadAnswer("wechat must answer a JSON object")
    return found


def _code(text: object) -> str:
    try:
        return str(_object(text).get("code", ""))[:64]
    except BadAnswer:
        return ""
