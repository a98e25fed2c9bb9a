"""What is derived from the models is current, and true."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft202012Validator

import edge.wire.generate as generate
from edge.wire.asyncapi import asyncapi_document
from edge.wire.catalog import CATALOG
from edge.wire.errors import Code, WireError
from edge.wire.examples import EXAMPLES, key
from edge.wire.fields import parse
from edge.wire.records import Record, lane_version
from edge.wire.signing import Signer, open_envelope, pre_authentication_encoding
from edge.wire.topics import parse_topic

WIRE = Path(generate.__file__).parent
README = (WIRE / "README.md").read_text(encoding="utf-8")
MODELS = {entry.name: entry.model for entry in CATALOG}


def vectors(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((WIRE / "vectors" / name).read_text(encoding="utf-8"))
    return found


def written(value: str | dict[str, Any]) -> bytes:
    """The text of a vector, put together from its parts where it was too long to stand whole."""
    if isinstance(value, str):
        return value.encode()
    return "".join(text * times for text, times in value["parts"]).encode()


def test_every_derived_file_is_current() -> None:
    stale = [
        path.name
        for path, text in generate.generated()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]

    assert stale == [], "run scripts/wire-docs"


def test_nothing_lies_beside_the_derived_files() -> None:
    derived = {path for path, _ in generate.generated()}
    lying = {path for folder in ("schemas", "vectors") for path in (WIRE / folder).iterdir()}

    assert lying - derived == set()


@pytest.mark.parametrize("name", MODELS)
def test_a_schema_is_valid_and_takes_the_example(name: str) -> None:
    schema = json.loads((WIRE / "schemas" / f"{name}.json").read_text(encoding="utf-8"))

    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(EXAMPLES[name].to_bytes()))


@pytest.mark.parametrize("name", MODELS)
def test_a_schema_refuses_an_unknown_key(name: str) -> None:
    schema = json.loads((WIRE / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    odd = {**json.loads(EXAMPLES[name].to_bytes()), "odd": 1}

    assert not Draft202012Validator(schema).is_valid(odd)


def test_the_envelope_schema_takes_every_envelope() -> None:
    schema = json.loads((WIRE / "schemas" / "envelope.json").read_text(encoding="utf-8"))

    Draft202012Validator.check_schema(schema)
    for vector in vectors("envelopes.json"):
        Draft202012Validator(schema).validate(json.loads(vector["envelope"]))


def test_the_yaml_says_what_the_document_says() -> None:
    text = (WIRE / "asyncapi.yaml").read_text(encoding="utf-8")

    assert yaml.safe_load(text) == asyncapi_document()


def references(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        own = [tree["$ref"]] if "$ref" in tree else []
        return own + [ref for part in tree.values() for ref in references(part)]
    return [ref for part in tree for ref in references(part)] if isinstance(tree, list) else []


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi_document()
    found = references(document)

    assert len(found) > 40
    for ref in found:
        if ref.startswith("./"):
            assert (WIRE / ref).is_file(), ref
            continue
        at: Any = document
        for step in ref.removeprefix("#/").split("/"):
            at = at[step]


def test_the_asyncapi_document_has_one_operation_for_every_message_and_the_chunk() -> None:
    operations = asyncapi_document()["operations"]
    assert isinstance(operations, dict)

    assert set(operations) == {*MODELS, "chunk"}


def blocks(name: str) -> list[Any]:
    section = re.search(f"<!-- example: {name} -->\n(.*?)<!-- end: {name} -->", README, re.DOTALL)
    assert section is not None
    return [json.loads(b) for b in re.findall(r"```json\n(.*?)```", section[1], re.DOTALL)]


@pytest.mark.parametrize("name", MODELS)
def test_the_example_in_the_readme_parses_as_its_message(name: str) -> None:
    shown = json.dumps(blocks(name)[0]).encode()

    assert parse(MODELS[name], shown) == EXAMPLES[name]


@pytest.mark.parametrize("entry", [e for e in CATALOG if e.signed], ids=lambda entry: entry.name)
def test_the_signature_in_the_readme_fits_the_compact_form_of_the_example(entry: Any) -> None:
    import base64

    message, envelope = blocks(entry.name)
    compact = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    whole = {**envelope, "payload": base64.b64encode(compact).decode()}
    signer = key(entry.sender)

    opened = open_envelope(
        json.dumps(whole).encode(),
        {signer.key_id: signer.key.public_key()},
        entry.model.PAYLOAD_TYPE,
    )

    assert opened.payload == compact
    assert opened.sha256 in README


def test_the_readme_names_every_topic_limit_and_code() -> None:
    for entry in CATALOG:
        topic = entry.topic.removeprefix("firelane/1/")
        topic = topic.replace("{device}", "<device>").replace("{code}", "<code>")
        row = next(line for line in README.splitlines() if line.startswith(f"| `{topic}`"))
        _, _, sender, message, qos, retained, signed, *_ = [c.strip() for c in row.split("|")]
        assert sender.startswith(entry.sender)
        assert f"(#{entry.name})" in message
        assert qos == str(entry.qos)
        assert (retained == "yes") is entry.retained
        assert bool(signed) is entry.signed
    assert [code for code in Code if f"`{code}`" not in README] == []


def test_golden_keys_are_what_their_seeds_give() -> None:
    for vector in vectors("keys.json"):
        signer = Signer(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["seed_hex"])))

        assert signer.key.public_key().public_bytes_raw().hex() == vector["public_hex"]
        assert signer.key_id == vector["keyid"]


def test_golden_encodings_lanes_and_topics_hold() -> None:
    for vector in vectors("pae.json"):
        body = bytes.fromhex(vector["body_hex"])
        assert pre_authentication_encoding(vector["type"], body).hex() == vector["pae_hex"]
    for vector in vectors("lanes.json"):
        width, height = vector["frame"]
        polygon = [(x, y) for x, y in vector["polygon"]]
        assert lane_version(vector["id"], (width, height), polygon) == vector["version"]
    for vector in vectors("topics.json"):
        if "code" in vector:
            with pytest.raises(WireError) as caught:
                parse_topic(vector["topic"])
            assert caught.value.code == vector["code"]
        else:
            address = parse_topic(vector["topic"])
            assert {"topic": vector["topic"], "device": address.device, "kind": address.kind} == {
                name: vector[name] for name in ("topic", "device", "kind")
            }
            assert (address.detail, address.sha256, address.index) == (
                vector.get("detail", ""),
                vector.get("sha256", ""),
                vector.get("index", 0),
            )


def test_golden_envelopes_open() -> None:
    found = vectors("envelopes.json")
    assert {vector["message"] for vector in found} == {e.name for e in CATALOG if e.signed}

    for vector in found:
        signer = key(vector["signer"])
        opened = open_envelope(
            vector["envelope"].encode(),
            {signer.key_id: signer.key.public_key()},
            vector["payload_type"],
        )
        assert opened.payload == vector["payload"].encode()
        assert opened.sha256 == vector["payload_sha256"]
        assert parse(MODELS[vector["message"]], opened.payload) == EXAMPLES[vector["message"]]


def test_golden_envelopes_that_are_bad_are_refused_with_their_code() -> None:
    signer = key("device")
    for vector in vectors("refused-envelopes.json"):
        with pytest.raises(WireError) as caught:
            open_envelope(
                written(vector["envelope"]),
                {signer.key_id: signer.key.public_key()},
                Record.PAYLOAD_TYPE,
            )
        assert caught.value.code == vector["code"], vector["what"]


def test_golden_payloads_that_are_bad_are_refused_with_their_code() -> None:
    for vector in vectors("refused-messages.json"):
        with pytest.raises(WireError) as caught:
            parse(MODELS[vector["message"]], written(vector["payload"]))
        assert caught.value.code == vector["code"], vector["what"]
