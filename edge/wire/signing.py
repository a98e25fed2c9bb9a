"""DSSE envelopes with Ed25519: the type and the exact bytes are signed, and checked before parsing.

Follows the DSSE protocol 1.0 (secure-systems-lab/dsse, protocol.md): the signature covers the
pre-authentication encoding `DSSEv1 SP len(type) SP type SP len(body) SP body`. Each signature also
names its algorithm, so that another (SM2, say) can be added beside Ed25519. Nothing is ever
re-serialised: who receives an envelope keeps its bytes.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.json_schema import GenerateJsonSchema

from edge.wire.errors import BadEnvelope, BadSignature, Code
from edge.wire.limits import PACKET_BYTES, PAYLOAD_BYTES
from edge.wire.strictjson import TwiceError, refuse_doubled_keys

ED25519 = "ed25519"


class _Signature(BaseModel):
    """One signature; `keyid` is the start of the hash of the public key."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    keyid: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    alg: Annotated[str, Field(min_length=1, max_length=32)]
    sig: Annotated[str, Field(min_length=1, max_length=1024)]


class _Envelope(BaseModel):
    """DSSE: the signed bytes and their type, with who signed them."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    payloadType: Annotated[str, Field(min_length=1, max_length=128)]  # noqa: N815  DSSE's own name
    payload: Annotated[str, Field(max_length=4 * (PAYLOAD_BYTES // 3 + 1))]
    signatures: Annotated[list[_Signature], Field(min_length=1, max_length=4)]


def envelope_schema(generator: type[GenerateJsonSchema]) -> dict[str, object]:
    """The JSON Schema of an envelope, for the documents."""
    return _Envelope.model_json_schema(schema_generator=generator)


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope whose signature holds: the exact payload bytes and who signed them."""

    payload: bytes
    payload_type: str
    key_id: str

    @property
    def sha256(self) -> str:
        """The name of the message: lower-case hex SHA-256 of the payload bytes."""
        return hashlib.sha256(self.payload).hexdigest()


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and its id."""

    key: Ed25519PrivateKey

    @property
    def key_id(self) -> str:
        return key_id(self.key.public_key())

    def seal(self, payload_type: str, payload: bytes) -> bytes:
        """The envelope, as compact JSON bytes. Raises BadEnvelope for too large a payload."""
        if len(payload) > PAYLOAD_BYTES:
            raise BadEnvelope(
                Code.MESSAGE_TOO_LARGE,
                f"payload must be at most {PAYLOAD_BYTES} bytes, got {len(payload)}",
            )
        signature = self.key.sign(pre_authentication_encoding(payload_type, payload))
        return (
            _Envelope(
                payloadType=payload_type,
                payload=base64.b64encode(payload).decode(),
                signatures=[
                    _Signature(
                        keyid=self.key_id, alg=ED25519, sig=base64.b64encode(signature).decode()
                    )
                ],
            )
            .model_dump_json()
            .encode()
        )


def key_id(key: Ed25519PublicKey) -> str:
    """The first 32 hex digits of the SHA-256 of the 32 raw public key bytes."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:32]


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """What is signed: DSSE's PAE over the type (UTF-8) and the body."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def open_envelope(
    raw: bytes, keys: Mapping[str, Ed25519PublicKey], payload_type: str | None = None
) -> Opened:
    """Check an envelope and give its payload, still unparsed.

    `keys` maps key ids to the keys that may sign here. With `payload_type`, no other type is taken.
    One good signature suffices; every other one is ignored.
    Raises BadEnvelope (not an envelope, too large, other type) or BadSignature.
    """
    envelope, payload = _parse(raw)
    if payload_type is not None and envelope.payloadType != payload_type:
        raise BadEnvelope(
            Code.PAYLOAD_TYPE_WRONG,
            f"payload type must be {payload_type!r}, got {envelope.payloadType!r}",
        )
    signed = pre_authentication_encoding(envelope.payloadType, payload)
    refusal: BadSignature | None = None
    for signature in envelope.signatures:
        try:
            _check(signature, signed, keys)
        except BadSignature as error:
            refusal = refusal or error
        else:
            return Opened(payload, envelope.payloadType, signature.keyid)
    assert refusal is not None
    raise refusal


def _parse(raw: bytes) -> tuple[_Envelope, bytes]:
    if len(raw) > PACKET_BYTES:
        raise BadEnvelope(
            Code.ENVELOPE_TOO_LARGE,
            f"envelope must be at most {PACKET_BYTES} bytes, got {len(raw)}",
        )
    try:
        envelope = _Envelope.model_validate_json(raw)
        refuse_doubled_keys(raw)
    except TwiceError as error:
        raise BadEnvelope(Code.ENVELOPE_MALFORMED, f"envelope: {error}") from None
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        if fault["type"] == "json_invalid":
            raise BadEnvelope(
                Code.ENVELOPE_NOT_JSON, f"envelope must be JSON: {fault['msg']}"
            ) from None
        where = ".".join(str(part)[:48] for part in fault["loc"]) or "as a whole"
        raise BadEnvelope(Code.ENVELOPE_MALFORMED, f"envelope {where}: {fault['msg']}") from None
    try:
        payload = _from_base64(envelope.payload)
    except ValueError:
        raise BadEnvelope(
            Code.ENVELOPE_MALFORMED, "envelope payload: must be standard base64"
        ) from None
    if len(payload) > PAYLOAD_BYTES:
        raise BadEnvelope(
            Code.MESSAGE_TOO_LARGE,
            f"payload must be at most {PAYLOAD_BYTES} bytes, got {len(payload)}",
        )
    return envelope, payload


def _from_base64(text: str) -> bytes:
    """Standard base64 (RFC 4648 §4) in its only spelling: bits that mean nothing must be 0.
    Raises ValueError."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not the only spelling")
    return data


_ALGORITHMS: frozenset[Literal["ed25519"]] = frozenset({"ed25519"})


def _check(signature: _Signature, signed: bytes, keys: Mapping[str, Ed25519PublicKey]) -> None:
    if signature.alg not in _ALGORITHMS:
        raise BadSignature(
            Code.ALGORITHM_UNKNOWN,
            f"algorithm must be one of {sorted(_ALGORITHMS)}, got {signature.alg!r}",
        )
    key = keys.get(signature.keyid)
    if key is None:
        raise BadSignature(Code.KEY_UNKNOWN, f"no key {signature.keyid} may sign here")
    try:
        key.verify(_from_base64(signature.sig), signed)
    except (InvalidSignature, ValueError):
        raise BadSignature(
            Code.SIGNATURE_INVALID,
            f"the signature of key {signature.keyid} does not fit the bytes",
        ) from None
