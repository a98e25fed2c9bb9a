"""Every scenario of the table, on scripted detections: the events, their times and the gaps."""

import pytest

from tests.edge.scenarios.expectation import Scenario, differences
from tests.edge.scenarios.table import SCENARIOS
from tests.edge.scenarios.world import run


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_the_scenario_gives_exactly_what_is_true(scenario: Scenario) -> None:
    assert differences(scenario, run(scenario.world)) == []
