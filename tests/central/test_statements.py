"""A bank's or the treasury's statement as a file: read in both encodings, or refused by line."""

from datetime import date

import pytest

from central.statements import BadStatement, Line, read_statement

HEADER = "流水号,收支,缴款码,金额,入账日期"


def test_a_statement_of_a_bank_is_read_in_both_encodings() -> None:
    text = (
        "流水号,收支,缴款码,金额,入账日期\nGK1,收,33-1,100.5,2026-12-30\n\nTF1,退,,7,2026-12-31\n"
    )
    lines = [
        Line(2, "GK1", "in", "33-1", 10_050, date(2026, 12, 30)),
        Line(4, "TF1", "out", "", 700, date(2026, 12, 31)),
    ]

    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        assert read_statement(text.encode(encoding)) == lines


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "第一行应当是"),
        ("流水号,收支,缴款码,金额\n", "第一行应当是"),
        ("{}\n", "应当有 1 至 20000 行明细，得到 0 行"),
        ("{}\nGK1,收,1,100\n", "第 2 行：应当有 5 列，得到 4 列"),
        ("{}\nGK 1,收,1,1,2026-12-30\n", "第 2 行：流水号应当是"),
        ("{}\nGK1,付,1,1,2026-12-30\n", "第 2 行：收支应当是“收”或“退”，得到“付”"),
        ("{}\nGK1,收,<b>,1,2026-12-30\n", "第 2 行：缴款码应当是字母数字"),
        ("{}\nGK1,收,1,1.005,2026-12-30\n", "第 2 行：金额应当大于 0，最多两位小数"),
        ("{}\nGK1,收,1,-1,2026-12-30\n", "第 2 行：金额应当大于 0"),
        ("{}\nGK1,收,1,0.00,2026-12-30\n", "第 2 行：金额应当大于 0"),
        ("{}\nGK1,收,1,1,30/12/2026\n", "第 2 行：入账日期应当写成 2026-12-30"),
        ("{}\nGK1,收,1,1,2026-12-30\nGK1,收,1,2,2026-12-30\n", "第 3 行：流水号 GK1 出现了两次"),
    ],
)
def test_a_statement_that_is_not_one_is_refused_with_its_line(text: str, fault: str) -> None:
    with pytest.raises(BadStatement) as refusal:
        read_statement(text.replace("{}", HEADER).encode())

    assert refusal.value.faults[0].startswith(fault)


def test_a_file_in_no_encoding_or_too_large_is_refused() -> None:
    for raw in (b"\xff\xff\xff", b"x" * (4 * 1024 * 1024 + 1)):
        with pytest.raises(BadStatement):
            read_statement(raw)
