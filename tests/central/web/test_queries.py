"""What people type into the address of the case list."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.views import CaseFilter
from central.web.queries import FIELDS, Fault, case_query, own_path, plate_part, uuid_of
from central.web.texts import LANGUAGES, catalogue

ZONE = ZoneInfo("Asia/Shanghai")


def test_an_empty_query_asks_for_the_first_page_of_everything() -> None:
    query = case_query({}, ZONE)

    assert query.wanted == CaseFilter()
    assert (query.faults, query.page, query.narrowed) == ((), 1, False)
    assert query.address() == "/cases"


def test_every_field_is_read_into_the_filter() -> None:
    typed = {
        "state": "overstayed",
        "site": "望江花园",
        "device": "gate-east-01",
        "plate": "浙b·123",
        "text": " lane-1 ",
        "from": "2026-11-18",
        "until": "2026-11-18",
        "page": "3",
    }

    query = case_query(typed, ZONE)

    assert query.wanted == CaseFilter(
        state="overstayed",
        site="望江花园",
        device="gate-east-01",
        plate="浙B123",
        text="lane-1",
        opened_from_utc_ms=1_794_931_200_000,
        opened_until_utc_ms=1_795_017_600_000,
        limit=25,
        offset=50,
    )


@pytest.mark.parametrize(
    ("field", "typed", "fault"),
    [
        ("state", "<b>", Fault("state", "fault.state", "<b>")),
        ("device", "Gate 1", Fault("device", "fault.device", "Gate 1")),
        ("plate", "浙B'--", Fault("plate", "fault.plate", "浙B'--")),
        ("plate", "B" * 21, Fault("plate", "fault.too_long", "B" * 20 + "…", 20)),
        ("text", "a\0b", Fault("text", "fault.not_printable")),
        ("site", "x" * 81, Fault("site", "fault.too_long", "x" * 20 + "…", 80)),
        ("from", "2026-02-30", Fault("from", "fault.date", "2026-02-30")),
        ("until", "tomorrow", Fault("until", "fault.date", "tomorrow")),
        ("from", "9999-12-31", Fault("from", "fault.date", "9999-12-31")),
        ("page", "0", Fault("page", "fault.page", "0", 100_000)),
        ("page", "-1", Fault("page", "fault.page", "-1", 100_000)),
        ("page", "٣", Fault("page", "fault.page", "٣", 100_000)),
    ],
)
def test_a_fault_names_its_field_and_what_came(field: str, typed: str, fault: Fault) -> None:
    query = case_query({field: typed}, ZONE)

    assert query.faults == (fault,)
    assert query.wanted.limit == 0


def test_all_faults_are_told_at_once() -> None:
    query = case_query({"state": "!", "from": "x", "page": "y"}, ZONE)

    assert [fault.field for fault in query.faults] == ["state", "from", "page"]


def test_a_period_must_not_end_before_it_begins() -> None:
    query = case_query({"from": "2026-11-19", "until": "2026-11-18"}, ZONE)

    assert query.faults == (Fault("until", "fault.order", "2026-11-18"),)


@pytest.mark.parametrize(
    "typed", ["浙b12345", "浙B·12345", "浙B 12345", "浙Ｂ１２３４５", "浙B-12345"]
)
def test_a_plate_is_found_however_it_is_written(typed: str) -> None:
    assert plate_part(typed) == "浙B12345"


def test_changing_the_filter_goes_back_to_the_first_page() -> None:
    query = case_query({"text": "a&b", "page": "7"}, ZONE)

    assert query.address(stage="review") == "/cases?stage=review&text=a%26b"
    assert query.address(page=8) == "/cases?text=a%26b&page=8"


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=120)))
def test_nothing_that_is_typed_breaks_the_query(typed: dict[str, str]) -> None:
    query = case_query(typed, ZONE)

    assert query.address(page=query.page).startswith("/cases")
    for fault in query.faults:
        for language in LANGUAGES:
            assert catalogue(language)[fault.key].format(got=fault.got, most=fault.most)


@pytest.mark.parametrize(
    "typed",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/cases\r\nSet-Cookie: a=b",
        "",
        "/" + "a" * 500,
    ],
)
def test_signing_in_never_leads_to_another_server(typed: str) -> None:
    assert own_path(typed) is None


def test_signing_in_leads_back_to_where_one_came_from() -> None:
    assert own_path("/cases?state=broken&page=2") == "/cases?state=broken&page=2"


@given(st.text(max_size=60))
def test_only_a_uuid_in_its_one_writing_is_a_uuid(typed: str) -> None:
    found = uuid_of(typed)

    assert found is None or str(found) == typed
