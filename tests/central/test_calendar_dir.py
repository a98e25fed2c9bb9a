"""The folder of the configuration with the holidays of years that the program does not know yet."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from central.clocks import Clocks
from central.config import load
from central.config_file import ConfigError
from central.database import reading
from central.holidays import BadPlan, announced, read_plan
from central.holidays import load as calendar_of
from central.tables import case
from tests.case_files import CaseFile, add_pack
from tests.case_steps import TO_DECIDED
from tests.device import SimulatedDevice
from tests.office import Office
from tests.test_hostile_yaml import BOMB

CONFIGS = Path(__file__).parents[2] / "configs"
YEAR = max(announced()) + 1
PLAN = f"year: {YEAR}\nsource: test\ndays_off: [{YEAR}-01-04]\ndays_worked: []\n"


def configured(tmp_path: Path) -> Path:
    """The example, with its files there."""
    path = tmp_path / "central.yaml"
    text = (CONFIGS / "central.yaml").read_text(encoding="utf-8")
    text = text.replace("# calendar_dir: /etc/firelane/calendar", "calendar_dir: years")
    path.write_text(text.replace("/etc/firelane/pki/", ""), encoding="utf-8")
    for name in ("central.signing.pem", "ca.pem", "central.pem", "central.key.pem"):
        shutil.copy(CONFIGS / "central.yaml", tmp_path / name)
    return path


def test_a_years_plan_in_the_configured_folder_counts(tmp_path: Path) -> None:
    path = configured(tmp_path)
    (tmp_path / "years").mkdir()
    (tmp_path / "years" / f"{YEAR}.yaml").write_text(PLAN, encoding="utf-8")
    config = load(path, {})

    assert config.calendar_dir == tmp_path / "years"
    calendar = calendar_of(config.calendar_dir)
    assert calendar.is_planned(YEAR)
    assert not calendar.is_working_day(date(YEAR, 1, 4))


@pytest.mark.parametrize(
    ("made", "told"), [(False, "calendar_dir: no such folder"), (True, "days of another year")]
)
def test_a_folder_that_cannot_be_used_is_told_with_the_configuration(
    tmp_path: Path, made: bool, told: str
) -> None:
    path = configured(tmp_path)
    if made:
        (tmp_path / "years").mkdir()
        (tmp_path / "years" / "x.yaml").write_text(
            PLAN.replace(f"year: {YEAR}", "year: 2199"), encoding="utf-8"
        )

    with pytest.raises(ConfigError) as refused:
        load(path, {})

    assert told in "\n".join(refused.value.faults)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (BOMB, "must hold at most 20000 values"),
        (b"x: " + b" " * (1 << 20), "must be at most 1048576 bytes"),
    ],
    ids=["values", "bytes"],
)
def test_a_plan_without_bounds_is_refused_in_words(tmp_path: Path, raw: bytes, told: str) -> None:
    path = tmp_path / "2030.yaml"
    path.write_bytes(raw)

    with pytest.raises(BadPlan, match=told):
        read_plan(path)


def test_a_plan_that_comes_later_moves_the_limits_that_run(
    office: Office, device: SimulatedDevice
) -> None:
    """Seven working days for service, from 18 November 2026: the 27th. A week off moves it."""
    add_pack(office)
    file = CaseFile.opened(office, device)
    file.name_party()
    file.walk(TO_DECIDED)
    plans = announced()
    before = Clocks(office.engine, calendar_of())
    before.work_out()
    first = due(office)
    week = {date(2026, 11, day): False for day in range(19, 26)}
    plans[2026] = {**plans[2026], **week}
    after = Clocks(office.engine, type(calendar_of())(plans))
    after.work_out()
    assert due(office) == first
    after.forget()
    after.work_out()

    assert due(office) == first + 7 * 86_400_000


def due(office: Office) -> int:
    with reading(office.engine) as db:
        found: int = db.execute(case.select()).one().due_utc_ms
    return found
