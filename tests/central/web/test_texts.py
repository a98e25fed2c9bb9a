"""The words of the pages, in both languages."""

import re
import string
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from central.access import Role
from central.case_moves import STAGES
from central.cases import Action, State
from central.web.texts import DEFAULT, LANGUAGES, Texts, catalogue
from edge.wire.records import Ending, GapReason, Proof, RecordKind

ROOT = Path(__file__).parents[3] / "central"
ZH = Texts("zh-CN", ZoneInfo("Asia/Shanghai"))
EN = Texts("en", ZoneInfo("Asia/Shanghai"))
_KEY = re.compile(r"""\bt\(\s*["']([a-z_.]+)["']\s*[,)]""")
_FAMILY = re.compile(r"""\bt\.(?:known|hint)\(\s*["']([a-z_]+)["']""")


def used(pattern: re.Pattern[str]) -> set[str]:
    files = [*(ROOT / "templates").glob("*.html"), *(ROOT / "web").glob("*.py")]
    return {key for file in files for key in pattern.findall(file.read_text(encoding="utf-8"))}


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_that_a_page_uses_is_written(language: str) -> None:
    keys = used(_KEY)

    assert len(keys) > 150
    assert keys - set(catalogue(language)) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_family_that_a_page_asks_has_texts(language: str) -> None:
    families = {key.split(".")[0] for key in catalogue(language)}

    assert used(_FAMILY) - families == set()


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    chinese, english = (catalogue(language) for language in LANGUAGES)

    assert set(chinese) == set(english)
    assert {key for key in chinese if holes(chinese[key]) != holes(english[key])} == set()


@pytest.mark.parametrize(
    ("family", "names"),
    [
        ("state", State),
        ("stage", list(STAGES)),
        ("action", Action),
        ("role", Role),
        ("kind", RecordKind),
        ("gap", GapReason),
        ("proof", Proof),
        ("ending", Ending),
    ],
)
def test_every_name_of_the_contract_has_words(family: str, names: list[str]) -> None:
    assert {f"{family}.{name}" for name in names} - set(catalogue(DEFAULT)) == set()


def test_an_unknown_name_is_shown_as_it_came() -> None:
    assert ZH.known("state", "{0.__class__}") == "{0.__class__}"
    assert ZH.hint("hint", "new-alarm") == ""


@pytest.mark.parametrize(
    ("ms", "chinese", "english"),
    [
        (0, "0 秒", "0 s"),
        (999, "0 秒", "0 s"),
        (980_000, "16 分 20 秒", "16 min 20 s"),
        (3_600_000, "1 小时", "1 h"),
        (90_061_000, "1 天 1 小时", "1 d 1 h"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(ms: int, chinese: str, english: str) -> None:
    assert (ZH.duration(ms), EN.duration(ms)) == (chinese, english)


def test_times_are_those_of_the_office() -> None:
    assert ZH.moment(1_795_000_000_000) == "2026-11-18 19:06:40"
    assert ZH.moment(None) == "—"


def test_a_moment_far_outside_any_calendar_is_still_shown() -> None:
    assert ZH.moment(2**48) == ZH.moment(253_402_214_400_000)
