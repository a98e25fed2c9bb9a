"""A link of their own for somebody who was named in a case: another driver, or who lost theirs.

NotReachable    nobody can be told, or nothing could be asked behind the link
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, Engine

from central import acting, events, messages, owner_links
from central.messages import NewMessage
from central.owner import parties, situation
from central.policy import Policy

Purpose = Literal["invitation", "paper"]
PURPOSE: Purpose = "invitation"
FEWEST_DIGITS = 7


class NotReachable(Exception):
    """Nobody can be told, or nothing could be asked behind the link."""


def is_reachable(party: parties.Party) -> bool:
    """Whether a message can be sent and the check behind its link can be passed."""
    digits = sum(char.isdigit() for char in party.person.phone)
    tail = owner_links.tail_of(party.person.id_number)
    return digits >= FEWEST_DIGITS and len(tail) == owner_links.CHECK_CHARS


@dataclass(frozen=True, slots=True)
class Queued:
    """A message that waits, and the link that it holds."""

    message: UUID
    link: UUID


def queue_link(
    db: Connection, party: parties.Party, purpose: Purpose, head: Policy, base_url: str, utc_ms: int
) -> Queued:
    """Queue a message that holds a new link of the party's own, in the pack's words for its
    purpose. Links of theirs that nobody opened end."""
    token = owner_links.mint(db, party.case_id, utc_ms, party.id)
    link = owner_links.find(db, token)
    assert link is not None
    owner_links.end_unused(db, link, utc_ms, keep=link.id)
    fields = {
        "agency": head.agency,
        "telephone": head.office.telephone if head.office else "",
        "link": base_url + owner_links.path(token),
    }
    words = head.texts.paper if purpose == "paper" else head.texts.invitation
    new = NewMessage(
        party.case_id,
        purpose,
        party.person.phone,
        words.format(**fields),
        fields | {"token": token},
    )
    return Queued(messages.queue(db, new, utc_ms), link.id)


class Inviting:
    """Sends links to people who were named. Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def invite(
        self, case_id: UUID, party_id: UUID, base_url: str, person: str, utc_ms: int
    ) -> None:
        """Queue the message with a new link; links of theirs that nobody opened end. `person` is
        the user who sends it. Raises NotReachable."""
        with self._engine.begin() as db:
            acting.lock(db, case_id)
            party = parties.get(db, party_id)
            head = situation.letterhead(db, utc_ms)
            if party is None or party.case_id != case_id or head is None:
                raise NotReachable("no such person in this case, or no policy pack is in force")
            if not is_reachable(party):
                raise NotReachable("telephone and ID number must be known")
            link = queue_link(db, party, PURPOSE, head, base_url, utc_ms).link
            payload = {"party": str(party_id), "link": str(link)}
            events.append(db, events.Event(utc_ms, person, "owner-invited", case_id, payload))
