"""The server of a trial: the real parts from the broker to the database, without the staff pages.

`main(CONFIG)` runs until SIGTERM.
"""

import os
import signal
from functools import partial
from pathlib import Path
from threading import Event

from central import link
from central.clock import SystemClock
from central.config import load
from central.server import Rig, next_epoch


def main(config: str) -> None:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    rig = Rig.open(load(Path(config), os.environ), SystemClock())
    link.Link(rig.config.broker, rig.ingest, rig.clock, partial(next_epoch, rig.engine)).run(stop)
    rig.engine.dispose()
