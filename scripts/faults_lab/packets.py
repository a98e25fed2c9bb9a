"""Exported packets that somebody tampered with, and clean ones: firelane-verify must flag all of
the former and none of the latter."""

import random
from pathlib import Path

from scripts.faults_lab.invariant import Verdict
from scripts.faults_lab.outcome import Outcome, Scenario
from tests.tampering import falsely_flagged, survivors


def tampered(_folder: Path, chance: random.Random, trials: int) -> Outcome:
    """So many changes, each way of tampering in turn; a fault is one that passes."""
    found = survivors(trials, chance.randint(1, 10**6))
    return Outcome(trials, Verdict(trials, 0, 0, 0, tuple(found)))


def clean(_folder: Path, chance: random.Random, trials: int) -> Outcome:
    """So many packets of cases of their own, as they are exported; a fault is one that fails."""
    found = falsely_flagged(trials, chance.randint(1, 10**6))
    return Outcome(trials, Verdict(trials, 0, 0, 0, tuple(found)))


def forged(_folder: Path, chance: random.Random, trials: int) -> Outcome:
    """Control: packets signed by a forger, where nobody compares the server's key."""
    found = survivors(trials, chance.randint(1, 10**6), trusting=False)
    return Outcome(trials, Verdict(trials, 0, 0, 0, tuple(found)))


SCENARIOS = (
    Scenario("packets tampered with", tampered, 0, 1000, 1000),
    Scenario("clean packets", clean, 0, 1000, 1000),
    Scenario("nobody compares the key, packets of a forger", forged, 0, 20, control=True),
)
