"""An independent authority's word that a checkpoint of the log existed at a time (RFC 3161).

The server's own signature says who, and its own clock when; a time-stamping authority (TSA) says
when without us. Only the SHA-512 of the signed checkpoint leaves the house, so that plain http is
good enough: what comes back carries the authority's signature, and is checked against the roots
of the configuration before it is kept. Anybody can check it again with

    openssl ts -verify -data checkpoint.dsse -in timestamp.tsr -CAfile roots.pem

NoStamp    the authority cannot be reached, refuses, or answers something else; tried again later
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from sqlalchemy import Engine, select, update

from central import tables
from central.database import reading

MOST_BYTES = 256 * 1024
AT_ONCE = 10
"""Checkpoints of one round, after a time without the authority."""
_TYPES = {
    "content-type": "application/timestamp-query",
    "accept": "application/timestamp-reply",
}
log = logging.getLogger("central.stamps")
_TABLE = tables.checkpoint


class NoStamp(Exception):
    """There is no time stamp this time."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Where the authority is, and the root certificates that its signature must lead to."""

    url: str
    roots: Sequence[x509.Certificate]
    timeout_s: float = 10.0

    @classmethod
    def of(cls, url: str, roots: Path, timeout_s: float) -> "Authority":
        """`roots` is a PEM file with one or more certificates. Raises OSError or ValueError."""
        return cls(url, x509.load_pem_x509_certificates(roots.read_bytes()), timeout_s)

    def stamp(self, data: bytes) -> bytes:
        """The authority's whole response over `data`, checked. Raises NoStamp."""
        request = TimestampRequestBuilder(data, HashAlgorithm.SHA512).build()
        answer = _posted(self.url, request.as_bytes(), self.timeout_s)
        try:
            response = decode_timestamp_response(answer)
        except ValueError as error:
            raise NoStamp(f"{self.url} must answer a time stamp, got {error}") from None
        self._check(response, data, request.nonce)
        return answer

    def check(self, answer: bytes, data: bytes) -> None:
        """Whether a kept response is this authority's over `data`. Raises NoStamp."""
        try:
            self._check(decode_timestamp_response(answer), data, None)
        except ValueError as error:
            raise NoStamp(f"no time stamp: {error}") from None

    def _check(self, response: TimeStampResponse, data: bytes, nonce: int | None) -> None:
        builder = VerifierBuilder(roots=list(self.roots), nonce=nonce)
        try:
            builder.build().verify_message(response, data)
        except (VerificationError, ValueError) as error:
            raise NoStamp(f"{self.url} answered a time stamp that is not good: {error}") from None


def stamp_all(engine: Engine, stamp: Callable[[bytes], bytes]) -> int:
    """Time stamps for the newest checkpoints that have none; gives how many. Raises NoStamp at the
    first that fails: the others would too."""
    missing = select(_TABLE.c.day, _TABLE.c.envelope).where(_TABLE.c.time_stamp.is_(None))
    with reading(engine) as db:
        rows = db.execute(missing.order_by(_TABLE.c.day.desc()).limit(AT_ONCE)).all()
    for row in rows:
        token = stamp(row.envelope)  # outside of any transaction: it may take its time
        with engine.begin() as db:
            mine = (_TABLE.c.day == row.day) & _TABLE.c.time_stamp.is_(None)
            db.execute(update(_TABLE).where(mine).values(time_stamp=token))
        log.info("checkpoint stamped day=%s", row.day)
    return len(rows)


def _posted(url: str, body: bytes, timeout_s: float) -> bytes:
    try:
        with httpx.stream(
            "POST", url, content=body, headers=_TYPES, timeout=timeout_s, trust_env=False
        ) as response:
            if response.status_code != httpx.codes.OK:
                raise NoStamp(f"{url} answered {response.status_code}")
            found = bytearray()
            for part in response.iter_bytes():
                found += part
                if len(found) > MOST_BYTES:
                    raise NoStamp(f"{url} answered more than {MOST_BYTES} bytes")
            return bytes(found)
    except httpx.HTTPError as error:
        raise NoStamp(f"{url} not reached: {type(error).__name__}: {error}") from None
