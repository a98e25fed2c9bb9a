"""Nobody is told on their page that they need not pay who must, nor shown what is another's."""

import pytest
from sqlalchemy import select, update

from central import acting, owner_links
from central.cases import Action, Remedy, Role, State
from central.owner import papers, parties
from central.owner.parties import Person, Relation
from central.owner_tables import party, statement
from tests.case_files import CaseFile
from tests.case_steps import TO_DECIDED, act
from tests.owners import Owner, partys, state_of
from tests.staff import Staff, token

ID, OTHER = "330200199001011234", "330203199001011236"
"""Of the party that tests.case_files names, and of somebody else."""


def registered(file: CaseFile, number: str, name: str = "张小明") -> None:
    """The register's word for who keeps the vehicle."""
    with file.office.engine.begin() as db:
        person = Person(name, number, address="示例区江边路 1 号", relation="holder")
        parties.add(db, file.case_id, person, "register", file.office.clock.utc_ms())


def call_them(file: CaseFile, relation: Relation) -> None:
    """As what the officer entered the party."""
    with file.office.engine.begin() as db:
        db.execute(update(party).where(party.c.source == "party").values(relation=relation))


def decision(file: CaseFile) -> str:
    with file.office.engine.connect() as db:
        found = papers.of_case(db, file.case_id)
    return next(one.sha256 for one in found if one.kind == "行政处罚决定书")


@pytest.mark.parametrize("relation", ["driver", "holder", "agent"])
def test_a_holder_who_is_the_party_sees_the_case_however_an_officer_called_them(
    staff: Staff, file: CaseFile, relation: Relation
) -> None:
    registered(file, ID)
    file.to_decided()
    call_them(file, relation)
    holder = Owner.of(staff, file.case_id)
    with holder.inside() as client:
        page = client.get(holder.path)
        opened = client.get(f"{holder.path}/documents/{decision(file)}")

    assert "决定已作出，正在送达" in page.text
    assert "不用缴款" not in page.text
    assert opened.status_code == 200


@pytest.mark.parametrize("relation", ["driver", "holder"])
def test_who_sold_the_vehicle_sees_nothing_of_who_bought_it(
    staff: Staff, file: CaseFile, relation: Relation
) -> None:
    """The buyer has become the holder meanwhile; the link went to who sold it."""
    registered(file, OTHER, "李明")
    file.to_decided()
    call_them(file, relation)
    seller = Owner.of(staff, file.case_id)
    with seller.inside() as client:
        page = client.get(seller.path)
        opened = client.get(f"{seller.path}/documents/{decision(file)}")

    assert "已经确认停车的是另一个人，与您无关，您不用缴款。" in page.text
    assert opened.status_code == 404
    assert "张小明" not in page.text


@pytest.mark.parametrize(
    ("tail", "told"), [(ID, "决定已作出，正在送达"), (OTHER, "已经确认停车的是另一个人")]
)
def test_without_the_registers_word_the_number_of_the_check_tells_who_the_holder_is(
    staff: Staff, file: CaseFile, tail: str, told: str
) -> None:
    file.to_decided()
    holder = Owner.of(staff, file.case_id)
    with file.office.engine.begin() as db:
        owner_links.remember_check(db, file.case_id, "id", tail)
    with holder.inside() as client:
        assert told in client.get(holder.path).text


def test_where_nobody_can_tell_the_page_says_both(staff: Staff, file: CaseFile) -> None:
    file.to_decided()
    holder = Owner.of(staff, file.case_id)
    with holder.inside() as client:
        page = client.get(holder.path).text

    assert "当事人是别人的，与您无关，您不用缴款。当事人就是您本人的，请致电" in page
    assert decision(file) not in page


def test_a_lawsuit_is_not_withdrawn_on_the_page(staff: Staff, file: CaseFile) -> None:
    file.to_served()
    file.do(act(Action.FILE_SUIT, Role.COURT))
    owner = partys(staff, file)
    with owner.inside() as client:
        front = client.get(owner.path)
        sent = client.post(f"{owner.path}/withdraw", data={"csrf": token(front), "sure": "yes"})

    assert f'href="{owner.path}/withdraw"' not in front.text
    assert sent.status_code == 409
    assert remedy(file) is Remedy.SUING


def remedy(file: CaseFile) -> Remedy:
    with file.office.engine.connect() as db:
        return acting.standing(db, file.case_id).remedy


def test_who_is_demanded_to_pay_is_heard_on_the_page(staff: Staff, file: CaseFile) -> None:
    file.to_served()
    file.walk(_TO_DEMANDED)
    owner = partys(staff, file)
    with owner.inside() as client:
        front = client.get(owner.path).text
        owner.send(client, "statement", {"grounds": "other", "text": "已在银行缴过。"})
    with file.office.engine.connect() as db:
        said = db.scalars(select(statement.c.text)).all()

    assert f'href="{owner.path}/statement"' in front
    assert f'href="{owner.path}/recusal"' not in front
    assert said == ["已在银行缴过。"]
    assert state_of(file) is State.DEMANDED


_TO_DEMANDED = (
    act(Action.BILL, Role.SYSTEM),
    act(Action.FALL_OVERDUE, Role.SYSTEM),
    act(Action.DEMAND, Role.HEAD),
)


def test_who_is_not_the_party_cannot_hold_up_its_case(staff: Staff, file: CaseFile) -> None:
    """A request that an officer withdraw bars the decision until it is answered."""
    registered(file, OTHER, "李明")
    file.name_party()
    file.walk(TO_DECIDED[:-1])
    seller = Owner.of(staff, file.case_id)
    with seller.inside() as client:
        csrf = token(client.get(seller.path))
        sent = client.post(f"{seller.path}/recusal", data={"csrf": csrf, "text": "我不信任他们。"})
    file.decide()

    assert sent.status_code == 409
    assert file.office.count(statement) == 0


def test_the_page_that_the_notice_refers_to_is_there_when_it_comes(
    staff: Staff, file: CaseFile
) -> None:
    """The link of the reminder is sixty days old by then; one that was ended stays shut."""
    day = 86_400_000
    owner, tried = Owner.of(staff, file.case_id), Owner.of(staff, file.case_id)
    file.name_party()
    file.walk(TO_DECIDED[:-3])
    with tried.browser() as client:
        for _ in range(10):
            tried.check(client, "000000")
            file.office.clock.now_utc_ms += 20 * 60_000
    file.office.clock.now_utc_ms += 60 * day
    with owner.browser() as client:
        before = client.get(owner.path)
    file.walk(TO_DECIDED[:-2])
    file.office.clock.now_utc_ms += 69 * day
    with owner.inside() as client, tried.browser() as other:
        after = client.get(owner.path)
        ended = other.get(tried.path)
    file.office.clock.now_utc_ms += 2 * day
    with owner.browser() as client:
        over = client.get(owner.path)

    assert (before.status_code, after.status_code) == (404, 200)
    assert (ended.status_code, over.status_code) == (404, 404)
