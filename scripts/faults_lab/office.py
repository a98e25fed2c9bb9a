"""The server of a trial: the real parts from the broker to the database, without the staff pages.

`main(CONFIG)` runs until SIGTERM.
"""

import os
import signal
from functools import partial
from pathlib import Path
from threading import Event, Thread

from central import link
from central.clock import SystemClock
from central.config import load
from central.server import Rig, next_epoch
from central.watchdog import Watchdog
from scripts.faults_lab.reminding import FLAG, remind_all


def main(config: str) -> None:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    rig = Rig.open(load(Path(config), os.environ), SystemClock())
    made = link.Link(rig.config.broker, rig.ingest, rig.clock, partial(next_epoch, rig.engine))
    thread, watchdog = Thread(target=made.run, args=(stop,)), Watchdog(os.environ)
    thread.start()
    folder = Path(config).parent
    if (folder / FLAG).exists():
        Thread(target=remind_all, args=(rig, made, folder, stop), daemon=True).start()
    while not stop.wait(0.5) and thread.is_alive():
        watchdog.feed(made.turned_ms, rig.clock.mono_ms())
    thread.join()
    rig.engine.dispose()
