"""Whether a name and an ID number belong together, as the population register says."""

import re
from dataclasses import dataclass
from typing import Protocol

from central.gateways.calls import BadAnswer, Caller
from central.gateways.config import HttpIdentity

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_FORM = re.compile(
    r"[1-9][0-9]{5}(18|19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])[0-9]{3}[0-9X]"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says they are, in which case."""

    name: str
    id_number: str
    case: str


class IdentityGateway(Protocol):
    """Every call blocks and raises GatewayError."""

    def belongs(self, claim: Claim) -> bool:
        """Whether name and number belong together."""

    def close(self) -> None:
        """Let go of connections."""


def is_id_number(text: str) -> bool:
    """Whether a resident's ID number is well formed: 18 characters, the last one checks the others
    (GB 11643-1999). A number that is not is asked about nowhere."""
    if _FORM.fullmatch(text) is None:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    return _CHECKS[total % 11] == text[17]


class HttpIdentityGateway:
    """`POST /identities/check` over mutual TLS (central/gateways/README.md)."""

    def __init__(self, config: HttpIdentity) -> None:
        self._caller = Caller("identity", config)

    def belongs(self, claim: Claim) -> bool:
        body = {
            "name": claim.name,
            "id_number": claim.id_number,
            "purpose": "party",
            "case": claim.case,
        }
        answer = self._caller.call("POST", "/identities/check", body=body).fields()
        belongs = answer.get("belongs")
        if not isinstance(belongs, bool):
            raise BadAnswer("identity must answer whether they belong together")
        return belongs

    def close(self) -> None:
        self._caller.close()
