"""What the device does when the server asks for something: a fixed list, each answered, signed.

A request is answered once; the same again, or one that has expired, changes nothing.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from edge.outbox import Outbox
from edge.wire.limits import TEXT_CHARS, TOMBSTONES_PER_RESPONSE
from edge.wire.replies import Operation, Request, Response, Tombstone
from edge.wire.signing import Signer

_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: a sentence, and facts by name."""

    ok: bool
    text: str
    facts: Mapping[str, str]


def refused(text: str) -> Answer:
    return Answer(False, text, {})


class Answers:
    """Answers requests. `operations` holds what the daemon can do besides sending again."""

    def __init__(
        self,
        device: str,
        signer: Signer,
        outbox: Outbox,
        operations: Mapping[Operation, Callable[[Request], Answer]],
    ) -> None:
        self._device = device
        self._signer = signer
        self._outbox = outbox
        self._operations = operations
        self._answered: OrderedDict[UUID, None] = OrderedDict()

    def answer(self, request: Request, utc_ms: int) -> list[bytes]:
        """Do what is asked; gives the signed responses, none for a request answered before.

        Raises StorageFault, and may then be asked again.
        """
        if request.request_id in self._answered:
            return []
        if utc_ms > request.expires_utc_ms:
            late_s = (utc_ms - request.expires_utc_ms) / 1000
            responses = [self._seal(request, refused(f"the request expired {late_s:.0f} s ago"))]
        elif request.records is not None:
            responses = self._resend(request)
        else:
            responses = [self._seal(request, self._perform(request))]
        self._answered[request.request_id] = None
        while len(self._answered) > _REMEMBERED:
            self._answered.popitem(last=False)
        return responses

    def _perform(self, request: Request) -> Answer:
        operation = self._operations.get(request.operation)
        if operation is None:
            able = ", ".join(sorted({*self._operations, Operation.RESEND}))
            return refused(f"this device cannot {request.operation}; it can {able}")
        return operation(request)

    def _resend(self, request: Request) -> list[bytes]:
        assert request.records is not None
        asked = request.records.last - request.records.first + 1
        gone = self._outbox.resend(request.records)
        answer = Answer(True, f"{asked - len(gone)} of {asked} records will be sent", {})
        groups = [
            gone[begin : begin + TOMBSTONES_PER_RESPONSE]
            for begin in range(0, max(1, len(gone)), TOMBSTONES_PER_RESPONSE)
        ]
        return [self._seal(request, answer, group) for group in groups]

    def _seal(
        self, request: Request, answer: Answer, tombstones: list[Tombstone] | None = None
    ) -> bytes:
        response = Response(
            v=1,
            device=self._device,
            request_id=request.request_id,
            ok=answer.ok,
            text=answer.text[:TEXT_CHARS],
            tombstones=tombstones or [],
            facts=dict(answer.facts),
        )
        return self._signer.seal(Response.PAYLOAD_TYPE, response.to_bytes())
