"""A document for the public: everything that leads to a person is covered. Pure.

    covered(content, words)

What the document itself knows as a name, number, address or plate is covered wherever it stands,
and so is whatever looks like one of these. Free words that somebody typed may say more ("the
teacher of the house opposite"), which no program finds: a person reads the copy before it goes out,
and may have more words covered.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from central.documents.content import Cell, Content
from central.documents.wording import short_name

PERSONS = (
    "party",
    "recipient",
    "witness",
    "first_reviewer",
    "second_reviewer",
    "proposer",
    "approver",
    "person",
    "second",
)
"""Values that are names."""
WHOLE = ("party_id", "party_address", "party_telephone", "service_place")
"""Values of which nothing stays."""
MARK = "公开版：当事人和执法人员的姓名、号牌、证件号码、电话和住址已依法隐去，图像已作模糊处理。"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(rf"([{_PROVINCES}使][A-Z])[·•.\s]?([A-Z0-9挂学警港澳领]{{4,7}}(?:应急)?)")
_LOOK_ALIKES = (
    re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])"),  # identity card
    re.compile(r"(?<![0-9A-Za-z])[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-Z]{10}(?![0-9A-Za-z])"),
    re.compile(r"(?<![0-9A-Za-z])1[3-9][0-9]{9}(?![0-9A-Za-z])"),  # mobile
    re.compile(r"(?<![0-9A-Za-z-])0[0-9]{2,3}-[0-9]{7,8}(?![0-9A-Za-z])"),
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
)
_SEPARATOR = "、"


def covered(content: Content, names: Sequence[str] = (), words: Sequence[str] = ()) -> Content:
    """`names` are people whom the case knows besides; `words` are covered whole."""
    cover = _coverer(content, names, words)
    return replace(
        content,
        kind=f"{content.kind}（公开版）",
        rows=[[(label, cover(value)) for label, value in row] for row in content.rows],
        text=[MARK, *(cover(paragraph) for paragraph in content.text)],
        lists=[
            (label, list(columns), [[cover(cell) for cell in line] for line in table])
            for label, columns, table in content.lists
        ],
        values={},
    )


def _coverer(content: Content, names: Sequence[str], words: Sequence[str]) -> Callable[[str], str]:
    whole = {*words, *_values(content, WHOLE)}
    people = {*names, *_values(content, PERSONS)}
    told = {word: "*" * len(word) for word in whole} | {name: short_name(name) for name in people}
    # The longest first: an address may hold a name.
    ordered = sorted((word for word in told if len(word) > 1), key=len, reverse=True)
    agency_phone = str(content.values.get("agency_telephone", ""))

    def cover(text: str) -> str:
        for word in ordered:
            text = text.replace(word, told[word])
        text = _PLATE.sub(lambda seen: f"{seen[1]}·{_middle(seen[2])}", text)
        for pattern in _LOOK_ALIKES:
            text = pattern.sub(
                lambda seen: seen[0] if seen[0] == agency_phone else "*" * len(seen[0]), text
            )
        return text

    return cover


def _middle(serial: str) -> str:
    return f"{serial[0]}{'*' * (len(serial) - 2)}{serial[-1]}"


def _values(content: Content, wanted: Sequence[str]) -> Iterator[str]:
    for name in wanted:
        value: Cell = content.values.get(name, "")
        if isinstance(value, str):
            parts = [value, *value.split(_SEPARATOR)] if name in PERSONS else [value]
            # An identity paper is printed with its kind before it.
            numbers = re.findall(r"[0-9A-Za-z]{6,}", value) if name == "party_id" else []
            yield from (part.strip() for part in (*parts, *numbers) if part.strip())
