"""The AsyncAPI 3 description of the protocol, seen from the device, made from the catalog."""

import json
import re

from edge.wire.catalog import CATALOG, Entry
from edge.wire.limits import CHUNK_BYTES, CHUNKS_PER_EXHIBIT
from edge.wire.topics import DEVICE_ID_PATTERN, Kind, subscription

Value = str | int | bool | list["Value"] | dict[str, "Value"]
_BINDING = "0.2.0"
_SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"
_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_PARAMETERS: dict[str, Value] = {
    "device": {"description": f"The device's id, {DEVICE_ID_PATTERN}, as in its certificate's CN."},
    "code": {"description": "The alert's code, lower-case words joined by '-'."},
    "sha256": {"description": "SHA-256 of the whole exhibit, 64 lower-case hex digits."},
    "index": {"description": f"Number of the chunk, 0 to {CHUNKS_PER_EXHIBIT - 1}."},
}


def asyncapi_document() -> dict[str, Value]:
    """The whole document. Schemas are referred to by file, relative to `asyncapi.yaml`."""
    channels: dict[str, Value] = {}
    operations: dict[str, Value] = {}
    messages: dict[str, Value] = {}
    for entry in CATALOG:
        _add_channel(channels, _channel(entry), entry.topic, entry.name)
        messages[entry.name] = _message(entry)
        operations[entry.name] = _operation(entry)
    _add_channel(channels, "chunk", subscription(Kind.CHUNK, "{device}"), "chunk")
    messages["chunk"] = {
        "summary": f"A piece of an exhibit: raw bytes, {CHUNK_BYTES} of them but in the last one.",
        "contentType": "application/octet-stream",
    }
    operations["chunk"] = _says("send", "chunk", "chunk", 1, False)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "firelane",
            "version": "1.0.0",
            "description": "Signed evidence from the boxes at fire lanes to the central server. "
            "Seen from the device: it sends what goes up and receives what comes down.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "broker.example:8883",
                "protocol": "secure-mqtt",
                "protocolVersion": "5.0",
                "security": [{"type": "X509", "description": "The CN is the device's id."}],
            }
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _channel(entry: Entry) -> str:
    """`need`, `receipt` and `reject` share a topic, so they share a channel."""
    if entry.name == "central-state":
        return entry.name
    return entry.kind.replace("/", "-")


def _add_channel(channels: dict[str, Value], channel: str, address: str, message: str) -> None:
    if channel == "chunk":
        address = address.replace("+/+", "{sha256}/{index}")
    parameters = {name: _PARAMETERS[name] for name in re.findall(r"{(\w+)}", address)}
    fresh: dict[str, Value] = {"address": address, "messages": {}}
    if parameters:
        fresh["parameters"] = {**parameters}
    known = channels.setdefault(channel, fresh)
    assert isinstance(known, dict)
    assert isinstance(known["messages"], dict)
    known["messages"][message] = {"$ref": f"#/components/messages/{message}"}


def _message(entry: Entry) -> Value:
    """Of a signed message the envelope travels; the schema of its payload stands beside."""
    schema = "envelope" if entry.signed else entry.name
    message: dict[str, Value] = {
        "summary": entry.summary,
        "contentType": "application/json",
        "payload": {
            "schemaFormat": _SCHEMA_FORMAT,
            "schema": {"$ref": f"./schemas/{schema}.json"},
        },
    }
    if entry.signed:
        message["x-signed-payload-type"] = entry.model.PAYLOAD_TYPE
        message["x-signed-payload"] = {"$ref": f"./schemas/{entry.name}.json"}
    return message


def _operation(entry: Entry) -> Value:
    action = "send" if entry.sender == "device" else "receive"
    return _says(action, _channel(entry), entry.name, entry.qos, entry.retained)


def _says(action: str, channel: str, message: str, qos: int, retained: bool) -> Value:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
        "bindings": {"mqtt": {"qos": qos, "retain": retained, "bindingVersion": _BINDING}},
    }


def to_yaml(value: Value, margin: str = "") -> str:
    """Block-style YAML; scalars are written as JSON, which is YAML 1.2."""
    if isinstance(value, dict) and value:
        return "".join(
            f"{margin}{_key(name)}:{_under(part, margin)}" for name, part in value.items()
        )
    if isinstance(value, list) and value:
        return "".join(
            f"{margin}- {to_yaml(part, margin + '  ').lstrip(' ')}"
            if isinstance(part, dict | list)
            else f"{margin}- {json.dumps(part)}\n"
            for part in value
        )
    return f"{margin}{json.dumps(value)}\n"


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else json.dumps(name)


def _under(part: Value, margin: str) -> str:
    if isinstance(part, dict | list) and part:
        return "\n" + to_yaml(part, margin + "  ")
    return f" {json.dumps(part, ensure_ascii=False)}\n"
