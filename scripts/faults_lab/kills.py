"""Processes that die: the box and the server at every point of the path, the broker at random.

One site lives through many deaths. Each life of the box records a few packets more; when the
deaths are over, everything that was promised must have arrived.
"""

import random
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from scripts.faults_lab.box import images
from scripts.faults_lab.nursery import Life
from scripts.faults_lab.outcome import Outcome, Scenario
from scripts.faults_lab.proxy import Toxics, proxied
from scripts.faults_lab.site import PATIENT_S, POLL_S, ROOT, Site, Stuck, until

PER_LIFE = 3
"""Packets that each life adds."""
LIFE_S = 40.0
"""How long a process may take to come to its point before it is killed where it is."""
_NOT_ON_THE_PATH = {
    "stays_saved",
    "exhibits_remembered",
    "notice_kept",
    "notice_published",
    "notice_noted",
}
"""Points that need a camera or a notice (notices.py), of which these trials have neither."""


_ONCE = {"vault_opened", "outbox_recovered", "connecting", "connected", "central_heard", "online"}
"""Points that a life passes when it starts, and then no more."""


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
        name = names[trial % len(names)]
        yield f"{name}:{1 if name in _ONCE else chance.choice((1, 1, 2, 3))}"


def kill_box(site: Site, chance: random.Random, trials: int) -> None:
    """The box dies `trials` times, and starts again."""
    site.start_office()
    for kill in places("edge", chance, trials):
        site.grow(PER_LIFE)
        site.start_box(kill)
        assert site.box is not None
        watch(site, site.box, kill)
        site.recovered(site.start_box)
        site.box.kill()


def kill_office(site: Site, chance: random.Random, trials: int) -> None:
    """The server dies `trials` times, and starts again, while the box goes on."""
    site.start_box()
    for kill in places("central", chance, trials):
        site.grow(PER_LIFE)
        site.start_office(kill)
        assert site.office is not None
        watch(site, site.office, kill)
        site.recovered(site.start_office)
        site.office.kill()


def kill_broker(site: Site, chance: random.Random, trials: int) -> None:
    """The broker dies `trials` times at random, with Debian's stock persistence."""
    site.start_box()
    site.start_office()
    for _ in range(trials):
        began, _ = site.outbox()
        site.grow(PER_LIFE)
        until(partial(_grown, site, began), "the next packet")
        time.sleep(chance.uniform(0, 0.3))
        site.broker.kill()
        site.deaths["broker"] += 1
        time.sleep(chance.uniform(0, 0.3))
        site.recovered(site.broker.start)


def flaky_link(
    site: Site, chance: random.Random, trials: int, *, toxics: Toxics, impatient: bool
) -> None:
    """A link on which connections are reset or fall silent, thin, slow and cut to pieces."""
    with proxied(site.broker.port, toxics, chance) as proxy:
        site.connect_to(proxy.port, impatient=impatient)
        site.start_office()
        for _ in range(trials):
            site.grow(PER_LIFE)
            site.recovered(site.start_box, 6 * PATIENT_S)
            assert site.box is not None
            site.box.kill()
        site.deaths.update(proxy.ended)
        exhibits = sum(sum(map(len, images(n))) for n in range(1, site.target + 1))
        share = (proxy.bytes_up + proxy.bytes_down) / exhibits
        site.note = f"{share:.2f} bytes on the wire for each of the images"


FLAKY = Toxics(latency_s=0.02, bytes_per_s=400_000, resets=0.3, silences=0.1, slices=0.05)
"""Thirty in a hundred connections are reset, ten fall silent without a word."""
THIN = Toxics(latency_s=2.0, bytes_per_s=8_000, resets=0.3, silences=0.1, slices=0.05)
"""The same on 64 kbit/s, two seconds late each way. The waits are those of the field."""


def watch(site: Site, life: Life, kill: str) -> None:
    """Until it died at its point. Where it has nothing left to do that could bring it there, or
    takes too long, it is killed where it is."""
    limit = time.monotonic() + LIFE_S
    while life.alive and time.monotonic() < limit and not site.settled():
        time.sleep(POLL_S)
    died = life.killed
    life.kill()
    site.deaths[kill.split(":", maxsplit=1)[0] if died else "elsewhere"] += 1


def _grown(site: Site, before: int) -> bool:
    """The box has recorded one more."""
    return site.outbox()[0] > before


Deaths = Callable[[Site, random.Random, int], None]


def on_a_site(deaths: Deaths, box_mode: str = "") -> Callable[[Path, random.Random, int], Outcome]:
    """One site through `deaths`; what is left of it lies in the folder."""

    def run(folder: Path, chance: random.Random, trials: int) -> Outcome:
        site = Site.open(folder)
        site.box_mode = box_mode
        try:
            deaths(site, chance, trials)
        except Stuck as stuck:
            site.stuck = str(stuck)
        finally:
            site.close()
        return site.outcome(trials, site.note)

    return run


SCENARIOS = (
    Scenario("box killed at every point", on_a_site(kill_box), 3, 1000),
    Scenario("server killed at every point", on_a_site(kill_office), 3, 1000),
    Scenario("broker killed at random", on_a_site(kill_broker), 2, 500),
    Scenario("link flaky", on_a_site(partial(flaky_link, toxics=FLAKY, impatient=True)), 1, 50),
    Scenario(
        "link flaky, 64 kbit/s, 2 s late",
        on_a_site(partial(flaky_link, toxics=THIN, impatient=False)),
        0,
        20,
        10,
    ),
    Scenario(
        "no receipt (bare QoS 1), server killed",
        on_a_site(kill_office, "bare"),
        4,
        20,
        control=True,
    ),
    Scenario(
        "no receipt (bare QoS 1), broker killed",
        on_a_site(kill_broker, "bare"),
        4,
        20,
        control=True,
    ),
    Scenario("paho's own queue, box killed", on_a_site(kill_box, "queue"), 4, 20, control=True),
)
