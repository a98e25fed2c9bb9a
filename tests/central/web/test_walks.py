"""Whole cases, from two reviews to the archive, through the staff pages."""

from collections.abc import Iterator

import pytest

from central.cases import Money, Remedy, State
from tests.case_files import IN_FORCE
from tests.cashdesk import CashDesk, cash_desk
from tests.staff import Staff
from tests.stories import Teller
from tests.walks import PARTY, SERVED, SIMPLE, Walk, said


@pytest.fixture
def desk(staff: Staff) -> Iterator[CashDesk]:
    """The payment channel, and finance with its files."""
    with cash_desk(staff) as desk:
        yield desk


def test_who_overstays_and_pays_is_closed_and_archived(
    staff: Staff, teller: Teller, desk: CashDesk
) -> None:
    walk = Walk.begun(staff, teller)
    walk.to_served()
    desk.bill()
    assert (walk.state(), walk.case.money) == (State.PAYABLE, Money.BILLED)

    desk.pay(10_000)
    assert walk.state() is State.PAYABLE
    desk.bring_statement()
    assert (walk.state(), walk.case.money) == (State.PAID, Money.PAID)
    walk.act("chen", "close", outcome="罚款已全部缴清")
    walk.act("chen", "archive")

    assert walk.state() is State.ARCHIVED
    assert walk.kinds() == [
        "审核记录",
        "审核记录",
        "查询记录",
        "立案审批表",
        "立案审批表",
        "询问/确认笔录",
        "行政处罚告知书",
        "送达回证",
        "行政处罚决定书",
        "送达回证",
        "送达回证",
        "缴款通知",
        "电子票据",
        "结案审批表",
        "卷宗目录",
    ]
    assert walk.content("行政处罚决定书").number == "示北消罚决字〔2026〕第0001号"
    assert "当事人在告知的期限内未提出陈述和申辩。" in walk.content("行政处罚决定书").to_json()


def test_a_disputed_decision_is_revoked_and_the_money_goes_back(
    staff: Staff, teller: Teller, desk: CashDesk
) -> None:
    walk = Walk.begun(staff, teller)
    walk.to_notified()
    walk.act("wang", "make-statement", statement="当时在抢救病人。")
    walk.sign("li")
    barred = walk.try_act("wang", "recheck", grounds="未提交证明材料", amount="100")
    raised = walk.try_act("zhao", "recheck", grounds="未提交证明材料", amount="100.01")
    walk.act("zhao", "recheck", grounds="未提交证明材料", amount="80")
    walk.act("sun", "review-legality", grounds="事实清楚，程序合法。")
    hasty = walk.try_act("chen", "decide")
    walk.pass_days(8)
    walk.act("chen", "decide")
    walk.act("qian", "begin-service", **SERVED)
    walk.act("qian", "prove-service", **SERVED)
    desk.bill()
    desk.pay(8_000)
    desk.bring_statement()
    assert walk.state() is State.PAID
    walk.act("chen", "revoke", grounds="急救记录证明当时正在抢救病人。")
    open_refund = walk.try_act("chen", "close", outcome="已撤销")
    desk.bill()
    desk.send_back(8_000)
    desk.bring_statement()
    walk.act("chen", "close", outcome="决定已撤销，罚款已退还")

    assert (barred.status_code, raised.status_code) == (409, 409)
    assert "金额高于告知的金额" in said(raised)
    assert "陈述申辩的期限还没有届满" in said(hasty)
    assert "还有已缴款项没有退还" in said(open_refund)
    assert "80.00" in walk.content("行政处罚决定书").to_json()
    assert (walk.state(), walk.case.money) == (State.CLOSED, Money.REFUNDED)


def test_an_overdue_fine_grows_is_demanded_and_goes_to_court(
    staff: Staff, teller: Teller, desk: CashDesk
) -> None:
    walk = Walk.begun(staff, teller)
    walk.to_served()
    desk.bill()
    walk.pass_days(14)
    assert walk.state() is State.PAYABLE
    walk.pass_days(6)
    assert walk.state() is State.OVERDUE
    walk.act("chen", "demand")
    early = walk.try_act("chen", "apply-to-court")
    walk.received("qian", "demand")
    walk.pass_days(30)
    still = walk.try_act("chen", "apply-to-court")
    walk.pass_days(170)
    page = walk.page("chen")
    walk.act("chen", "apply-to-court")

    assert "等待的时限还没有届满" in said(early)
    assert "复议、诉讼期限没有届满" in said(still)
    assert "应缴（元） 200.00" in said(page)
    assert walk.state() is State.IN_COURT
    assert "共计200.00元" in walk.content("强制执行申请书").to_json()


