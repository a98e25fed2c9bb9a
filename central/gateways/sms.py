"""Messages to telephones, and what became of them.

A message goes out under an id of ours, and the same id may be handed over again: the gateway sends
it once. Who hands over learns the gateway's own number; whether the message arrived is told later
by a delivery report, or asked for.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Literal, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from central.gateways.calls import BadAnswer, Caller, GatewayRefused
from central.gateways.config import HttpSms

REPORT_SLACK_S = 300
"""By how much the clocks of two houses may differ."""
Outcome = Literal["delivered", "failed"]


class BadReport(Exception):
    """A delivery report that is not believed; the text says why."""


@dataclass(frozen=True, slots=True)
class Sms:
    """One message. `fields` is what `text` was made of, and `purpose` what for, for gateways that
    hold the texts themselves."""

    id: UUID
    to: str
    text: str
    fields: Mapping[str, str] = field(default_factory=dict)
    purpose: str = "reminder"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a gateway took, as it is asked about later."""

    id: UUID
    to: str
    gateway_id: str
    handed_utc_ms: int


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message. `id` is ours, `gateway_id` the gateway's; one may be unknown."""

    outcome: Outcome
    id: str
    gateway_id: str
    code: str = ""


class SmsGateway(Protocol):
    """Every call blocks and raises GatewayError."""

    @property
    def name(self) -> str: ...

    def send(self, message: Sms, *, tried_utc_ms: int | None) -> str:
        """Hand a message over; the gateway's number for it. `tried_utc_ms` is the first try, after
        which the gateway may have it already."""

    def ask(self, sent: Sent) -> Report | None:
        """What became of a message; None while nobody knows."""

    def close(self) -> None:
        """Let go of connections."""


class HttpSmsGateway:
    """`POST /messages` and `GET /messages/<id>` (central/gateways/README.md)."""

    name = "sms"

    def __init__(self, config: HttpSms, report_to: str) -> None:
        self._caller = Caller("sms", config)
        self._report_to = report_to

    def send(self, message: Sms, *, tried_utc_ms: int | None) -> str:
        del tried_utc_ms  # the key tells
        body = {
            "id": str(message.id),
            "to": message.to,
            "text": message.text,
            "fields": dict(message.fields),
            "report_to": self._report_to,
        }
        answer = self._caller.call("POST", "/messages", body=body, key=str(message.id))
        number = answer.fields().get("message")
        if not isinstance(number, str) or not 0 < len(number) <= 64:
            raise BadAnswer("sms must answer the number of the message, in at most 64 characters")
        return number

    def ask(self, sent: Sent) -> Report | None:
        try:
            answer = self._caller.call("GET", f"/messages/{sent.id}")
        except GatewayRefused as refused:
            if refused.code == "404":
                return None
            raise
        said = _Said.model_validate(answer.fields())
        if said.status == "unknown":
            return None
        return Report(said.status, str(sent.id), said.message, said.code)

    def close(self) -> None:
        self._caller.close()


class _Said(BaseModel):
    """A report as the HTTP gateway words it. Keys that we do not know mean nothing to us."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    id: Annotated[str, Field(max_length=64)] = ""
    message: Annotated[str, Field(max_length=64)] = ""
    status: Literal["delivered", "failed", "unknown"]
    code: Annotated[str, Field(max_length=64)] = ""


def signature(secret: str, name: str, utc_s: int, body: bytes) -> str:
    """HMAC-SHA256 over `id.timestamp.body`, as Standard Webhooks 1.0 has it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{name}.{utc_s}.".encode() + body, sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def read_report(
    headers: Mapping[str, str], body: bytes, secret: str, now_utc_ms: int
) -> Report | None:
    """A report that the gateway pushed; None where it says that nothing is known yet.

    Raises BadReport where it is not signed with the secret, not of now, or not understood.
    """
    name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise BadReport("webhook-timestamp must be seconds since 1970")
    try:
        signed = signature(secret, name, int(stamp), body)
    except (binascii.Error, UnicodeEncodeError):
        raise BadReport("webhook-id must be text") from None
    given = headers.get("webhook-signature", "").split(" ")
    if not any(hmac.compare_digest(signed.encode(), one.encode()) for one in given):
        raise BadReport("the report is not signed with the gateway's secret")
    if abs(now_utc_ms / 1000 - int(stamp)) > REPORT_SLACK_S:
        raise BadReport(f"the report must be signed within {REPORT_SLACK_S} s of now")
    try:
        said = _Said.model_validate(json.loads(body))
    except (ValueError, ValidationError) as error:
        raise BadReport(f"the report is not understood: {type(error).__name__}") from None
    if said.status == "unknown":
        return None
    return Report(said.status, said.id, said.message, said.code)
