"""What the demo says to the person at the terminal: where to look, as whom, what to try."""

from collections.abc import Sequence

from scripts.demosite import plan
from scripts.demosite.people import PEOPLE
from scripts.demosite.site import Site
from scripts.demosite.stories import REGISTER
from scripts.demosite.telling import Told


def welcome(site: Site, scene: plan.Scene) -> str:
    """Printed once everything is up."""
    accounts = "\n".join(f"    {p.name:<10} {p.role:<9} {p.may}" for p in PEOPLE)
    return f"""
  staff pages  {site.web}
               sign in with one of these names; the password of all is {site.password}
{accounts}
               grave acts ask for a one-time code: scripts/demo --code NAME tells it
  telephones   {site.phone}   the SMS that owners get; a link there is the owner's page
  register     {site.register}   who owns which plate, and who asked
  cashier      {site.cashier}   where fines are paid, and the treasury's statement
  looking at   {scene.source}
  with         {scene.model}
  logs         {site.layout.run / "logs"}

  One camera looks at a clip, live. Beside it five cases are led from packet to end.
"""


def ended(told: Sequence[Told], site: Site) -> str:
    """How the five cases ended, and what to do now."""
    lines = []
    for one in told:
        row = site.row(one.case_id) if one.case_id else None
        state = row.state if row else "went wrong"
        number = row.number if row else "-"
        lines.append(f"  {one.story.tells:<26} {state:<20} {number}")
    answers = ", ".join(f"{car.plate} {car.answer}" for car in REGISTER)
    table = "\n".join(lines)
    head = f"\n  The five cases:\n{table}\n" if lines else ""
    return f"""{head}
  Try it:
  1. {site.web}/cases as officer-1: every case with its pictures, checks and papers.
  2. {site.phone}: open a link of an SMS on this machine. It asks for the last six
     characters of the vehicle's number: {answers}.
  3. {site.web}/statistics as head: what the five came to.
  4. {site.web}/review as officer-1: a case that waits for you, when there is one.
"""
