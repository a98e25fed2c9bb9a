"""Random tampering with exported packets: every change is flagged, every clean packet passes.

`scripts/faults packets` makes a thousand of each.
"""

import random

import pytest

from central.firelane_verify import verify
from tests.exported import export
from tests.tampering import TAMPERS, Tamper, falsely_flagged, forge, survivors


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.__name__)
def test_each_way_of_tampering_is_flagged(tamper: Tamper) -> None:
    mine, other = export(1), export(2)
    for seed in range(6):
        raw = tamper(random.Random(seed), mine, other)

        assert raw != mine.raw
        assert not verify(raw, [mine.server.signer.key_id]).passed, seed


def test_a_hundred_random_changes_are_flagged() -> None:
    assert survivors(100, seed=6) == []


def test_ten_clean_packets_pass() -> None:
    assert falsely_flagged(10, first=100) == []


def test_without_a_trusted_key_a_forgers_own_packet_is_his_word_alone() -> None:
    """The control: what only the comparison of keys can show, the packet alone cannot."""
    mine = export(1)
    forged = forge(random.Random(1), mine, mine)

    assert verify(forged).passed
    assert not verify(forged, [mine.server.signer.key_id]).passed
