"""Resident memory of the running daemon with one, two and three 1080p25 cameras over RTSP.

The demo from its begin to its end, looped, for every camera: vehicles come, stand, are recorded and
leave. The server is away, so what is recorded waits on the disk. Read every second, from when the
daemon has handed back what only starting needed.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import yaml

from scripts.benchmarks import streams
from scripts.benchmarks.site import resident_mb
from scripts.demosite import plan
from tests.mosquitto import running
from tests.rtsp_server import RtspServer

CAMERAS = (1, 2, 3)
SETTLED_S = 75.0
READ_S = 105.0
START_LIMIT_S = 120.0
DEVICE = "bench-memory"


def measure(settled_s: float = SETTLED_S, read_s: float = READ_S) -> str:
    """A row for each number of cameras."""
    clip = streams.whole()
    lines = ["| cameras | resident, MB (median) | most | more than with one less |"]
    lines.append("| --: | --: | --: | --: |")
    before: float | None = None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="firelane-memory-")))
        broker = stack.enter_context(running(folder / "broker"))
        broker.device(DEVICE)
        urls = [stack.enter_context(RtspServer(clip)).url for _ in range(max(CAMERAS))]
        for count in CAMERAS:
            config = folder / f"edge-{count}.yaml"
            config.write_text(_config(folder / str(count), broker.pki, broker.port, urls[:count]))
            readings = _readings(config, settled_s, read_s)
            middle = statistics.median(readings)
            more = "" if before is None else f"{middle - before:+.0f}"
            lines.append(f"| {count} | {middle:.0f} | {max(readings):.0f} | {more} |")
            print(lines[-1], flush=True)
            before = middle
    return "\n".join(lines)


def _config(storage: Path, pki: Path, port: int, urls: list[str]) -> str:
    cameras = [
        {"id": f"camera-{i}", "source": url, "lanes": [{"id": "lane", "polygon": streams.lane()}]}
        for i, url in enumerate(urls)
    ]
    names = {"ca": "ca.pem", "cert": f"{DEVICE}.pem", "key": f"{DEVICE}.key.pem"}
    return yaml.safe_dump(
        {
            "device": {"id": DEVICE},
            "broker": {"host": "127.0.0.1", "port": port}
            | {name: str(pki / file) for name, file in names.items()},
            "keys": {
                "signing_key": str(pki / f"{DEVICE}.signing.pem"),
                "central_keys": [str(pki / "central.signing.pub.pem")],
            },
            "storage": {"dir": str(storage), "quota_mb": 512},
            "cameras": cameras,
            "stays": dict(plan.scene(None, None, None).times),
        }
    )


def _readings(config: Path, settled_s: float, read_s: float) -> list[float]:
    with (config.with_suffix(".log")).open("wb") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "edge", "run", "-c", str(config)], stderr=log, cwd=streams.ROOT
        )
    try:
        _await_running(daemon, config.with_suffix(".log"))
        time.sleep(settled_s)
        readings = []
        for _ in range(round(read_s)):
            readings.append(resident_mb(daemon.pid))
            time.sleep(1)
        return readings
    finally:
        daemon.terminate()
        daemon.wait(30)


def _await_running(daemon: subprocess.Popen[bytes], log: Path) -> None:
    """Until its cameras run: on a busy machine the start takes as long as on a small one."""
    limit = time.monotonic() + START_LIMIT_S
    while "running cameras=" not in log.read_text(errors="replace"):
        if daemon.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"the daemon did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.2)
