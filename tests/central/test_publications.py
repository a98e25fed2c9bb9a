"""Covered copies for the public: what is hidden, who made them, when they go, what stays."""

import io
from dataclasses import replace
from uuid import UUID

import pytest
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import select

from central import events
from central.cases import Action, Role
from central.document_tables import document
from central.documents.covering import covered
from central.events import lines
from central.keeping import rounds
from central.keeping.holds import Holds
from central.publications import Gone, NotPublishable, Publications, Wanted
from tests.case_files import CaseFile, add_pack
from tests.case_steps import PEOPLE, act
from tests.device import SimulatedDevice
from tests.office import Office

DAY = 86_400_000


@pytest.fixture
def decided(office: Office, device: SimulatedDevice) -> CaseFile:
    add_pack(office)
    file = CaseFile.opened(office, device)
    file.to_decided()
    return file


@pytest.fixture
def copies(office: Office) -> Publications:
    return Publications(office.engine, office.blobs)


def decision(file: CaseFile) -> str:
    """The hash of the case's decision."""
    mine = (document.c.case_id == file.case_id) & (document.c.kind == "行政处罚决定书")
    with file.office.engine.connect() as db:
        return str(db.scalar(select(document.c.sha256).where(mine)))


def made(file: CaseFile, copies: Publications, words: tuple[str, ...] = ()) -> UUID:
    wanted = Wanted(file.case_id, decision(file), words, "行政处罚法第四十八条", "chen")
    return copies.make(wanted, file.office.clock.utc_ms())


def files(office: Office) -> set[str]:
    return {path.name for path in office.blobs.folder.rglob("*") if path.is_file()}


def told(office: Office, kind: str) -> list[dict[str, str]]:
    with office.engine.connect() as db:
        return [events.parse_payload(line.payload) for line in lines(db) if line.type == kind]


def later(office: Office, days: int) -> None:
    office.clock.now_utc_ms += days * DAY
    rounds.run(office.engine, office.blobs, office.clock.utc_ms())


def test_nothing_of_a_decision_leads_to_a_person(decided: CaseFile, copies: Publications) -> None:
    original = decided.content("行政处罚决定书").to_json()
    copy = copies.draft(decided.case_id, decision(decided), ()).to_json()

    for word in ("张小明", "330200199001011234", "示例区望江路 8 号", "12345"):
        assert word in original
        assert word not in copy
    assert "张**" in copy
    assert "浙B·1***5" in copy
    assert "壹佰元整" in copy
    assert "〔2026〕" in copy


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("电话13800000000。", "电话***********。"),
        ("证号33020019900101123X，", "证号******************，"),
        ("粤B·D12345和浙A·00001警", "粤B·D****5和浙A·0****警"),
        ("写信到 a.b@example.com 即可", "写信到 *************** 即可"),
        ("2026年11月24日10时05分", "2026年11月24日10时05分"),
        ("罚款100.00元，《消防法》第二十八条", "罚款100.00元，《消防法》第二十八条"),
        ("望江花园的租客李老师", "望江花园的租客***"),
    ],
)
def test_what_looks_like_a_persons_is_covered_wherever_it_was_typed(
    decided: CaseFile, said: str, shown: str
) -> None:
    content = replace(decided.content("行政处罚决定书"), text=[said])

    assert covered(content, words=["李老师"]).text[1] == shown


def test_the_original_stays_byte_for_byte_and_the_copy_is_another_file(
    decided: CaseFile, copies: Publications
) -> None:
    before = decided.content("行政处罚决定书").to_json(), files(decided.office)
    [copy] = [copies.get(made(decided, copies))]
    assert copy is not None
    after = decided.content("行政处罚决定书").to_json(), files(decided.office)

    assert after[0] == before[0]
    assert after[1] - before[1] == {copy.pdf, *copy.images}
    assert copies.file(copy.pdf).startswith(b"%PDF")
    assert len(copy.images) == 2  # at arrival and at the deadline; plates alone are never shown
    with Image.open(io.BytesIO(copies.file(copy.images[0]))) as image:
        assert image.size == (48, 32)
    [line] = told(decided.office, "publication-made")
    assert line["document"] == decision(decided)
    assert line["purpose"] == "行政处罚法第四十八条"


