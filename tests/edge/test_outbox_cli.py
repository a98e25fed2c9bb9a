"""`firelane-edge outbox` shows what waits and what was set aside, beside a running daemon."""

import hashlib
import json
from pathlib import Path

import pytest

from edge.__main__ import main
from tests.packets import UTC_MS, Box, jpeg, opened, put


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "edge.yaml"
    path.write_text(
        "device: {id: gate-1}\n"
        "broker: {host: localhost, ca: a, cert: b, key: c}\n"
        "keys: {signing_key: d, central_keys: [e]}\n"
        f"storage: {{dir: {tmp_path / 'box'}}}\n"
        "cameras: [{id: front, source: x.mp4, lanes: [{id: a, polygon: [[0,0],[1,0],[1,1]]}]}]\n"
    )
    return path


@pytest.fixture
def box(tmp_path: Path) -> Box:
    made = opened(tmp_path / "box")
    put(made.outbox, made.vault, 1, [jpeg(1, 30_000)])
    refused = put(made.outbox, made.vault, 2, [])
    name = hashlib.sha256(refused.envelope).hexdigest()
    made.outbox.refused(name, "message-invalid", "no such lane", UTC_MS)
    return made


def test_people_see_what_was_set_aside_and_why(
    config: Path, box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["outbox", "-c", str(config), "--state", "aside"])

    told = capsys.readouterr().out
    assert code == 0
    assert told.count("\n") == 1
    assert "message-invalid: no such lane" in told


def test_programs_get_one_json_line_a_record_newest_first(
    config: Path, box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["outbox", "-c", str(config), "--json"])

    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [(row["seq"], row["state"]) for row in rows] == [(2, "aside"), (1, "waiting")]
    assert rows[1]["size"] > 30_000


def test_without_an_outbox_it_says_so(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["outbox", "-c", str(config)])

    assert code == 1
    assert "there is none yet" in capsys.readouterr().err


def test_a_file_that_is_no_outbox_is_a_sentence(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "outbox.sqlite3").write_bytes(b"no database at all" * 100)

    code = main(["outbox", "-c", str(config)])

    assert code == 1
    assert "cannot read the outbox" in capsys.readouterr().err
