"""All scenarios, in the order of the table in edge/STAYS.md."""

from tests.edge.scenarios.detecting import SCENARIOS as DETECTING
from tests.edge.scenarios.disturbed import SCENARIOS as DISTURBED
from tests.edge.scenarios.expectation import Scenario
from tests.edge.scenarios.neighbours import SCENARIOS as NEIGHBOURS

SCENARIOS: tuple[Scenario, ...] = (*DETECTING, *DISTURBED, *NEIGHBOURS)
