"""Processes that die: the box and the server at every point of the path, the broker at random.

One site lives through many deaths. Each life of the box records a few packets more; when the
deaths are over, everything that was promised must have arrived.
"""

import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from scripts.faults_lab.proxy import Toxics, proxied
from scripts.faults_lab.site import ROOT, Site, Stuck, end, until

PER_LIFE = 2
"""Packets that each life adds."""
LIFE_S = 40.0
"""How long a process may take to come to its point before it is killed where it is."""
_NOT_ON_THE_PATH = {"stays_saved", "exhibits_remembered", "notice_kept"}
"""Points that need a camera or a notice; a box of the lab has neither."""


def points(package: str) -> list[str]:
    """The names of all trace points in a package's source."""
    found = {
        name
        for path in (ROOT / package).glob("*.py")
        for name in re.findall(r'\bpoint\(\s*"(\w+)"', path.read_text(encoding="utf-8"))
    }
    return sorted(found - _NOT_ON_THE_PATH)


def places(package: str, chance: random.Random, trials: int) -> Iterator[str]:
    """`point:n` for every point in turn; n is drawn, so that each is met early and late."""
    names = points(package)
    for trial in range(trials):
        yield f"{names[trial % len(names)]}:{chance.choice((1, 1, 2, 3))}"


def kill_box(site: Site, chance: random.Random, trials: int) -> None:
    """The box dies `trials` times."""
    site.start_office()
    made = 0
    for kill in places("edge", chance, trials):
        made += PER_LIFE
        site.start_box(made, kill)
        assert site.box is not None
        _watch(site, site.box, kill, partial(site.settled, made))
    _recover(site, made, lambda: site.start_box(made))


def kill_office(site: Site, chance: random.Random, trials: int) -> None:
    """The server dies `trials` times, while the box goes on."""
    made = 0
    for kill in places("central", chance, trials):
        made += PER_LIFE
        end(site.box)
        site.start_box(made)
        site.start_office(kill)
        assert site.office is not None
        _watch(site, site.office, kill, partial(site.settled, made))
    _recover(site, made, site.start_office)


def kill_broker(site: Site, chance: random.Random, trials: int) -> None:
    """The broker dies `trials` times at random, with Debian's stock persistence."""
    made = 0
    site.start_office()
    for _ in range(trials):
        made += PER_LIFE
        end(site.box)
        site.start_box(made)
        began, _ = site.outbox()
        until(partial(_grown, site, began), "the next packet")
        time.sleep(chance.uniform(0, 0.6))
        site.broker.kill()
        site.deaths["broker"] += 1
        time.sleep(chance.uniform(0, 0.3))
        site.broker.start()
    _recover(site, made, lambda: None)


def flaky_link(site: Site, chance: random.Random, trials: int) -> None:
    """A link on which connections are reset or fall silent, thin, slow and cut to pieces."""
    with proxied(site.broker.port, FLAKY, chance) as proxy:
        site.connect_to(proxy.port)
        site.start_office()
        for number in range(1, trials + 1):
            end(site.box)
            site.start_box(number * PER_LIFE)
            took = until(partial(site.settled, number * PER_LIFE), "the last receipt", 180)
            site.longest_recovery_s = max(site.longest_recovery_s, took)
        site.deaths.update(proxy.ended)


FLAKY = Toxics(latency_s=0.02, bytes_per_s=400_000, resets=0.3, silences=0.1, slices=0.05)
"""Thirty in a hundred connections are reset, ten fall silent without a word."""


def _watch(
    site: Site, process: "subprocess.Popen[bytes]", kill: str, settled: Callable[[], bool]
) -> None:
    """Until the process died at its point. Where it has nothing left to do that could bring it
    there, or takes too long, it is killed where it is."""
    began = time.monotonic()
    while process.poll() is None and time.monotonic() < began + LIFE_S:
        if settled():
            took = time.monotonic() - began
            site.longest_recovery_s = max(site.longest_recovery_s, took)
            break
        time.sleep(0.05)
    died = process.poll() == -signal.SIGKILL
    end(process)
    site.deaths[kill.split(":", maxsplit=1)[0] if died else "elsewhere"] += 1


def _grown(site: Site, before: int) -> bool:
    """The box has recorded one more."""
    return site.outbox()[0] > before


def _recover(site: Site, made: int, start: Callable[[], None]) -> None:
    """After the last death everything must arrive by itself. Raises Stuck."""
    start()
    took = until(lambda: site.settled(made), "the last receipt", 120)
    site.longest_recovery_s = max(site.longest_recovery_s, took)


BOX = "scripts.faults_lab.box"
BARE = "scripts.faults_lab.control bare"
QUEUE = "scripts.faults_lab.control queue"
Deaths = Callable[[Site, random.Random, int], None]
SCENARIOS: dict[str, tuple[Deaths, str]] = {
    "box killed at every point": (kill_box, BOX),
    "server killed at every point": (kill_office, BOX),
    "broker killed at random": (kill_broker, BOX),
    "link flaky": (flaky_link, BOX),
}


CONTROLS: dict[str, tuple[Deaths, str]] = {
    "no receipt (bare QoS 1), server killed": (kill_office, BARE),
    "no receipt (bare QoS 1), broker killed": (kill_broker, BARE),
    "paho's own queue, box killed": (kill_box, QUEUE),
}
"""These must lose packets: else the trials above show nothing."""


def run(name: str, folder: Path, seed: int, trials: int) -> Site:
    """One site through one scenario; what is left of it lies in `folder`."""
    deaths, box = {**SCENARIOS, **CONTROLS}[name]
    site = Site.open(folder)
    site.box_module = box
    try:
        deaths(site, random.Random(f"{seed} {name}"), trials)
    except Stuck as stuck:
        site.stuck = str(stuck)
    finally:
        site.close()
    return site
