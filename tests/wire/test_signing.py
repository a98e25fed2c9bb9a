"""Envelopes: who signed which bytes, checked before anything is parsed."""

import base64
import json
from typing import Any

import pytest

from edge.wire.errors import BadEnvelope, BadSignature, Code, WireError
from edge.wire.examples import key
from edge.wire.limits import PACKET_BYTES, PAYLOAD_BYTES
from edge.wire.signing import Signer, key_id, open_envelope, pre_authentication_encoding

DEVICE = key("device")
KEYS = {DEVICE.key_id: DEVICE.key.public_key()}
TYPE = "application/x-test"


def refusal(raw: bytes, payload_type: str | None = TYPE) -> WireError:
    with pytest.raises(WireError) as caught:
        open_envelope(raw, KEYS, payload_type)
    return caught.value


def changed(raw: bytes, **fields: Any) -> bytes:
    return json.dumps({**json.loads(raw), **fields}).encode()


def resigned(raw: bytes, **fields: Any) -> bytes:
    return changed(raw, signatures=[{**json.loads(raw)["signatures"][0], **fields}])


def test_the_payload_comes_out_as_the_bytes_that_went_in() -> None:
    for payload in (b"", b"{}", b"\x00\xff", "车".encode(), b"x" * PAYLOAD_BYTES):
        opened = open_envelope(DEVICE.seal(TYPE, payload), KEYS, TYPE)

        assert (opened.payload, opened.payload_type, opened.key_id) == (
            payload,
            TYPE,
            DEVICE.key_id,
        )


def test_the_largest_payload_fits_a_packet() -> None:
    assert len(DEVICE.seal("application/" + "t" * 116, b"\xff" * PAYLOAD_BYTES)) <= PACKET_BYTES


def test_a_payload_over_the_limit_is_not_sealed() -> None:
    with pytest.raises(BadEnvelope) as caught:
        DEVICE.seal(TYPE, b"x" * (PAYLOAD_BYTES + 1))

    assert caught.value.code is Code.MESSAGE_TOO_LARGE


def test_lengths_in_the_encoding_count_bytes() -> None:
    assert pre_authentication_encoding("车", b"a b") == b"DSSEv1 3 \xe8\xbd\xa6 3 a b"


def test_the_key_id_is_the_start_of_the_hash_of_the_raw_key() -> None:
    raw = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # RFC 8032 §7.1
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(raw))

    assert key_id(public) == "21fe31dfa154a261626bf854046fd227"


def test_another_types_statement_is_not_taken_for_this_one() -> None:
    raw = DEVICE.seal("application/x-other", b"{}")

    assert refusal(raw).code is Code.PAYLOAD_TYPE_WRONG
    assert refusal(changed(raw, payloadType=TYPE)).code is Code.SIGNATURE_INVALID


def test_a_strangers_signature_counts_for_nothing() -> None:
    assert refusal(key("stranger").seal(TYPE, b"{}")).code is Code.KEY_UNKNOWN


def test_a_strangers_signature_under_a_known_name_does_not_fit() -> None:
    raw = key("stranger").seal(TYPE, b"{}")

    assert refusal(resigned(raw, keyid=DEVICE.key_id)).code is Code.SIGNATURE_INVALID


def test_an_algorithm_that_nobody_agreed_on_is_refused_before_the_key_is_used() -> None:
    raw = DEVICE.seal(TYPE, b"{}")

    for alg in ("none", "ED25519", "hs256", "ed25519ph"):
        assert refusal(resigned(raw, alg=alg)).code is Code.ALGORITHM_UNKNOWN


def test_one_good_signature_among_others_suffices() -> None:
    good = json.loads(DEVICE.seal(TYPE, b"{}"))
    other = json.loads(key("stranger").seal(TYPE, b"{}"))
    future = {"keyid": "0" * 32, "alg": "sm2-sm3", "sig": "AAAA"}
    both = {**good, "signatures": [future, *other["signatures"], *good["signatures"]]}

    assert open_envelope(json.dumps(both).encode(), KEYS, TYPE).key_id == DEVICE.key_id


def test_with_no_good_signature_the_first_ones_fault_is_told() -> None:
    raw = DEVICE.seal(TYPE, b"{}")
    signature = json.loads(raw)["signatures"][0]
    both = [{**signature, "sig": "AAAA"}, {**signature, "alg": "none"}]

    assert refusal(changed(raw, signatures=both)).code is Code.SIGNATURE_INVALID


def test_any_flipped_bit_of_payload_or_signature_is_seen() -> None:
    raw = DEVICE.seal(TYPE, b'{"a":1}')
    payload = base64.b64decode(json.loads(raw)["payload"])
    signature = base64.b64decode(json.loads(raw)["signatures"][0]["sig"])

    for bit in range(8 * len(payload)):
        bent = bytearray(payload)
        bent[bit // 8] ^= 1 << bit % 8
        assert (
            refusal(changed(raw, payload=base64.b64encode(bent).decode())).code
            is Code.SIGNATURE_INVALID
        )
    for bit in range(8 * len(signature)):
        bent = bytearray(signature)
        bent[bit // 8] ^= 1 << bit % 8
        assert (
            refusal(resigned(raw, sig=base64.b64encode(bent).decode())).code
            is Code.SIGNATURE_INVALID
        )


@pytest.mark.parametrize(
    "payload", ["e30", "e31=", "e30=\n", " e30=", "e30==", "e30=e30=", "_-8=", "é", "====", "e3 0="]
)
def test_base64_has_one_spelling(payload: str) -> None:
    raw = DEVICE.seal(TYPE, b"{}")

    assert refusal(changed(raw, payload=payload)).code is Code.ENVELOPE_MALFORMED


def test_a_signature_in_another_spelling_does_not_fit() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    raw = DEVICE.seal(TYPE, b"{}")
    sig = json.loads(raw)["signatures"][0]["sig"]
    spare = sig[:-3] + alphabet[alphabet.index(sig[-3]) | 1] + "=="

    assert base64.b64decode(spare) == base64.b64decode(sig)
    assert refusal(resigned(raw, sig=spare)).code is Code.SIGNATURE_INVALID


def test_a_key_that_stands_twice_makes_an_envelope_ambiguous() -> None:
    raw = DEVICE.seal(TYPE, b"{}")
    doubled = [
        raw[:-1] + b',"payload":"e30="}',
        raw.replace(b'"alg"', b'"alg":"none","alg"'),
        raw.replace(b'{"payloadType"', b'{"p\\u0061yload":"","payloadType"'),
    ]

    for twice in doubled:
        assert refusal(twice).code is Code.ENVELOPE_MALFORMED
        assert "twice" in refusal(twice).text


def test_refusals_say_nothing_that_breaks_a_log_line() -> None:
    raw = changed(DEVICE.seal(TYPE, b"{}"), **{"a\n\x1b[31m" + "x" * 9000: 1})

    assert refusal(raw).text.isprintable()
    assert len(refusal(raw).text) <= 300


def test_a_refused_signature_names_the_key_and_no_secret() -> None:
    error = refusal(resigned(DEVICE.seal(TYPE, b"{}"), sig="AAAA"))

    assert isinstance(error, BadSignature)
    assert DEVICE.key_id in error.text


def test_a_signer_shows_no_private_key_when_printed() -> None:
    secret = DEVICE.key.private_bytes_raw()
    shown = repr(Signer(DEVICE.key))

    assert secret.hex() not in shown
    assert repr(secret)[2:-1] not in shown
