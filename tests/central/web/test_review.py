"""Two officers, each alone: the review desk."""

from collections.abc import Sequence
from threading import Barrier, Thread

import pytest
from httpx import Client, Response
from sqlalchemy import select

from central import tables
from central.case_moves import RULES
from central.cases import IllegalMove
from central.events import check_log, lines, parse_payload
from central.review import (
    REVIEW_MS,
    Answer,
    Desk,
    Judgement,
    Point,
    Typed,
    asked_points,
    own_points,
)
from central.reviewing import AlreadyTyped
from central.views import Check
from tests.case_files import add_pack
from tests.staff import Staff, token
from tests.stories import BLUE_PLATE, RED, Teller
from tests.walks import SAW

HUMAN = ("in_lane", "clear", "same_vehicle", "obstructs", "not_exempt", "complete")
CLEAN = dict.fromkeys(HUMAN, "yes")


@pytest.fixture
def case(staff: Staff, teller: Teller) -> str:
    """A case that stands for review: reminded, and past its deadline."""
    add_pack(staff.office)
    gate = teller.device("gate-1", "望江花园", 1)
    teller.overstay(gate, teller.arrive(gate, RED, BLUE_PLATE))
    return str(staff.case_id())


def typed(client: Client, case: str, plate: str = "浙B12345") -> Response:
    csrf = token(client.get("/account"))
    return client.post(f"/review/{case}/plate", data={"csrf": csrf, "plate": plate, **SAW})


def judged(client: Client, case: str, **fields: str) -> Response:
    sent = {**CLEAN, "no_conflict": "yes", "csrf": token(client.get("/account")), **fields}
    return client.post(f"/review/{case}", data=sent)


def acts(staff: Staff) -> Sequence[str]:
    event = tables.case_event
    with staff.office.engine.connect() as db:
        check_log(lines(db))
        query = select(event.c.payload).where(event.c.type == "act").order_by(event.c.seq)
        lines_of_people = (parse_payload(text) for text in db.scalars(query))
        return [line["action"] for line in lines_of_people if line["role"] == "officer"]


def test_two_officers_pass_a_clean_case(staff: Staff, case: str) -> None:
    with staff.signed_in("wang") as first, staff.signed_in("li") as second:
        typed(first, case)
        one = judged(first, case)
        typed(second, case)
        two = judged(second, case)
        left = second.get("/review")

    assert one.headers["location"] == "/review?done=review"
    assert two.headers["location"] == "/review?done=review-again"
    assert "没有等待您审核的案件" in left.text
    assert acts(staff) == ["review", "review-again"]


def test_the_log_of_the_case_names_who_judged(staff: Staff, case: str) -> None:
    with staff.signed_in("wang") as client:
        typed(client, case)
        judged(client, case)
    with staff.signed_in("zhou") as client:
        page = client.get(f"/cases/{case}")

    assert '<strong>初审通过</strong> <span class="dim">王建国</span>' in page.text
    assert '<strong>盲录车牌</strong> <span class="dim">王建国</span>' in page.text


def test_before_typing_the_page_holds_no_reading_of_the_machine(staff: Staff, case: str) -> None:
    with staff.signed_in("wang") as client:
        queue = client.get("/review")
        before = client.get(f"/review/{case}")
        typed(client, case, "浙B12346")
        after = client.get(f"/review/{case}")

    for page in (queue, before):
        assert "12345" not in page.text
    assert "<span>12345</span>" in after.text
    assert "<span>12346</span>" in after.text


def test_who_saw_the_reading_first_cannot_review(staff: Staff, case: str) -> None:
    with staff.signed_in("wang") as client:
        client.get(f"/cases/{case}")
        staff.office.clock.now_utc_ms += 1
        page = client.get(f"/review/{case}")
        typed(client, case)
        refused = judged(client, case)
        queue = client.get("/review")

    assert "您不能审核本案" in page.text
    assert refused.status_code == 409
    assert "没有等待您审核的案件" in queue.text
    assert acts(staff) == []


