"""`scripts/wire-docs`: write everything that can be derived from the models.

JSON Schemas, the AsyncAPI document, the examples in the README, and the golden vectors. All of it
is committed, so that a reader needs no Python; a test holds it current.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from edge.wire.asyncapi import asyncapi_document, to_yaml
from edge.wire.catalog import CATALOG, Entry
from edge.wire.examples import DEVICE, EXAMPLES, arrival, key
from edge.wire.golden import vector_files
from edge.wire.limits import CHUNK_BYTES
from edge.wire.signing import envelope_schema
from edge.wire.topics import chunk_topic

HERE = Path(__file__).parent
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Untitled(GenerateJsonSchema):
    """Titles that only repeat the name of the field say nothing."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def schema_text(model: type[BaseModel]) -> str:
    """The JSON Schema (2020-12) of a message. Rules between fields are told in its descriptions."""
    schema = model.model_json_schema(schema_generator=_Untitled)
    return _pretty({"$schema": _DIALECT, **schema})


def generated() -> Iterator[tuple[Path, str]]:
    """Path and text of every file that is derived."""
    for entry in CATALOG:
        yield HERE / "schemas" / f"{entry.name}.json", schema_text(entry.model)
    envelope = envelope_schema(_Untitled)
    yield HERE / "schemas" / "envelope.json", _pretty({"$schema": _DIALECT, **envelope})
    yield HERE / "asyncapi.yaml", to_yaml(asyncapi_document())
    for name, vectors in vector_files().items():
        yield HERE / "vectors" / name, _pretty(vectors)
    readme = HERE / "README.md"
    yield readme, with_examples(readme.read_text(encoding="utf-8"))


def with_examples(readme: str) -> str:
    """The README with every `<!-- example: NAME -->` block filled afresh.

    Raises ValueError for a message that has no block.
    """
    blocks = {entry.name: _example(entry) for entry in CATALOG}
    for name, block in {**blocks, "chunk": _chunk_example()}.items():
        begin, end = f"<!-- example: {name} -->\n", f"<!-- end: {name} -->"
        head, found, rest = readme.partition(begin)
        _, closed, tail = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"README.md must hold {begin.strip()!r} and {end!r}")
        readme = f"{head}{begin}{block}{end}{tail}"
    return readme


def _chunk_example() -> str:
    exhibit = arrival().exhibits[0]
    last = (exhibit.size - 1) // CHUNK_BYTES
    return (
        f"```\n{chunk_topic(DEVICE, exhibit.sha256, last)}\n```\n\n"
        f"carries bytes {last * CHUNK_BYTES:,} to {exhibit.size - 1:,} of the wide view above, "
        f"{exhibit.size - last * CHUNK_BYTES:,} of them, as they are. Chunks 0 to {last - 1} have "
        f"{CHUNK_BYTES:,} bytes each.\n"
    )


def _example(entry: Entry) -> str:
    message = EXAMPLES[entry.name]
    block = f"```json\n{_pretty(json.loads(message.to_bytes()))}```\n"
    if not entry.signed:
        return block
    payload = message.to_bytes()
    signer = key(entry.sender)
    envelope = json.loads(signer.seal(message.PAYLOAD_TYPE, payload))
    shown = {
        **envelope,
        "payload": f"(base64 of the {len(payload)} bytes of the compact form of the above)",
    }
    digest = hashlib.sha256(payload).hexdigest()
    return (
        f"{block}\nThe SHA-256 of its bytes is `{digest}`; its envelope, signed by the example key"
        f' "{entry.sender}":\n\n```json\n{_pretty(shown)}```\n'
    )


def _pretty(value: object) -> str:
    """Indented JSON with short lists and objects of numbers kept on one line."""
    return _lines(value, "") + "\n"


def _lines(value: object, margin: str) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + len(margin) <= 88 or not isinstance(value, dict | list):
        return flat
    inner = margin + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(name)}: {_lines(part, inner)}" for name, part in value.items()]
    else:
        parts = [_lines(part, inner) for part in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return opening + "\n" + ",\n".join(inner + part for part in parts) + f"\n{margin}{closing}"


def main() -> int:
    """Write what is out of date; with `--check`, only name it and return 1 if there is any."""
    stale = []
    for path, text in generated():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path.relative_to(HERE)))
            if "--check" not in sys.argv[1:]:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
    for name in stale:
        print(name)
    return 1 if stale and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    raise SystemExit(main())
