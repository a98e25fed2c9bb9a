"""What the law and the published rules give a party, and what a slip of the pen must not make."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from central import documents, inquiry, proofs
from central.act_forms import typed
from central.cases import Action, Guard, Role
from central.documents import defence
from central.documents.facts import NOTICE
from central.documents.wording import local
from central.holidays import load
from central.owner import parties
from central.owner.parties import Person
from central.owner_tables import party, statement
from central.papers import note_received
from central.web.texts import catalogue
from tests.case_files import IN_FORCE, CaseFile, add_pack
from tests.case_steps import TO_DECIDED, TO_FILED, TO_NOTIFIED, TO_PARTY, TO_PAYABLE, act
from tests.device import SimulatedDevice
from tests.office import Office

DAY_MS = 86_400_000
A, G = Action, Guard
WARNS = IN_FORCE.replace("until: 2027-01-01", "until: 2026-11-01")


def opened(office: Office, device: SimulatedDevice, pack: str = WARNS) -> CaseFile:
    add_pack(office, pack)
    return CaseFile.opened(office, device)


@pytest.fixture
def file(office: Office, device: SimulatedDevice) -> CaseFile:
    """A case whose notice was received today."""
    file = opened(office, device)
    file.name_party()
    file.walk(TO_NOTIFIED)
    receive(file)
    return file


def receive(file: CaseFile) -> None:
    now = file.office.clock.utc_ms()
    with file.office.engine.begin() as db:
        note_received(db, file.case_id, NOTICE, ("直接送达", local(now).date()), "x", now)


def missing(file: CaseFile, action: Action, role: Role, **fields: str) -> set[Guard]:
    """Conditions that neither the file nor the form shows; a declared ground or interest aside."""
    now = file.office.clock.utc_ms()
    with file.office.engine.connect() as db:
        known = inquiry.read(db, file.case_id, "officer-1", now, load())
    wanted = set(proofs.wanted(known.case, action, role))
    shown = proofs.proven(known, action, role, typed(fields))
    by_hand = {G.CERTIFIED, G.NO_CONFLICT, G.GROUNDS_GIVEN, G.DOCUMENT_COMPLETE, G.NOTICE_COMPLETE}
    return wanted - shown - by_hand


def say(file: CaseFile, kind: str, text: str, grounds: str = "other") -> UUID:
    made = uuid4()
    with file.office.engine.begin() as db:
        db.execute(
            insert(statement).values(
                id=made,
                case_id=file.case_id,
                form=made.hex,
                kind=kind,
                grounds=grounds,
                text=text,
                made_utc_ms=file.office.clock.utc_ms(),
            )
        )
    file.office.clock.now_utc_ms += 1000
    return made


def test_nothing_is_decided_before_the_time_to_speak_is_over_whatever_was_said(
    file: CaseFile,
) -> None:
    """Received on Wednesday 18 November 2026: five working days end with the 25th."""
    file.do(act(A.STATE, Role.PARTY))
    file.do(act(A.RECHECK, Role.OFFICER, "sun"))
    early = missing(file, A.DECIDE, Role.HEAD)
    more = missing(file, A.STATE, Role.PARTY)
    file.office.clock.now_utc_ms += 8 * DAY_MS
    late = missing(file, A.DECIDE, Role.HEAD)

    assert (early, more) == ({G.HEARING_OVER}, set())
    assert late == set()
    assert missing(file, A.STATE, Role.PARTY) == {G.TIME_TO_SPEAK}


def test_who_gives_up_the_rest_of_the_time_is_decided_about_at_once(file: CaseFile) -> None:
    file.do(act(A.STATE, Role.PARTY))
    file.do(act(A.RECHECK, Role.OFFICER, "sun"))
    file.do(act(A.WAIVE, Role.PARTY))
    waived = missing(file, A.DECIDE, Role.HEAD)
    file.do(act(A.STATE, Role.PARTY))
    file.do(act(A.RECHECK, Role.OFFICER, "sun"))

    assert waived == set()
    assert missing(file, A.DECIDE, Role.HEAD) == {G.HEARING_OVER}  # who speaks again takes it back


def test_a_time_that_never_began_is_never_over(office: Office, device: SimulatedDevice) -> None:
    file = opened(office, device)
    file.name_party()
    file.walk(TO_NOTIFIED)
    file.do(act(A.STATE, Role.PARTY))
    file.do(act(A.RECHECK, Role.OFFICER, "sun"))
    office.clock.now_utc_ms += 30 * DAY_MS

    assert missing(file, A.DECIDE, Role.HEAD) == {G.HEARING_OVER}


def test_a_reason_that_was_only_chosen_is_weighed_like_one_that_was_written(
    file: CaseFile,
) -> None:
    say(file, "not-me", "", "sold")
    file.do(act(A.STATE, Role.PARTY), statement="")
    file.do(act(A.RECHECK, Role.OFFICER, "sun"), statement="")

    assert file.content("陈述申辩笔录").values["statement"] == "【车辆已经卖出】"
    assert file.content("复核意见书").values["statement"] == "【车辆已经卖出】"


def test_the_recheck_answers_all_that_was_said_and_no_request_of_another_kind(
    file: CaseFile,
) -> None:
    say(file, "statement", "标线看不清。", "marking")
    say(file, "hearing", "另有证人。")
    say(file, "recusal", "赵强是我的邻居。", "")
    file.do(act(A.STATE, Role.PARTY))
    file.do(act(A.RECHECK, Role.OFFICER, "sun"), statement="")

    assert file.content("复核意见书").values["statement"] == (
        "【标线不清，或者画有停车位】标线看不清。\n另有证人。"
    )


def test_reasons_are_told_in_documents_as_the_page_offered_them() -> None:
    words = catalogue("zh-CN")

    assert dict(defence.GROUNDS) == {
        name: words[f"owner.grounds.{name}"] for name in defence.GROUNDS
    }


def test_a_request_for_a_hearing_makes_the_legal_review_compulsory(file: CaseFile) -> None:
    file.do(act(A.STATE, Role.PARTY))
    file.do(act(A.RECHECK, Role.OFFICER, "sun"))
    file.office.clock.now_utc_ms += 8 * DAY_MS
    before = missing(file, A.DECIDE, Role.HEAD)
    say(file, "hearing", "请求听证。")

    assert (before, missing(file, A.DECIDE, Role.HEAD)) == (set(), {G.LEGALITY_SETTLED})


@pytest.mark.parametrize("told", [True, False])
def test_the_notice_tells_of_the_hearing_where_the_law_gives_one(
    office: Office, device: SimulatedDevice, told: bool
) -> None:
    pack = WARNS.replace("# hearing_from_fen: 200000", f"hearing_from_fen: {10_000 + (not told)}")
    file = opened(office, device, pack)
    file.name_party()
    file.walk(TO_NOTIFIED)

    assert ("有权要求听证" in "".join(file.content(NOTICE).text)) is told


@pytest.mark.parametrize(
    ("yuan", "wrong"),
    [
        ("100.00", False),
        ("0.01", False),
        ("", False),
        ("100.01", True),
        ("10000", True),
        ("0", True),
    ],
)
def test_nobody_is_told_of_more_than_the_pack_allows_nor_of_nothing(
    office: Office, device: SimulatedDevice, yuan: str, wrong: bool
) -> None:
    file = opened(office, device)
    file.name_party()
    file.walk(TO_PARTY)

    assert missing(file, A.NOTIFY, Role.OFFICER, amount=yuan) == (
        {G.AMOUNT_NOT_RAISED} if wrong else set()
    )


def test_a_recheck_or_decision_of_nothing_is_none(file: CaseFile) -> None:
    file.do(act(A.STATE, Role.PARTY))
    recheck = missing(file, A.RECHECK, Role.OFFICER, amount="0")
    file.do(act(A.RECHECK, Role.OFFICER, "sun"))
    file.office.clock.now_utc_ms += 8 * DAY_MS

    assert recheck == {G.AMOUNT_NOT_RAISED}
    assert missing(file, A.DECIDE, Role.HEAD, amount="0.00") == {G.AMOUNT_NOT_RAISED}


@pytest.mark.parametrize(
    ("until", "wrong"),
    [
        ("2027-01-31", False),
        ("2028-11-17", False),
        ("2028-11-18", True),
        ("9999-12-31", True),
        ("2206-01-31", True),
        ("2026-11-18", True),
        ("2026-11-17", True),
    ],
)
def test_a_deferral_ends_in_sight(file: CaseFile, until: str, wrong: bool) -> None:
    file.walk(TO_DECIDED)
    file.walk(TO_PAYABLE)
    lacks = missing(file, A.DEFER, Role.HEAD, application="失业", until_day=until)

    assert lacks == ({G.DAY_IN_SIGHT} if wrong else set())


def test_who_applied_for_time_may_be_given_it_when_the_last_day_has_passed(file: CaseFile) -> None:
    file.walk(TO_DECIDED)
    file.walk(TO_PAYABLE)
    file.do(act(A.FALL_OVERDUE, Role.SYSTEM))
    fields = {"application": "失业", "until_day": "2027-01-31"}

    assert missing(file, A.DEFER, Role.HEAD, **fields) == set()


SPARES = WARNS.replace("first_offence_is_warned: false", "first_offence_is_warned: true")


def heard(file: CaseFile, name: str = "张小明") -> CaseFile:
    file.name_party(name)
    file.walk(TO_DECIDED[:-1])
    return file


@pytest.mark.parametrize("ruled", [A.DECIDE, A.SPARE])
def test_a_first_offence_is_spared_where_the_published_rules_say_so(
    office: Office, device: SimulatedDevice, ruled: Action
) -> None:
    first = heard(opened(office, device, SPARES))
    lacks = missing(first, A.DECIDE, Role.HEAD)
    spared = missing(first, A.SPARE, Role.HEAD)
    first.do(act(ruled, Role.HEAD))
    office.clock.now_utc_ms += DAY_MS
    second = heard(CaseFile.opened(office, device))

    assert (lacks, spared) == ({G.FIRST_SPARED}, set())
    assert missing(second, A.DECIDE, Role.HEAD) == set()


def test_where_the_rules_spare_nobody_a_first_offence_is_decided(file: CaseFile) -> None:
    file.do(act(A.WAIVE, Role.PARTY))

    assert missing(file, A.DECIDE, Role.HEAD) == set()


@pytest.mark.parametrize(
    ("profile", "said", "wrong"),
    [
        ("full-evidence", "", False),
        ("lead-only", "yes", False),
        ("lead-only", "", True),
        ("hand-over", "yes", True),
    ],
)
def test_a_record_of_a_device_leads_only_where_the_pack_lets_it(
    office: Office, device: SimulatedDevice, profile: str, said: str, wrong: bool
) -> None:
    """行政处罚法 art. 41: whether a camera's record is evidence, a law must say."""
    file = opened(office, device, WARNS.replace("profile: full-evidence", f"profile: {profile}"))
    file.walk(TO_FILED[:-2])
    lacks = missing(file, A.PROPOSE_FILING, Role.OFFICER, on_site=said)

    assert lacks == ({G.ROUTE_OPEN} if wrong else set())


def test_only_the_partys_own_consent_is_named_in_the_minutes(
    office: Office, device: SimulatedDevice
) -> None:
    file = opened(office, device)
    now = office.clock.utc_ms()
    with office.engine.begin() as db:
        holder = parties.add(db, file.case_id, Person("李明"), "register", now)
        known = parties.get(db, holder)
        assert known is not None
        parties.agree(db, known, "words", now)
    file.name_party()
    file.walk(TO_PARTY)
    before = file.content("询问/确认笔录").values
    with office.engine.begin() as db:
        mine = select(party.c.id).where(party.c.name == "张小明")
        own = parties.get(db, db.execute(mine).scalar_one())
        assert own is not None
        parties.agree(db, own, "words", now)
        after = documents.preview(db, file.case_id, "询问/确认笔录", now, {}).values

    assert "consent" not in before
    assert "同意通过案件网页电子送达" in str(after["consent"])