def test_the_simple_procedure_ends_on_the_spot_and_reconsideration_comes_first(
    staff: Staff, teller: Teller, desk: CashDesk
) -> None:
    walk = Walk.begun(staff, teller, SIMPLE)
    walk.to_filed()
    walk.act("wang", "identify-party", **PARTY)
    walk.sign("li")
    unheard = walk.try_act("wang", "decide-on-the-spot")
    walk.act("wang", "decide-on-the-spot", heard="yes")
    walk.act("qian", "begin-service", **SERVED)
    walk.act("qian", "prove-service", **SERVED)
    desk.bill()
    suit = walk.try_act("wang", "file-suit", express="yes")
    walk.act("wang", "file-reconsideration")
    walk.act(
        "sun",
        "decide-reconsideration",
        outside_agency="示例区人民政府",
        outside_number="示政复〔2026〕1号",
        grounds="维持原决定。",
    )
    walk.act("wang", "file-suit")

    assert unheard.status_code == 422
    assert "应当先申请行政复议" in said(suit)
    assert "未经行政复议不能直接提起行政诉讼" in walk.content("当场行政处罚决定书").to_json()
    assert (walk.state(), walk.case.remedy) == (State.PAYABLE, Remedy.SUING)


def test_the_ordinary_pack_knows_no_decision_on_the_spot(staff: Staff, teller: Teller) -> None:
    walk = Walk.begun(staff, teller)
    walk.to_filed()
    walk.act("wang", "identify-party", **PARTY)
    walk.sign("li")

    assert "裁量规则不适用简易程序" in walk.page("wang").text
    assert walk.try_act("wang", "decide-on-the-spot", heard="yes").status_code == 409


def test_a_reconsideration_that_revokes_is_entered_by_the_legal_reviewer(
    staff: Staff, teller: Teller
) -> None:
    walk = Walk.begun(staff, teller)
    walk.to_served()
    walk.act("sun", "file-reconsideration")
    letter = {
        "outside_agency": "示例区人民政府",
        "outside_number": "示政复〔2026〕2号",
        "grounds": "事实不清，证据不足。",
    }
    walk.act("sun", "decide-reconsideration", **letter)
    walk.act("sun", "revoke", grounds="复议机关撤销原决定。")
    walk.act("chen", "close", outcome="决定已撤销")

    assert (walk.state(), walk.case.remedy) == (State.CLOSED, Remedy.RECONSIDERED)


def test_a_remedy_after_its_time_is_not_taken(staff: Staff, teller: Teller) -> None:
    walk = Walk.begun(staff, teller)
    walk.to_served()
    walk.pass_days(65)

    late = walk.try_act("sun", "file-reconsideration")
    walk.act("sun", "file-suit")

    assert "申请期限已过" in said(late)
    assert walk.case.remedy is Remedy.SUING


def test_a_lane_in_its_warning_phase_leads_to_no_case(staff: Staff, teller: Teller) -> None:
    """The control is every other walk: the same pack with the phase over."""
    walk = Walk.begun(staff, teller, IN_FORCE)
    walk.to_owner()

    answer = walk.try_act("wang", "propose-filing")

    assert answer.status_code == 409
    assert "只提醒不处罚的阶段" in said(answer)


def test_service_by_public_notice_needs_the_other_ways_and_thirty_days(
    staff: Staff, teller: Teller
) -> None:
    walk = Walk.begun(staff, teller)
    walk.to_decided()
    walk.act("qian", "begin-service", **SERVED)
    failed = {"service_place": "望江花园 3 幢", "service_result": "无人应答"}
    walk.act("qian", "try-service", way="直接送达", **failed)
    early = walk.try_act("chen", "announce")
    walk.act("qian", "try-service", way="邮寄送达", **failed)
    walk.act("chen", "announce")
    walk.pass_days(29)
    assert walk.state() is State.ANNOUNCED
    walk.pass_days(4)

    assert "直接送达和邮寄送达还没有都试过" in said(early)
    assert walk.state() is State.SERVED
    assert "张**" in walk.content("公告").to_json()
    assert "张小明" not in walk.content("公告").to_json()


def test_leaving_a_document_needs_a_witness(staff: Staff, teller: Teller) -> None:
    walk = Walk.begun(staff, teller)
    walk.to_decided()
    walk.act("qian", "begin-service", **SERVED)
    left = {**SERVED, "way": "留置送达"}

    alone = walk.try_act("qian", "prove-service", **left)
    walk.act("qian", "prove-service", **left, witness="社区网格员 吴某")

    assert "送达凭据不完整" in said(alone)
    assert walk.state() is State.SERVED


def test_a_second_officer_may_refuse_and_the_first_may_take_back(
    staff: Staff, teller: Teller
) -> None:
    walk = Walk.begun(staff, teller)
    walk.to_filed()
    for name, state in (("li", "refused"), ("wang", "withdrawn")):
        walk.act("wang", "identify-party", **PARTY)
        assert walk.answer_signature(name, "drop").status_code == 303, state
    walk.act("wang", "identify-party", **PARTY)
    mine = walk.answer_signature("wang", "sign", own=True)

    assert mine.status_code == 409
    assert walk.state() is State.FILED
