"""Files of figures, cameras that stand out, charts, sheets."""

import csv
import io

import pytest
from openpyxl import load_workbook

from central.csv_files import BadFile
from central.figures import sheets
from central.figures.anomalies import Conspicuous, conspicuous
from central.figures.dashboard import Dashboard, Sums, Wanted
from central.figures.manual import Manual, read_manual
from central.web.charts import Series, bars

HEADER = "月份,小区,发现,处罚"
PEERS = {("翠屏山庄", f"gate-{n}", "cam-1"): 10 for n in range(3)}
LOUD = ("望江花园", "gate-9", "cam-1")


def test_figures_of_an_officer_are_read_line_by_line() -> None:
    text = f"{HEADER}\n2026-11,望江花园,12,3\n2026-12,望江花园,0,0\n"

    for encoding in ("utf-8", "gb18030"):
        assert read_manual(text.encode(encoding)) == [
            Manual("2026-11", "望江花园", 12, 3),
            Manual("2026-12", "望江花园", 0, 0),
        ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("2026-13,a,1,1", "第 2 行：月份应当写成 2026-11，得到“2026-13”"),
        ("2026-11,,1,1", "第 2 行：小区应当有 1 至 64 个字，得到“”"),
        ("2026-11,a,-1,0", "第 2 行：发现和处罚应当是 0 至 999999 的整数，得到“-1”和“0”"),
        ("2026-11,a,1,2", "第 2 行：处罚（2）不能多于发现（1）"),
        ("2026-11,a,1", "第 2 行：应当有 4 列，得到 3 列"),
        ("2026-11,a,1,1\n2026-11,a,2,1", "第 3 行：2026-11 a 出现了两次"),
    ],
)
def test_a_file_with_a_fault_is_refused_with_its_line(line: str, fault: str) -> None:
    with pytest.raises(BadFile) as refusal:
        read_manual(f"{HEADER}\n{line}\n".encode())

    assert refusal.value.faults == (fault,)


@pytest.mark.parametrize(("cases", "told"), [(30, False), (31, True)])
def test_a_camera_stands_out_above_three_times_the_median_of_the_others(
    cases: int, told: bool
) -> None:
    found = conspicuous({"2026-11": {**PEERS, LOUD: cases}})

    assert found == ([Conspicuous("2026-11", *LOUD, cases=31, median=10.0)] if told else [])


def test_too_few_peers_or_cases_say_nothing() -> None:
    two = dict(list(PEERS.items())[:2])
    quiet = dict.fromkeys(PEERS, 1)

    assert conspicuous({"2026-11": {**two, LOUD: 900}, "2026-12": {**quiet, LOUD: 9}}) == []


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, ["0", "1", "2", "3", "4"]),
        (5, ["0", "1", "2", "3", "4", "5"]),
        (7, ["0", "2", "4", "6", "8"]),
        (43, ["0", "10", "20", "30", "40", "50"]),
        (1100, ["0", "500", "1000", "1500"]),
    ],
)
def test_an_axis_ends_on_a_round_number(most: float, ticks: list[str]) -> None:
    chart = bars(["2026-11"], [Series("cases", [most])])

    assert [tick.text for tick in chart.y_ticks] == ticks


def test_bars_stand_on_the_floor_inside_the_picture_and_gaps_draw_nothing() -> None:
    chart = bars(["a", "b"], [Series("cases", [4, None]), Series("decided", [2, 4])])

    assert [(bar.label, bar.series) for bar in chart.bars] == [
        ("a", "cases"),
        ("a", "decided"),
        ("b", "decided"),
    ]
    for bar in chart.bars:
        assert bar.y + bar.height == pytest.approx(chart.floor)
        assert chart.left <= bar.x <= bar.x + bar.width <= chart.right
    assert chart.bars[1].height == pytest.approx(chart.bars[0].height / 2)


def dashboard(site: str) -> Dashboard:
    sums = Sums(site, cases=4, reminded=3, left_in_time=2, decided=2, self_paid=1, median_days=1.5)
    return Dashboard(Wanted("2026-11", "2026-11"), sums, [sums], [sums], [])


def words(key: str) -> str:
    return key.rsplit(".", maxsplit=1)[-1]


def test_a_sheet_holds_the_numbers_of_the_page_and_no_formula() -> None:
    book = load_workbook(io.BytesIO(sheets.as_xlsx(dashboard("=1+1"), words)))

    sheet = book["sites"]
    head = [cell.value for cell in sheet[1]]
    row = dict(zip(head, [cell.value for cell in sheet[2]], strict=True))
    assert (row["sites"], sheet["A2"].data_type) == ("=1+1", "s")
    assert (row["cases"], row["left_pm"], row["median_days"]) == (4, 66.7, 1.5)


def test_a_csv_opens_in_a_spreadsheet_and_holds_no_formula() -> None:
    raw = sheets.as_csv(dashboard("=1+1"), words)
    lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))

    assert raw.startswith(b"\xef\xbb\xbf")
    assert ["'=1+1", "4", "0", "3", "2", "66.7"] in [line[:6] for line in lines]