def test_a_reviewer_cannot_review_the_same_case_again(staff: Staff, case: str) -> None:
    with staff.signed_in("wang") as client:
        typed(client, case)
        judged(client, case)
        again = judged(client, case)
        queue = client.get("/review")

    assert again.status_code == 409
    assert "had a part in this case" in again.text
    assert case not in queue.text
    assert acts(staff) == ["review"]


def test_a_plate_is_typed_once(staff: Staff, case: str) -> None:
    with staff.signed_in("wang") as client:
        typed(client, case, "浙B99999")
        again = typed(client, case)

    assert again.status_code == 409
    assert "以第一次录入为准" in again.text
    with pytest.raises(AlreadyTyped):
        staff.reviews.type_plate(staff.case_id(), Typed(staff.user("wang").id, None), 0)


@pytest.mark.parametrize("plate", ["", "浙B", "<script>", "浙B1234567890"])
def test_half_a_plate_is_not_taken(staff: Staff, case: str, plate: str) -> None:
    with staff.signed_in("wang") as client:
        page = typed(client, case, plate)

    assert page.status_code == 422
    assert "请录入完整的车牌" in page.text


def test_another_plate_than_the_machines_never_passes(staff: Staff, case: str) -> None:
    with staff.signed_in("wang") as client:
        typed(client, case, "浙B12346")
        refused = judged(client, case)
        answer = judged(client, case, grounds="车牌与识别结果不一致")

    assert refused.status_code == 409
    assert answer.headers["location"] == "/review?done=reject"


def test_any_point_that_is_not_a_yes_needs_grounds_and_ends_the_case(
    staff: Staff, case: str
) -> None:
    with staff.signed_in("wang") as client:
        typed(client, case)
        without = judged(client, case, clear="unsure")
        answer = judged(client, case, clear="unsure", grounds="标线磨损，无法辨认")

    assert without.status_code == 422
    assert 'name="clear" value="unsure" checked' in without.text
    assert answer.headers["location"] == "/review?done=reject"
    assert acts(staff) == ["reject"]


def test_the_second_officer_may_disagree(staff: Staff, case: str) -> None:
    with staff.signed_in("wang") as first, staff.signed_in("li") as second:
        typed(first, case)
        judged(first, case)
        typed(second, case)
        answer = judged(second, case, obstructs="no", grounds="消防车可以通过")

    assert answer.headers["location"] == "/review?done=disagree"
    assert acts(staff) == ["review", "disagree"]


def test_every_point_must_be_answered(staff: Staff, case: str) -> None:
    with staff.signed_in("wang") as client:
        typed(client, case)
        page = judged(client, case, same_vehicle="")

    assert page.status_code == 422
    assert "每一项都要回答" in page.text


def test_the_oldest_case_comes_first_and_the_next_follows(staff: Staff, teller: Teller) -> None:
    add_pack(staff.office)
    gate = teller.device("gate-1", "望江花园", 1)
    ids = []
    for _ in range(3):
        teller.overstay(gate, teller.arrive(gate, RED, BLUE_PLATE))
        staff.office.clock.now_utc_ms += 1000
        ids.append(str(staff.case_id()))
    person, now = staff.user("wang").id, staff.office.clock.utc_ms()

    with staff.signed_in("wang") as client:
        first = client.get("/review/next").headers["location"]
        typed(client, ids[0])
        judged(client, ids[0])
        second = client.get("/review/next").headers["location"]

    assert (first, second) == (f"/review/{ids[0]}", f"/review/{ids[1]}")
    assert [str(one.id) for one in staff.reviews.waiting(person, now, most=1)] == ids[1:2]
    assert [str(one.id) for one in staff.reviews.waiting(person, now)] == ids[1:]


