"""The API keeps the contract that it publishes, whatever is sent: no 5xx, no undeclared answer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from central import sharing
from central.sharing import Scope
from tests.central.sharing.conftest import Town
from tests.office import NOW
from tests.stories import BLUE_PLATE, RED

LIMIT_S = 240


def test_schemathesis_finds_no_breach_of_the_contract(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.teller.arrive(town.teller.device("box-1", "望江花园", 1), RED, BLUE_PLATE)
    key = town.departments.add("fuzzer", "模糊测试", tuple(Scope), NOW)
    # The limit of requests a minute has a test of its own.
    monkeypatch.setattr(sharing, "MOST_A_MINUTE", 10**9)
    program = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [
            str(program),
            "run",
            f"{town.staff.address}/api/v1/openapi.json",
            "-H",
            f"Authorization: Bearer {key}",
            "--max-examples=25",
            "--seed=1",
            "--workers=1",
            "--generation-database=none",
        ],
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "7 selected" in done.stdout, done.stdout[-3000:]
