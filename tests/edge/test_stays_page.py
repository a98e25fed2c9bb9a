from tests.edge.scenarios.print import PAGE, page_with_tables, with_part
from tests.edge.scenarios.table import SCENARIOS


def test_the_page_shows_the_tables_that_the_code_has() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page_with_tables(page) == page


def test_the_page_has_a_row_for_every_scenario() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [each.name for each in SCENARIOS if f"| {each.name} |" not in page] == []


def test_a_part_is_replaced_between_its_marks_only() -> None:
    page = "a\n<!-- x -->\nold\n<!-- end of x -->\nb"

    assert with_part(page, "x", "new") == "a\n<!-- x -->\nnew\n<!-- end of x -->\nb"
