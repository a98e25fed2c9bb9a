"""JSON has one reading here: a key that stands twice in an object is refused.

Parsers disagree on which of two values counts, so a signed text with both would say one thing to
the server and another to a verifier.
"""

import json


class TwiceError(ValueError):
    """A key stands twice in one object."""


def refuse_doubled_keys(text: bytes) -> None:
    """Raises TwiceError naming the key. `text` must have passed a parser that bounds its depth."""
    json.loads(text, object_pairs_hook=_check)


def _check(pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise TwiceError(f"key {key[:64]!r} must not stand twice in one object")
        seen.add(key)
