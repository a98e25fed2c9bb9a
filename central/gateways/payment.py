"""Where fines are paid: a bill is asked for, and a channel tells that somebody paid.

The agency collects nothing itself (行政处罚法 art. 67): the bill is the treasury's, and a channel's
word pays nothing until the treasury's statement says the same (central/treasury.py).
"""

import binascii
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from central.billing import Report
from central.gateways.calls import BadAnswer, Caller
from central.gateways.config import NonTaxPayment
from central.gateways.sms import signature

CALLBACK_SLACK_S = 300
"""By how much the clocks of two houses may differ."""
CALLBACK_PATH = "/gateways/payments"
"""Where channels push to, behind the server's address."""
MOST_BYTES = 16 * 1024
log = logging.getLogger("central.gateways")


class BadCallback(Exception):
    """A payment that is not believed; the text says why."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be paid. `serial` is our own number, `title` names no person."""

    id: UUID
    serial: str
    title: str
    amount_fen: int
    last_day: str


@dataclass(frozen=True, slots=True)
class Issued:
    """The code that people pay by, and where."""

    code: str
    pay_url: str


class PayChannel(Protocol):
    """Every call blocks and raises GatewayError."""

    @property
    def name(self) -> str: ...

    def ask(self, bill: Bill) -> Issued:
        """A payment code for the bill; the same again for the same bill."""

    def read(self, headers: Mapping[str, str], body: bytes, now_utc_ms: int) -> Report | None:
        """A payment that the channel tells of; None where it tells of something else. Raises
        BadCallback where it is not the channel's own word, or not of now."""

    def close(self) -> None:
        """Let go of connections."""


class _Code(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    code: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{6,64}$")]
    pay_url: Annotated[str, Field(max_length=500, pattern=r"^(https?://|weixin://).+$")]


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    kind: Literal["paid", "refunded"]
    bill: UUID = Field(strict=False)
    transaction: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
    amount_fen: Annotated[int, Field(ge=1, le=10**12)]
    paid_utc_ms: Annotated[int, Field(ge=0, lt=2**53)]


class NonTaxChannel:
    """A province's platform for non-tax income: `POST /bills`, and signed callbacks."""

    name = "non-tax"

    def __init__(self, config: NonTaxPayment, callback_url: str) -> None:
        self._caller = Caller("payment", config)
        self._secret = config.callback_secret.get_secret_value()
        self._callback_url = callback_url

    def ask(self, bill: Bill) -> Issued:
        body = {
            "id": str(bill.id),
            "serial": bill.serial,
            "title": bill.title,
            "amount_fen": bill.amount_fen,
            "last_day": bill.last_day,
            "notify": self._callback_url,
        }
        answer = self._caller.call("POST", "/bills", body=body, key=str(bill.id))
        try:
            given = _Code.model_validate(answer.fields())
        except ValidationError:
            raise BadAnswer("payment must answer a code and where to pay") from None
        return Issued(given.code, given.pay_url)

    def read(self, headers: Mapping[str, str], body: bytes, now_utc_ms: int) -> Report | None:
        require_signed(headers, body, self._secret, now_utc_ms)
        try:
            told = _Told.model_validate(json.loads(body))
        except (ValueError, ValidationError, RecursionError) as error:
            raise BadCallback(f"the callback is not understood: {type(error).__name__}") from None
        if told.kind != "paid":
            return None
        return Report(self.name, told.transaction, told.bill, told.amount_fen, told.paid_utc_ms)

    def close(self) -> None:
        self._caller.close()


def require_signed(headers: Mapping[str, str], body: bytes, secret: str, now_utc_ms: int) -> None:
    """Standard Webhooks 1.0, within CALLBACK_SLACK_S of now. Raises BadCallback."""
    name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise BadCallback("webhook-timestamp must be seconds since 1970")
    try:
        signed = signature(secret, name, int(stamp), body)
    except (binascii.Error, UnicodeEncodeError):
        raise BadCallback("webhook-id must be text") from None
    given = headers.get("webhook-signature", "").encode("utf-8", "replace").split(b" ")
    if not any(hmac.compare_digest(signed.encode(), one) for one in given):
        raise BadCallback("the callback is not signed with the channel's secret")
    if abs(now_utc_ms / 1000 - int(stamp)) > CALLBACK_SLACK_S:
        raise BadCallback(f"the callback must be signed within {CALLBACK_SLACK_S} s of now")
