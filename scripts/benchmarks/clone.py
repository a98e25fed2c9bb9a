"""How long a newcomer waits: an empty clone, then `scripts/demo --once`, to its end.

Package caches are as warm as this machine's; Debian packages count if they are missing.
"""

import subprocess
import tempfile
import time
from pathlib import Path

from scripts.benchmarks.table import Row, table
from scripts.demosite.plan import ROOT

LIMIT_S = 300.0


def measure(runs: int) -> str:
    seconds = [_once() for _ in range(runs)]
    return table([Row("`scripts/demo --once` from an empty clone", "s", seconds, LIMIT_S)])


def _once() -> float:
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "firelane"
        began = time.monotonic()
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        shared = ROOT.parent / "shared"
        if shared.is_dir():
            (Path(folder) / "shared").symlink_to(shared)
        subprocess.run([clone / "scripts" / "demo", "--once"], check=True, cwd=clone)
        return time.monotonic() - began
