"""Bytes from outside into the readers of configurations and of exported packets, for a stated time.

Hypothesis makes them: chance bytes, YAML's own signs in any order, and good files with some bytes
changed. Each is read, or refused as the reader says that it refuses; any other exception is a
fault, and so is memory that grows. A trial is a second.
"""

import random
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from central import config as central_config
from central import config_file as central_config_file
from central.firelane_verify import verify
from edge import config as edge_config
from edge import config_file as edge_config_file
from scripts.faults_lab.invariant import Verdict
from scripts.faults_lab.outcome import Outcome, Scenario
from scripts.faults_lab.site import ROOT
from tests.exported import export

MOST_MB = 256
"""What the process may grow by, Hypothesis included."""
SIGNS = "{}[]:,&*!|>-#%@`'\"?~<=\n\t \\x00aZ019.eé汉"
Read = Callable[[bytes], object]


@cache
def packet() -> bytes:
    return export(1).raw


def spoilt(good: bytes) -> st.SearchStrategy[bytes]:
    """A good file with up to eight bytes changed, and perhaps its end cut off."""
    change = st.tuples(st.integers(0, len(good) - 1), st.integers(0, 255))

    def apply(changes: list[tuple[int, int]], end: int) -> bytes:
        content = bytearray(good)
        for at, value in changes:
            content[at] = value
        return bytes(content[:end])

    ends = st.just(len(good)) | st.integers(0, len(good))
    return st.builds(apply, st.lists(change, max_size=8), ends)


def yaml_bytes(good: bytes) -> st.SearchStrategy[bytes]:
    signs = st.text(st.sampled_from(SIGNS), max_size=400).map(str.encode)
    laughs = st.integers(1, 30).map(_laughs)
    return st.one_of(st.binary(max_size=2000), signs, spoilt(good), laughs)


def _laughs(depth: int) -> bytes:
    """A few lines that name 10^depth values."""
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, depth)]
    return "\n".join(lines).encode()


def reads(folder: Path) -> list[tuple[str, Read, st.SearchStrategy[bytes]]]:
    """Each reader with what it is given."""
    path = folder / "fuzzed.yaml"

    def edge_yaml(raw: bytes) -> None:
        path.write_bytes(raw)
        with suppress(edge_config_file.ConfigError):
            edge_config.load(path, {}, [])

    def central_yaml(raw: bytes) -> None:
        path.write_bytes(raw)
        with suppress(central_config_file.ConfigError):
            central_config.load(path, {})

    def archive(raw: bytes) -> None:
        assert raw == packet() or not verify(raw).passed, "passed"

    own = st.binary(max_size=3000) | spoilt(packet())
    good = {name: (ROOT / "configs" / name).read_bytes() for name in ("edge.yaml", "central.yaml")}
    return [
        ("edge.yaml", edge_yaml, yaml_bytes(good["edge.yaml"])),
        ("central.yaml", central_yaml, yaml_bytes(good["central.yaml"])),
        ("packet", archive, own),
    ]


def fuzz(_folder: Path, chance: random.Random, seconds: int) -> Outcome:
    """So many seconds, the readers in turn."""
    began, grown = time.monotonic(), _peak_mb()
    made, faults = 0, list[str]()
    with tempfile.TemporaryDirectory() as name:
        targets = reads(Path(name))
        while time.monotonic() - began < seconds:
            for what, read, strategy in targets:
                told, count = _round(what, read, strategy, chance.randint(1, 2**31))
                made, faults = made + count, faults + told
    mb = _peak_mb() - grown
    if mb > MOST_MB:
        faults.append(f"the process grew by {mb:.0f} MB")
    return Outcome(seconds, Verdict(made, 0, 0, 0, tuple(faults)), note=f"grew by {mb:.0f} MB")


def _round(
    what: str, read: Read, strategy: st.SearchStrategy[bytes], number: int
) -> tuple[list[str], int]:
    count = 0

    @seed(number)
    @settings(
        max_examples=100,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def one(raw: bytes) -> None:
        nonlocal count
        count += 1
        read(raw)

    try:
        one()
    except Exception as error:  # whatever it is, no reader may let it out
        return [f"{what}: {error!r}"[:300]], count
    return [], count


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


SCENARIOS = (Scenario("fuzzed YAML and packets, by seconds", fuzz, 2, 1800, 1800),)
