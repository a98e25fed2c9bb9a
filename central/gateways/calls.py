"""One HTTP call to a gateway: mutual TLS, limits on time and size, nothing personal in the log.

What a call says or brings (telephones, plates, tokens) is never logged, nor its address: only which
gateway, the method, the status and the time taken.

GatewayError
├── GatewayDown       nobody answers, or not now: the same call again later
├── GatewayRefused    this call will never be taken
└── BadAnswer         an answer that cannot be understood: somebody has to look
"""

import json
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

import httpx

from central.gateways.config import Http

MOST_BYTES = 256 * 1024
_SERVER_FAULT, _BAD_REQUEST, _TOO_MANY = 500, 400, 429
_NOT_NOW = frozenset({408, 425, _TOO_MANY})
log = logging.getLogger("central.gateways")
# httpx tells every address at INFO, and addresses hold plates and tokens.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


class GatewayError(Exception):
    """A gateway did not do what it was asked."""


class GatewayDown(GatewayError, ConnectionError):
    """Nobody answers, or not now: the same call again later."""


class GatewayRefused(GatewayError):
    """This call will never be taken. `code` is the gateway's word for why."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


class BadAnswer(GatewayError):
    """An answer that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> object:
        """Raises BadAnswer."""
        try:
            found: object = json.loads(self.body)
        except ValueError:
            raise BadAnswer(f"must answer JSON, got {len(self.body)} bytes of something") from None
        return found

    def fields(self) -> Mapping[str, object]:
        """Raises BadAnswer where the answer is no JSON object."""
        found = self.json()
        if not isinstance(found, dict):
            raise BadAnswer(f"must answer a JSON object, got a {type(found).__name__}")
        return found


class Caller:
    """Calls one gateway. Any thread may use it."""

    def __init__(self, name: str, http: Http) -> None:
        headers = {"user-agent": "firelane-central"}
        if http.token is not None:
            headers["authorization"] = f"Bearer {http.token.get_secret_value()}"
        self.name = name
        self._limit_s = http.timeout_s
        self._client = httpx.Client(
            base_url=http.url,
            headers=headers,
            timeout=http.timeout_s,
            verify=_tls(http),
            follow_redirects=False,
            trust_env=False,
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str = "",
    ) -> Answer:
        """One call. `body` goes as JSON; `key` lets the other side know a call that comes again.

        Raises GatewayDown or GatewayRefused.
        """
        sent = dict(headers or {}) | ({"idempotency-key": key} if key else {})
        began = perf_counter()
        try:
            with self._client.stream(
                method, path, json=body, params=query, headers=sent
            ) as response:
                content = self._whole(response, began)
        except httpx.HTTPError as error:
            # The error's own words may hold the address.
            fault = f"{self.name} not reached: {type(error).__name__}"
            log.warning("gateway=%s %s fault=%s", self.name, method, type(error).__name__)
            raise GatewayDown(fault) from None
        status, ms = response.status_code, (perf_counter() - began) * 1000
        log.info("gateway=%s %s status=%d ms=%.0f", self.name, method, status, ms)
        if status >= _SERVER_FAULT or status in _NOT_NOW:
            raise GatewayDown(f"{self.name} answered {status}")
        if status >= _BAD_REQUEST:
            raise GatewayRefused(f"{self.name} answered {status}", str(status))
        return Answer(status, content)

    def close(self) -> None:
        self._client.close()

    def _whole(self, response: httpx.Response, began: float) -> bytes:
        content = bytearray()
        for part in response.iter_bytes():
            content += part
            if perf_counter() - began > 2 * self._limit_s:
                raise GatewayDown(f"{self.name} answers too slowly")
            if len(content) > MOST_BYTES:
                raise GatewayDown(f"{self.name} answered more than {MOST_BYTES} bytes")
        return bytes(content)


def _tls(http: Http) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if http.ca is None else str(http.ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if http.cert is not None and http.key is not None:
        context.load_cert_chain(http.cert, http.key)
    return context
