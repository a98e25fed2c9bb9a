"""A vehicle that comes back soon: one act, one fine, however many stays."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from central import inquiry, tables
from central.holidays import load
from central.returns import Returns, Stay, together
from tests.case_files import CaseFile, add_pack
from tests.device import SimulatedDevice
from tests.office import Office


def stay(number: int, begin: int, end: int) -> Stay:
    return Stay(UUID(int=number), f"{number}", "reminded", begin, end)


def others(stays: list[Stay], number: int) -> list[int]:
    return [one.case_id.int for one in together(stays, UUID(int=number), 300)]


@pytest.mark.parametrize(
    ("stays", "mine", "act"),
    [
        ([stay(1, 0, 1000)], 1, []),
        ([stay(1, 0, 1000), stay(2, 1300, 2000)], 1, [2]),
        ([stay(1, 0, 1000), stay(2, 1300, 2000)], 2, [1]),
        ([stay(1, 0, 1000), stay(2, 1301, 2000)], 1, []),
        ([stay(1, 0, 1000), stay(2, 1200, 2000), stay(3, 2300, 2500)], 1, [2, 3]),
        ([stay(1, 0, 1000), stay(2, 1200, 2000), stay(3, 2301, 2500)], 3, []),
        ([stay(1, 0, 5000), stay(2, 100, 200), stay(3, 5300, 6000)], 3, [1, 2]),
        ([stay(1, 0, 1000), stay(2, 1200, 2000)], 9, []),
    ],
)
def test_stays_are_one_act_while_no_pause_is_longer_than_the_pack_says(
    stays: list[Stay], mine: int, act: list[int]
) -> None:
    assert others(stays, mine) == act
    assert others(stays[::-1], mine) == act


@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 3000)), min_size=1, max_size=9))
def test_belonging_together_goes_both_ways(drawn: list[tuple[int, int]]) -> None:
    stays = [stay(n, begin, begin + lasts) for n, (begin, lasts) in enumerate(drawn, 1)]
    found = {one.case_id.int: set(others(stays, one.case_id.int)) for one in stays}

    assert all(mine in found[other] for mine, act in found.items() for other in act)


def two_stays(office: Office, device: SimulatedDevice, apart_ms: int) -> tuple[CaseFile, CaseFile]:
    """The same vehicle, overstaying twice in one lane."""
    add_pack(office)
    first, second = CaseFile.opened(office, device), CaseFile.opened(office, device)
    case = tables.case
    with office.engine.begin() as db:
        row = db.execute(case.select().where(case.c.id == first.case_id)).one()
        begin = row.begin_utc_ms + row.standing_ms + apart_ms
        mine = case.c.id == second.case_id
        db.execute(update(case).where(mine).values(begin_utc_ms=begin))
    return first, second


def fines_of(file: CaseFile) -> int:
    """How many fines stand against one for this case."""
    now = file.office.clock.utc_ms()
    with file.office.engine.connect() as db:
        return inquiry.read(db, file.case_id, "wang", now, load()).other_fines


def test_once_one_stay_of_an_act_is_decided_no_other_is_fined(
    office: Office, device: SimulatedDevice
) -> None:
    first, second = two_stays(office, device, 300_000)
    before = fines_of(first), fines_of(second)
    first.to_decided()

    assert before == (0, 0)
    assert (fines_of(first), fines_of(second)) == (0, 1)
    assert [one.case_id for one in Returns(office.engine).of(second.case_id)] == [first.case_id]


def test_who_comes_back_after_longer_may_be_fined_again(
    office: Office, device: SimulatedDevice
) -> None:
    first, second = two_stays(office, device, 301_000)
    first.to_decided()

    assert fines_of(second) == 0
    assert Returns(office.engine).of(second.case_id) == []


def test_another_lane_or_another_colour_is_another_act(
    office: Office, device: SimulatedDevice
) -> None:
    first, second = two_stays(office, device, 60_000)
    for changed in ({"lane": "lane-2"}, {"lane": "lane-1", "plate_colour": "yellow"}):
        with office.engine.begin() as db:
            mine = tables.case.c.id == second.case_id
            db.execute(update(tables.case).where(mine).values(**changed))
        assert Returns(office.engine).of(first.case_id) == []
