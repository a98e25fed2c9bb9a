"""The party's own acts on the page: to waive, to agree, to receive, to pay, to object."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from central import acting
from central.billing import Billing
from central.cases import Action, Role, State
from central.documents.press import print_pdf
from central.holidays import load
from central.owner import papers, parties
from central.owner.parties import Person
from central.owner_tables import service_consent, statement
from central.papers import ELECTRONIC, received
from central.web.texts import catalogue
from tests.case_files import CaseFile
from tests.case_steps import TO_DECIDED, TO_PARTY, act
from tests.owners import Owner, party_of, partys, state_of
from tests.staff import Staff, token


def test_a_statement_after_the_notice_is_the_act_and_makes_its_minutes(
    staff: Staff, file: CaseFile
) -> None:
    file.name_party()
    file.walk(TO_DECIDED[:-2])
    owner = partys(staff, file)
    with owner.inside() as client:
        owner.send(client, "statement", {"grounds": "marking", "text": "标线看不清。"})

    assert state_of(file) is State.STATEMENT
    minutes = file.content("陈述申辩笔录")
    assert minutes.values["statement"] == "标线看不清。"
    assert "person" not in minutes.values
    assert "标线看不清。" in minutes.to_json()
    assert print_pdf(minutes).startswith(b"%PDF")


def test_a_statement_counts_from_when_it_arrived_and_after_silence_as_well(
    staff: Staff, file: CaseFile
) -> None:
    file.name_party()
    file.walk(TO_DECIDED[:-2])
    owner = partys(staff, file)
    with owner.inside() as client:
        filled = {**owner.form(client, "statement"), "grounds": "other", "text": "说明"}
        file.do(act(Action.LAPSE, Role.SYSTEM))
        arrived = file.office.clock.utc_ms()
        client.post(f"{owner.path}/statement", data=filled)
    with file.office.engine.connect() as db:
        last = acting.acts(db, file.case_id)[-1]

    assert last.act.action is Action.STATE
    assert last.utc_ms == arrived
    assert last.act.person == str(party_of(file))


def test_waiving_takes_a_page_of_its_own_and_a_tick_that_nobody_made_before(
    staff: Staff, file: CaseFile
) -> None:
    file.name_party()
    file.walk(TO_DECIDED[:-2])
    owner = partys(staff, file)
    with owner.inside() as client:
        front = client.get(owner.path)
        page = client.get(f"{owner.path}/waive")
        unticked = owner.send(client, "waive", {})
        before = state_of(file)
        owner.send(client, "waive", {"sure": "yes"})

    assert f'href="{owner.path}/waive"' in front.text
    assert 'type="checkbox" name="sure" value="yes" required>' in page.text
    assert "checked" not in page.text
    assert "您放弃的是" in page.text
    assert unticked.status_code == 422
    assert before is State.NOTIFIED
    assert state_of(file) is State.WAIVED
    assert file.content("放弃声明").values["party"] == "张小明"


def test_only_the_party_waives(staff: Staff, file: CaseFile) -> None:
    file.name_party()
    file.walk(TO_DECIDED[:-2])
    holder = Owner.of(staff, file.case_id)
    with holder.inside() as client:
        page = client.get(f"{holder.path}/waive")
        csrf = token(client.get(holder.path))
        sent = client.post(f"{holder.path}/waive", data={"csrf": csrf, "sure": "yes"})

    assert page.status_code == 409
    assert sent.status_code == 409
    assert state_of(file) is State.NOTIFIED


def test_a_document_is_the_partys_alone_and_its_opening_is_logged(
    staff: Staff, file: CaseFile
) -> None:
    file.to_decided()
    sha256 = _document(file, "行政处罚决定书")
    owner, holder = partys(staff, file), Owner.of(staff, file.case_id)
    with owner.inside() as client, holder.inside() as other:
        opened = client.get(f"{owner.path}/documents/{sha256}")
        refused = other.get(f"{holder.path}/documents/{sha256}")
        holders = other.get(holder.path)

    assert opened.headers["content-type"] == "application/pdf"
    assert opened.content.startswith(b"%PDF")
    assert refused.status_code == 404
    assert "本案已经确认了当事人" in holders.text
    assert "张小明" not in holders.text
    with file.office.engine.connect() as db:
        assert received(db, file.case_id) == {}


def test_opening_the_decision_is_its_service_only_under_a_consent(
    staff: Staff, file: CaseFile
) -> None:
    file.to_decided()
    file.do(act(Action.BEGIN_SERVICE, Role.SERVICE))
    sha256 = _document(file, "行政处罚决定书")
    owner = partys(staff, file)
    with owner.inside() as client:
        client.get(f"{owner.path}/documents/{sha256}")
        without = state_of(file)
        ahead = {"sec-purpose": "prefetch"}
        owner.send(client, "consent", {"sure": "yes"})
        fetched = client.get(f"{owner.path}/documents/{sha256}", headers=ahead)
        prefetched = state_of(file)
        client.get(f"{owner.path}/documents/{sha256}")

    assert (without, prefetched) == (State.SERVING, State.SERVING)
    assert fetched.status_code == 503
    assert state_of(file) is State.SERVED
    receipt = file.content("送达回证").values
    assert receipt["way"] == "电子送达（经受送达人同意，通过案件网页）"
    with file.office.engine.connect() as db:
        came = received(db, file.case_id)[sha256]
    assert (came.kind, came.way) == ("行政处罚决定书", ELECTRONIC)


def test_a_consent_is_to_exact_words_and_can_be_withdrawn(staff: Staff, file: CaseFile) -> None:
    file.name_party()
    owner = partys(staff, file)
    words = catalogue("zh-CN")["owner.consent.words"]
    with owner.inside() as client:
        owner.send(client, "consent", {"sure": "yes"})
        with file.office.engine.connect() as db:
            given = db.execute(select(service_consent)).one()
        owner.send(client, "no-consent", {"sure": "yes"})
        with file.office.engine.connect() as db:
            after = parties.consent(db, file.case_id)

    assert given.text_sha256 == hashlib.sha256(words.encode()).hexdigest()
    assert given.withdrawn_utc_ms is None
    assert after is None


def test_the_bill_is_shown_with_where_to_pay_and_what_is_left(staff: Staff, file: CaseFile) -> None:
    file.to_served()
    billing = _bill(file)
    owner = partys(staff, file)
    with owner.inside() as client:
        page = client.get(owner.path)
        file.office.clock.now_utc_ms += 20 * 86_400_000
        owner.enter(client)
        late = client.get(owner.path)

    assert 'href="https://pay.example.invalid/17" rel="noopener noreferrer"' in page.text
    assert "￥100.00" in page.text
    assert billing in page.text
    assert "￥3.00" not in page.text
    assert "逾期加收" in late.text


def test_reconsideration_is_asked_for_on_the_page_within_its_time(
    staff: Staff, file: CaseFile
) -> None:
    file.to_served()
    owner = partys(staff, file)
    with owner.inside() as client:
        page = client.get(owner.path)
        owner.send(client, "reconsider", {"text": "没有妨碍通行。"})
        with file.office.engine.connect() as db:
            remedy = acting.standing(db, file.case_id).remedy
        owner.send(client, "withdraw", {"sure": "yes"})
        with file.office.engine.connect() as db:
            after = acting.standing(db, file.case_id).remedy

    assert "https://fuyi.example.invalid/" in page.text
    assert "示例区人民政府" in page.text
    assert remedy == "reconsideration-pending"
    assert after == "none"


def test_reconsideration_that_comes_too_late_is_refused_with_a_sentence(
    staff: Staff, file: CaseFile
) -> None:
    file.to_served()
    owner = partys(staff, file)
    file.office.clock.now_utc_ms += 70 * 86_400_000
    owner = partys(staff, file)
    with owner.inside() as client:
        late = owner.send(client, "reconsider", {"text": "没有妨碍通行。"})

    assert late.status_code == 409
    assert "现在不能办理这一项" in late.text


def test_nobody_is_asked_for_a_hearing_that_the_law_does_not_give(
    staff: Staff, file: CaseFile
) -> None:
    file.name_party()
    file.walk(TO_PARTY)
    file.do(act(Action.NOTIFY, Role.OFFICER, "zhao", "qian"))
    owner = partys(staff, file)
    with owner.inside() as client:
        page = client.get(f"{owner.path}/statement")

    assert "我要求听证" not in page.text


def _document(file: CaseFile, kind: str) -> str:
    with file.office.engine.connect() as db:
        return next(one.sha256 for one in papers.of_case(db, file.case_id) if one.kind == kind)


def _bill(file: CaseFile) -> str:
    billing = Billing(file.office.engine, load())
    [bill_id] = billing.open_bills(file.office.clock.utc_ms())
    with file.office.engine.begin() as db:
        billing.confirm(
            db, bill_id, "33020026120000000017", "https://pay.example.invalid/17",
            file.office.clock.utc_ms(),
        )  # fmt: skip
    return "33020026120000000017"


def test_who_was_only_named_opens_no_document(staff: Staff, file: CaseFile) -> None:
    file.to_decided()
    named = Person("李明", "330203199001011236", "13900000000", relation="driver")
    with file.office.engine.begin() as db:
        party_id = parties.add(db, file.case_id, named, "nominated", file.office.clock.utc_ms())
    owner = Owner.of(staff, file.case_id, party_id)
    owner.answer = "011236"
    with owner.inside() as client:
        refused = client.get(f"{owner.path}/documents/{_document(file, '行政处罚决定书')}")

    assert refused.status_code == 404


def test_the_same_form_sent_at_the_same_moment_counts_once(staff: Staff, file: CaseFile) -> None:
    owner = Owner.of(staff, file.case_id)
    with owner.inside() as client, ThreadPoolExecutor(4) as crowd:
        filled = {**owner.form(client, "statement"), "grounds": "other", "text": "说明"}
        path = f"{owner.path}/statement"
        sent = [crowd.submit(client.post, path, data=filled) for _ in range(4)]
        answers = {one.result().status_code for one in sent}

    assert answers == {303}
    assert file.office.count(statement) == 1