def test_nobody_judges_without_declaring_no_interest(staff: Staff, case: str) -> None:
    with staff.signed_in("wang") as client:
        typed(client, case)
        page = judged(client, case, no_conflict="")

    assert page.status_code == 409
    assert acts(staff) == []


def test_after_five_days_nothing_is_reviewed(staff: Staff, case: str) -> None:
    with staff.signed_in("wang") as client:
        typed(client, case)
    staff.office.clock.now_utc_ms += REVIEW_MS
    with staff.signed_in("wang") as client:
        page = judged(client, case)
        queue = client.get("/review")

    assert page.status_code == 409
    assert case not in queue.text


def test_a_damaged_image_keeps_a_case_from_passing(staff: Staff, case: str) -> None:
    view = staff.office.lookup.case(staff.case_id())
    assert view is not None
    path = staff.office.blobs.path(view.records[0].record.exhibits[0].sha256)
    path.write_bytes(b"other")
    with staff.signed_in("wang") as client:
        typed(client, case)
        answer = judged(client, case, grounds="图片损坏，核验不通过")

    assert answer.headers["location"] == "/review?done=reject"


def test_a_stay_without_a_reminder_is_never_up_for_review(staff: Staff, teller: Teller) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    teller.deliver(gate.overstay(teller.arrive(gate, RED, BLUE_PLATE)))
    with staff.signed_in("wang") as client:
        queue = client.get("/review")
        page = client.get(f"/review/{staff.case_id()}")

    assert "没有等待您审核的案件" in queue.text
    assert "本案不在审核中" in page.text


def test_only_officers_come_to_the_desk(staff: Staff, case: str) -> None:
    for name in ("zhou", "root"):
        with staff.signed_in(name) as client:
            assert client.get("/review").status_code == 403
            assert typed(client, case).status_code == 403
            assert judged(client, case).status_code == 403


def test_two_officers_at_once_cannot_both_be_the_first(staff: Staff, case: str) -> None:
    view = staff.office.lookup.case(staff.case_id())
    assert view is not None
    people = [staff.user("wang").id, staff.user("li").id]
    now = staff.office.clock.utc_ms()
    for person in people:
        staff.reviews.type_plate(view.row.id, Typed(person, "浙B12345"), now)
    together, done = Barrier(2), []
    clean = Judgement({Point(name): Answer.YES for name in HUMAN}, "", True)

    def judge(person: str) -> None:
        together.wait()
        done.append(staff.reviews.judge(view, person, clean, now).value)

    threads = [Thread(target=judge, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == ["review", "review-again"]
    assert acts(staff) == ["review", "review-again"]
    with pytest.raises(IllegalMove):
        staff.reviews.judge(view, people[0], clean, now)


@pytest.mark.parametrize(
    ("typed_plates", "machine", "agree"),
    [
        (["浙B12345"], "浙B12345", True),
        (["浙B12345"], "浙B12346", False),
        (["浙B12345"], None, True),
        ([None], None, False),
        ([None], "浙B12345", False),
        (["浙B12345", "浙B12345"], None, True),
        (["浙B12345", "浙B12346"], "浙B12345", False),
        (["浙B12345", None], "浙B12345", False),
    ],
)
def test_every_reading_of_the_plate_must_agree(
    typed_plates: list[str | None], machine: str | None, agree: bool
) -> None:
    readings = [Typed(str(number), plate) for number, plate in enumerate(typed_plates)]
    desk = Desk(RULES.replay(()), (), machine, readings, False, 0)

    assert (own_points(desk, "0")[Point.PLATE] is Answer.YES) is agree


@pytest.mark.parametrize(("gaps", "asked"), [(True, False), (None, True), (False, False)])
def test_a_person_judges_gaps_that_were_bridged(gaps: bool | None, asked: bool) -> None:
    desk = Desk(RULES.replay(()), (Check("gaps", gaps, ""),), None, (), False, 0)

    assert (Point.COMPLETE in asked_points(desk, "0")) is asked
