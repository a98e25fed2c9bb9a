"""The words of the pages, looked up by dotted key: one YAML file per language, and one more for
each part of the office that brings its own words (`locales/<language>/<part>.yaml`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

LOCALES = Path(__file__).parents[1] / "locales"
DEFAULT = "zh-CN"
LANGUAGES = (DEFAULT, "en")


def _flat(tree: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = str(value)
    return found


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All texts of one of LANGUAGES by dotted key. Raises ValueError for another language."""
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    found: dict[str, str] = {}
    for file in (LOCALES / f"{language}.yaml", *sorted((LOCALES / language).glob("*.yaml"))):
        words = _flat(yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader))
        assert not found.keys() & words.keys(), f"{file}: said twice"
        found |= words
    return found


@dataclass(frozen=True, slots=True)
class Texts:
    """One reader's language and time zone."""

    language: str
    zone: ZoneInfo

    def __call__(self, key: str, /, **values: object) -> str:
        """The text under `key`. Raises KeyError for a key that no catalogue has: our bug."""
        return catalogue(self.language)[key].format(**values)

    def known(self, family: str, name: str, /, **values: object) -> str:
        """The text of a name that a device or an operator may have chosen freely.

        A name without a text of its own is shown as it came: a newer device may say words that
        this server does not know yet.
        """
        text = catalogue(self.language).get(f"{family}.{name}")
        return name if text is None else text.format(**values)

    def hint(self, family: str, name: str) -> str:
        """As `known`, but empty where nothing is known."""
        return catalogue(self.language).get(f"{family}.{name}", "")

    def local(self, utc_ms: int) -> datetime:
        return datetime.fromtimestamp(min(utc_ms, 253_402_214_400_000) / 1000, UTC).astimezone(
            self.zone
        )

    def moment(self, utc_ms: int | None) -> str:
        return "—" if utc_ms is None else f"{self.local(utc_ms):%Y-%m-%d %H:%M:%S}"

    def short(self, utc_ms: int | None) -> str:
        """Day and minute, for lists; the year is left out."""
        return "—" if utc_ms is None else f"{self.local(utc_ms):%m-%d %H:%M}"

    def clock(self, utc_ms: int) -> str:
        return f"{self.local(utc_ms):%H:%M:%S}"

    def duration(self, ms: float) -> str:
        """Whole seconds in words: 16 分 20 秒, or 16 min 20 s."""
        seconds = int(ms // 1000)
        parts = (
            ("d", seconds // 86_400),
            ("h", seconds // 3600 % 24),
            ("min", seconds // 60 % 60),
            ("s", seconds % 60),
        )
        said = [self(f"unit.{unit}", n=count) for unit, count in parts if count]
        return " ".join(said[:2]) or self("unit.s", n=0)

    def size(self, count: float) -> str:
        for unit in ("B", "KB", "MB"):
            if count < 1024:
                return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
            count /= 1024
        return f"{count:.1f} GB"

    def per_mille(self, share: int) -> str:
        return f"{share / 10:.0f}%" if share % 10 == 0 else f"{share / 10:.1f}%"
