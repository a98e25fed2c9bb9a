"""A configuration that would cost without bound, or that YAML's reader breaks on, is refused."""

from pathlib import Path

import pytest

from central.config import Config as ServerConfig
from central.config_file import ConfigError as ServerError
from central.config_file import parse_model
from central.holidays import BadPlan, read_plan
from edge.config import load
from edge.config_file import ConfigError as EdgeError

BOMB = b"a0: &a0 [x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (i, i, b"*a%d, " % (i - 1) * 9) for i in range(1, 12)
)
REFUSED = {
    b"a: &a [*a]": "{path}:1: must be nested at most 24 deep",
    b"x: 2026-13-45": "{path}:1: x: cannot be read, got '2026-13-45'",
    b"x: !!int ''": "{path}:1: x: cannot be read, got ''",
    b"? [a, b]\n: c": "{path}:1: a key must be printable text",
    b"{a: " * 1000: "{path}: is not YAML that can be read; is it nested deeply?",
    BOMB: "must hold at most 20000 values",
    b"# 1\nx:\n" + b"[" * 20_000: "{path}:3: must have at most 1000 brackets open at once",
    b"x: " + b"{a: [" * 501: "{path}:1: must have at most 1000 brackets open at once",
}
IDS = ["loop", "date", "number", "key", "depth", "aliases of aliases", "brackets", "both kinds"]


@pytest.mark.parametrize("raw", REFUSED, ids=IDS)
def test_both_halves_say_why_a_file_is_refused(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "input.yaml"
    path.write_bytes(raw)
    said = REFUSED[raw].format(path=path)

    with pytest.raises(EdgeError) as edge:
        load(path, {})
    with pytest.raises(ServerError) as server:
        parse_model(ServerConfig, raw, path)

    assert said in edge.value.faults[0]
    assert said in server.value.faults[0]


def test_brackets_in_texts_and_comments_and_closed_ones_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "input.yaml"
    raw = b"# [{\n" * 250 + b"x: '" + b"[" * 490 + b"'\ny: [" + b"[], " * 5000 + b"]\n"
    path.write_bytes(raw)

    with pytest.raises(EdgeError) as edge:
        load(path, {})
    with pytest.raises(ServerError) as server:
        parse_model(ServerConfig, raw, path)

    assert any("y: unknown key" in fault for fault in server.value.faults)
    assert any("y: unknown key" in fault for fault in edge.value.faults)
    assert not [one for one in (*edge.value.faults, *server.value.faults) if "open at once" in one]


@pytest.mark.parametrize("raw", [b"x: 2026-13-45", b"{a: " * 1000], ids=["date", "depth"])
def test_a_calendar_that_cannot_be_read_is_refused(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "2027.yaml"
    path.write_bytes(raw)

    with pytest.raises(BadPlan, match="cannot be read"):
        read_plan(path)
