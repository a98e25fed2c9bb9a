"""Whole cases, from two reviews to the archive, through the staff pages."""

from central.cases import Money, Remedy, State
from tests.staff import Staff
from tests.stories import Teller
from tests.walks import Walk


def test_a_case_goes_from_two_reviews_to_a_served_decision(staff: Staff, teller: Teller) -> None:
    walk = Walk.begun(staff, teller)

    walk.to_served()

    assert (walk.case.main, walk.case.remedy, walk.case.money) == (
        State.SERVED,
        Remedy.NONE,
        Money.UNBILLED,
    )
    assert walk.kinds() == [
        "审核记录",
        "审核记录",
        "立案审批表",
        "立案审批表",
        "询问/确认笔录",
        "行政处罚告知书",
        "送达回证",
        "行政处罚决定书",
        "送达回证",
        "送达回证",
    ]
