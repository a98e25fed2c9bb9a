"""Hours of one camera over RTSP: does the daemon's memory grow?

The whole site runs (broker over TLS, case server, edge daemon); a 1080p25 stream of the demo is
served over RTSP for ever, so that vehicles come, stand, are recorded, delivered, and leave, every
ninety seconds. Resident memory is read every ten seconds; the slope is that of the straight line
through the readings (least squares) after the first tenth, in which everything is met once.
"""

import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.benchmarks import streams
from scripts.benchmarks.site import resident_mb, stored
from scripts.demosite import plan
from scripts.demosite.processes import Processes
from scripts.demosite.site import Site, start, start_clean
from tests.rtsp_server import RtspServer

HOME = plan.ROOT / "var" / "bench-soak"
EVERY_S = 10.0
WARM_SHARE = 0.1
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Reading:
    """Resident memory at a time since the start, in MB, of the two that may grow."""

    t_s: float
    edge_mb: float
    central_mb: float


def measure(minutes: float) -> str:
    clip = streams.whole()
    layout = plan.Layout(HOME)
    start_clean(layout)
    lane = tuple(
        value for x, y in streams.lane() for value in (x * streams.SIZE[0], y * streams.SIZE[1])
    )
    readings: list[Reading] = []
    with ExitStack() as stack:
        server = stack.enter_context(RtspServer(clip))
        processes = stack.enter_context(Processes(layout.run / "logs"))
        site = start(layout, plan.scene(server.url, lane, None), processes)
        begin = time.monotonic()
        while (passed_s := time.monotonic() - begin) < minutes * 60:
            processes.check()
            central = next(child for child in processes.children if child.name == "central")
            readings.append(
                Reading(
                    passed_s,
                    resident_mb(site.edge.process.pid),
                    resident_mb(central.process.pid),
                )
            )
            _note(layout.home / "soak.csv", readings)
            time.sleep(EVERY_S)
        return "\n".join([*told(readings), _delivered(site)])


def told(readings: list[Reading]) -> list[str]:
    """The slopes, and the memory over time in a dozen rows."""
    kept = [one for one in readings if one.t_s >= WARM_SHARE * readings[-1].t_s]
    lines = ["| minutes | edge daemon, MB | case server, MB |", "| --: | --: | --: |"]
    for one in readings[:: max(1, len(readings) // SHOWN)]:
        lines.append(f"| {one.t_s / 60:.0f} | {one.edge_mb:.1f} | {one.central_mb:.1f} |")
    hours = (kept[-1].t_s - kept[0].t_s) / 3600
    edge = slope(kept, [one.edge_mb for one in kept])
    central = slope(kept, [one.central_mb for one in kept])
    lines.append("")
    lines.append(
        f"slope over {hours:.2f} h after {kept[0].t_s / 60:.0f} min: edge daemon "
        f"{edge:+.2f} MB an hour, case server {central:+.2f} MB an hour"
    )
    return lines


def slope(readings: list[Reading], values: list[float]) -> float:
    """MB an hour, by least squares."""
    hours = np.array([one.t_s for one in readings]) / 3600
    return float(np.polyfit(hours, np.array(values), 1)[0])


def _delivered(site: Site) -> str:
    kinds = Counter(record.kind.value for _, _, record in stored(site))
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"records stored by the server: {told or 'none'}"


def _note(path: Path, readings: list[Reading]) -> None:
    """The readings so far, so that a run that is cut short is not lost."""
    last = readings[-1]
    with path.open("w" if len(readings) == 1 else "a", encoding="ascii") as out:
        out.write(f"{last.t_s:.0f},{last.edge_mb:.2f},{last.central_mb:.2f}\n")
