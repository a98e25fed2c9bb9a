"""What only starting up needed is handed back, and everything goes on working."""

import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = """
import cv2, numpy as np
from edge import memory

def pages_mb():
    for line in open("/proc/self/status"):
        if line.startswith("RssFile:"):
            return int(line.split()[1]) / 1024

picture = np.random.default_rng(1).integers(0, 255, (360, 640, 3), dtype=np.uint8)
before = cv2.imencode(".jpg", picture)[1].tobytes()
held = pages_mb()
memory.{act}()
left = pages_mb()
after = cv2.imencode(".jpg", picture)[1].tobytes()
print(held, left, before == after)
"""


def measured(act: str) -> tuple[float, float, str]:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT.replace("{act}", act)],
        check=True,
        capture_output=True,
        text=True,
    )
    held, left, same = done.stdout.split()
    return float(held), float(left), same


@pytest.mark.skipif(not Path("/proc/self/smaps").is_file(), reason="needs Linux")
def test_pages_of_libraries_that_nobody_needs_now_are_handed_back_and_all_goes_on() -> None:
    held, left, same = measured("hand_back")
    control_held, control_left, _ = measured("keep_small")

    assert same == "True"
    assert left < held / 2
    assert control_left > control_held / 2
