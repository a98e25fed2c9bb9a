"""The server of a trial: the real parts from the broker to the database, without the staff pages.

usage: python -m scripts.faults_lab.office CONFIG
"""

import os
import signal
import sys
from functools import partial
from pathlib import Path
from threading import Event

from central import link
from central.clock import SystemClock
from central.config import load
from central.server import Rig, next_epoch

link.BACK_OFF_S = (0.1, 1.0)  # scaled, as the box's patience is


def main(config: Path) -> None:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    rig = Rig.open(load(config, os.environ), SystemClock())
    link.Link(rig.config.broker, rig.ingest, rig.clock, partial(next_epoch, rig.engine)).run(stop)
    rig.engine.dispose()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