def test_only_a_decision_of_the_case_is_made_public(
    decided: CaseFile, copies: Publications
) -> None:
    with decided.office.engine.connect() as db:
        notice = db.scalar(select(document.c.sha256).where(document.c.kind == "行政处罚告知书"))

    for sha256 in (str(notice), "0" * 64):
        with pytest.raises(NotPublishable):
            copies.draft(decided.case_id, sha256, ())


def test_a_copy_is_withdrawn_once_and_erased_in_the_next_round(
    decided: CaseFile, copies: Publications
) -> None:
    office, before = decided.office, files(decided.office)
    publication = made(decided, copies)
    copies.withdraw(publication, "chen", "当事人申请", office.clock.utc_ms())
    with pytest.raises(Gone):
        copies.withdraw(publication, "chen", "再一次", office.clock.utc_ms())
    later(office, 0)

    assert files(office) == before
    [erased] = told(office, "erased")
    assert (erased["class"], len(erased["sha256"].split())) == ("published", 3)
    assert [one["reason"] for one in told(office, "publication-withdrawn")] == ["当事人申请"]


def test_a_copy_goes_on_its_day_and_not_before(decided: CaseFile, copies: Publications) -> None:
    publication = made(decided, copies)
    later(decided.office, 364)
    kept = copies.get(publication)
    later(decided.office, 1)
    gone = copies.get(publication)

    assert kept is not None
    assert kept.withdrawn_utc_ms is None
    assert gone is not None
    assert (gone.withdrawn_by, gone.withdraw_reason) == (
        "retention",
        "示例：住宅小区消防通道 1: published 365 d",
    )
    assert gone.erased_utc_ms == decided.office.clock.utc_ms()


def test_a_revoked_decision_is_withdrawn_by_itself_and_never_made_public_again(
    decided: CaseFile, copies: Publications
) -> None:
    publication = made(decided, copies)
    decided.do(act(Action.REVOKE, Role.HEAD, PEOPLE[Role.HEAD]))
    later(decided.office, 0)

    copy = copies.get(publication)
    assert copy is not None
    assert copy.withdraw_reason == "决定已被撤销（行政处罚法第四十八条）"
    with pytest.raises(NotPublishable):
        copies.draft(decided.case_id, decision(decided), ())


def test_a_legal_hold_keeps_the_withdrawn_files(decided: CaseFile, copies: Publications) -> None:
    office = decided.office
    publication = made(decided, copies)
    Holds(office.engine).put(decided.case_id, "chen", "复议中", office.clock.utc_ms())
    copies.withdraw(publication, "chen", "当事人申请", office.clock.utc_ms())
    later(office, 0)
    held = copies.get(publication)
    Holds(office.engine).lift(decided.case_id, "chen", "复议已结束", office.clock.utc_ms())
    later(office, 0)
    free = copies.get(publication)

    assert held is not None
    assert held.erased_utc_ms is None
    assert free is not None
    assert free.erased_utc_ms == office.clock.utc_ms()


def test_what_a_second_copy_rests_on_stays_until_that_goes(
    decided: CaseFile, copies: Publications
) -> None:
    office, before = decided.office, files(decided.office)
    first, second = made(decided, copies), made(decided, copies)
    copies.withdraw(first, "chen", "重复公开", office.clock.utc_ms())
    later(office, 0)
    copy = copies.get(second)
    assert copy is not None
    assert files(office) - before == {copy.pdf, *copy.images}
    copies.withdraw(second, "chen", "不再需要", office.clock.utc_ms())
    later(office, 0)

    assert files(office) == before


def test_no_letter_of_the_printed_copy_names_anybody(
    decided: CaseFile, copies: Publications
) -> None:
    copy = copies.get(made(decided, copies))
    assert copy is not None
    said = "".join(one.extract_text() for one in PdfReader(io.BytesIO(copies.file(copy.pdf))).pages)

    assert "公开版" in said
    assert "张小明" not in said
    assert "12345" not in said
