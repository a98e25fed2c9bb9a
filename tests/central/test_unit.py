"""The systemd unit of the central server is sound and tight."""

import subprocess
from pathlib import Path

UNIT = Path(__file__).parents[2] / "configs" / "systemd" / "firelane-central.service"


def test_the_unit_is_exposed_no_more_than_2_of_10() -> None:
    command = ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20"]

    judged = subprocess.run([*command, UNIT], capture_output=True, text=True)

    assert judged.returncode == 0, judged.stdout


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    copy = tmp_path / UNIT.name
    copy.write_text(text.replace(line, "ExecStart=/bin/true"), encoding="utf-8")

    checked = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)

    assert (checked.returncode, checked.stderr) == (0, "")
