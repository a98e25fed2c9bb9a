"""Document numbers: without a gap, never twice, by the year of China, spoilt ones kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, select

from central import documents, events
from central.document_tables import document_number
from central.documents import numbers
from central.documents.numbers import NumberError, Wanted, allocate, register
from central.policy import Office as Letterhead
from tests.case_files import CaseFile, add_pack
from tests.device import SimulatedDevice
from tests.office import Office

AT_ONCE = 50
LETTERHEAD = Letterhead(
    address="示例区消防路 1 号",
    telephone="0000-00000000",
    area="示北",
    reconsideration_body="示例区人民政府",
    court="示例区人民法院",
    remedies_online="https://fuyi.example.invalid/",
    pay_at="示例平台",
)


def utc_ms(when: str) -> int:
    return int(datetime.fromisoformat(f"{when}+00:00").timestamp() * 1000)


NOON = utc_ms("2026-12-01T04:00:00")


@pytest.fixture
def file(office: Office, device: SimulatedDevice) -> CaseFile:
    add_pack(office)
    return CaseFile.opened(office, device)


def take(db: Connection, case_id: UUID, at: int = NOON) -> str:
    return allocate(db, LETTERHEAD, Wanted("行政处罚决定书", "罚决字", case_id, at))


def serials(engine: Engine) -> list[int]:
    query = select(document_number.c.serial).order_by(document_number.c.serial)
    with engine.connect() as db:
        return list(db.scalars(query))


def test_fifty_approvals_at_once_get_fifty_numbers_without_a_gap(
    office: Office, file: CaseFile
) -> None:
    """Every third transaction fails after it took its number: that number is not lost."""

    def approve(n: int) -> str | None:
        try:
            with office.engine.begin() as db:
                number = take(db, file.case_id)
                if n % 3 == 0:
                    raise InterruptedError
        except InterruptedError:
            return None
        return number

    with ThreadPoolExecutor(AT_ONCE) as pool:
        got = [number for number in pool.map(approve, range(AT_ONCE)) if number is not None]

    assert len(got) == AT_ONCE - 17
    assert sorted(got) == [f"示北消罚决字〔2026〕第{n:04d}号" for n in range(1, len(got) + 1)]
    assert serials(office.engine) == list(range(1, len(got) + 1))


def test_fifty_whole_documents_at_once_are_gapless_too(office: Office, file: CaseFile) -> None:
    now = office.clock.utc_ms()

    def order(_n: int) -> str | None:
        with office.engine.begin() as db:
            return documents.issue(db, file.case_id, "责令改正通知书", now, {}).number

    with ThreadPoolExecutor(AT_ONCE) as pool:
        got = list(pool.map(order, range(AT_ONCE)))

    assert sorted(str(number) for number in got) == [
        f"示北消责改字〔2026〕第{n:04d}号" for n in range(1, AT_ONCE + 1)
    ]


def test_a_refused_document_takes_no_number(office: Office, file: CaseFile) -> None:
    now = office.clock.utc_ms()
    with office.engine.begin() as db:
        with pytest.raises(documents.Incomplete):
            documents.issue(db, file.case_id, "案件移送函", now, {"grounds": "管辖不同"})
        sent = {"grounds": "管辖不同", "to_agency": "示例交警大队"}
        issued = documents.issue(db, file.case_id, "案件移送函", now, sent)

    assert issued.number == "示北消移字〔2026〕第0001号"


def test_the_year_is_that_of_china(office: Office, file: CaseFile) -> None:
    """16:00 UTC on New Year's Eve is midnight in China."""
    with office.engine.begin() as db:
        taken = [
            take(db, file.case_id, at)
            for at in (
                utc_ms("2026-12-31T15:59:59"),
                utc_ms("2026-12-31T16:00:00"),
                utc_ms("2026-12-31T15:00:00"),
                utc_ms("2027-12-31T15:59:59"),
            )
        ]

    assert taken == [
        "示北消罚决字〔2026〕第0001号",
        "示北消罚决字〔2027〕第0001号",
        "示北消罚决字〔2026〕第0002号",
        "示北消罚决字〔2027〕第0002号",
    ]


def test_a_spoilt_number_stays_in_the_register_and_is_never_used_again(
    office: Office, file: CaseFile
) -> None:
    with office.engine.begin() as db:
        first = take(db, file.case_id)
    with office.engine.begin() as db:
        documents.spoil(db, first, "zhang", "打印错误", NOON)
    with office.engine.begin() as db:
        second = take(db, file.case_id)
        lines = register(db, "罚决字", 2026)
        logged = [line for line in events.lines(db) if line.type == "number-spoilt"]

    assert second == "示北消罚决字〔2026〕第0002号"
    assert [(line.number, line.state, line.reason) for line in lines] == [
        (first, "spoilt", "打印错误"),
        (second, "issued", ""),
    ]
    assert [events.parse_payload(line.payload)["number"] for line in logged] == [first]


@pytest.mark.parametrize(("number", "reason"), [("〔1999〕1号", "x"), ("", "x"), (None, " ")])
def test_only_an_issued_number_is_spoilt_and_only_with_a_reason(
    office: Office, file: CaseFile, number: str | None, reason: str
) -> None:
    with office.engine.begin() as db:
        taken = take(db, file.case_id)
        with pytest.raises(NumberError):
            documents.spoil(db, taken if number is None else number, "zhang", reason, NOON)


def test_a_number_is_not_spoilt_twice(office: Office, file: CaseFile) -> None:
    with office.engine.begin() as db:
        taken = take(db, file.case_id)
        documents.spoil(db, taken, "zhang", "打印错误", NOON)
        with pytest.raises(NumberError, match="is not an issued number"):
            documents.spoil(db, taken, "zhang", "打印错误", NOON)


def test_the_register_is_read_in_pages(
    office: Office, file: CaseFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers, "PAGE_ROWS", 2)
    with office.engine.begin() as db:
        taken = [take(db, file.case_id) for _ in range(3)]
        assert [line.number for line in register(db, "罚决字", 2026, 2)] == taken[2:]
