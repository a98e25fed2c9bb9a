"""Cases led through the staff pages over HTTP, as people do it: form, preview, issue, sign.

walk = Walk.begun(staff, teller)
walk.to_filed()
walk.act("wang", "identify-party", **PARTY)
"""

import re
from dataclasses import dataclass
from html import unescape
from uuid import UUID

from httpx import Client, Response
from sqlalchemy import select

from central import acting
from central.cases import Case, State
from central.clocks import Clocks
from central.document_tables import document
from central.documents.content import Content
from central.documents.wording import local
from central.gateways.register import Register
from central.holidays import load
from central.owner_lookup import OwnerLookup
from tests.case_files import IN_FORCE, add_pack
from tests.staff import Staff, token
from tests.stories import BLUE_PLATE, RED, Teller

HUMAN = ("in_lane", "clear", "same_vehicle", "obstructs", "not_exempt", "complete")
DAY_MS = 86_400_000
PACK = IN_FORCE.replace("until: 2027-01-01", "until: 2026-11-01")
"""The lane is past its warning phase."""
SIMPLE = PACK.replace("procedure: ordinary", "procedure: simple")
YES = {"no_conflict": "yes"}
SAW = {"colour": "red", "kind": "car"}
"""What every officer of the tests says of a vehicle, blind."""
PARTY = {
    "party_kind": "person",
    "party_relation": "driver",
    "party_name": "张小明",
    "party_id_number": "330200199001011234",
    "party_phone": "13800000000",
    "party_address": "示例区望江路 8 号",
    "id_seen": "yes",
    **YES,
}
SERVED = {"way": "直接送达", "service_place": "望江花园 3 幢", "service_result": "本人签收"}
_HIDDEN = re.compile(r'<input type="hidden" name="([a-z_.]+)" value="([^"]*)"')


def hidden(page: Response) -> dict[str, str]:
    """What a page's form sends by itself. The last form of the page wins."""
    return {name: unescape(value) for name, value in _HIDDEN.findall(page.text)}


def filled(client: Client, case_id: UUID, action: str, **fields: str) -> dict[str, str]:
    """The form of an act as it would be sent."""
    page = client.get(f"/cases/{case_id}/acts/{action}")
    return {**hidden(page), **fields}


@dataclass
class Walk:
    """One case and the people who lead it."""

    staff: Staff
    case_id: UUID
    clocks: Clocks

    @classmethod
    def begun(cls, staff: Staff, teller: Teller, pack: str = PACK, gate: int = 1) -> "Walk":
        """A vehicle that stayed on after its reminder; the pack is in force."""
        named = add_pack(staff.office, pack)
        camera = teller.device(f"gate-{gate}", "望江花园", gate)
        camera.policy_sha256 = named
        teller.overstay(camera, teller.arrive(camera, RED, BLUE_PLATE), gaps=())
        return cls(staff, staff.case_id(), Clocks(staff.office.engine, load()))

    def state(self) -> State:
        """Where the case stands on the main road."""
        return self.case.main

    @property
    def case(self) -> Case:
        with self.staff.office.engine.connect() as db:
            return acting.standing(db, self.case_id)

    def content(self, kind: str) -> Content:
        """The newest document of a kind."""
        query = select(document.c.content).where(
            document.c.case_id == self.case_id, document.c.kind == kind
        )
        with self.staff.office.engine.connect() as db:
            return Content.from_json(db.scalars(query.order_by(document.c.issued_utc_ms)).all()[-1])

    def kinds(self) -> list[str]:
        query = select(document.c.kind).where(document.c.case_id == self.case_id)
        with self.staff.office.engine.connect() as db:
            return list(db.scalars(query.order_by(document.c.issued_utc_ms)))

    def page(self, name: str) -> Response:
        with self.staff.signed_in(name) as client:
            return client.get(f"/cases/{self.case_id}")

    def try_act(self, name: str, action: str, **fields: str) -> Response:
        """Form, preview, issue; the first answer that does not lead on."""
        path = f"/cases/{self.case_id}/acts/{action}"
        with self.staff.signed_in(name, proved=True) as client:
            sent = filled(client, self.case_id, action, **{**YES, **fields})
            checked = client.post(path, data={**sent, "step": "check"})
            if checked.status_code != 200 or 'name="digest"' not in checked.text:
                return checked
            return client.post(path, data={**sent, **hidden(checked), "step": "do"})

    def act(self, name: str, action: str, **fields: str) -> None:
        """The act, whose answer leads back to the case."""
        self.staff.office.clock.now_utc_ms += 1000
        answer = self.try_act(name, action, **fields)
        assert answer.status_code == 303, said(answer)

    def sign(self, name: str) -> None:
        """The second officer's signature under the act that waits."""
        self.staff.office.clock.now_utc_ms += 1000
        answer = self.answer_signature(name, "sign")
        assert answer.status_code == 303, said(answer)

    def answer_signature(self, name: str, step: str, *, own: bool = False) -> Response:
        """Open what waits from the case's page, and sign it or not."""
        with self.staff.signed_in(name, proved=True) as client:
            case = client.get(f"/cases/{self.case_id}")
            found = re.search(r'href="(/signatures/[0-9a-f-]+)"', case.text)
            assert found is not None
            page = client.get(found.group(1))
            assert ("您是第一名签名人" in page.text) is (own or name == "wang")
            return client.post(found.group(1), data={**hidden(page), **YES, "step": step})

    def received(self, name: str, slug: str) -> None:
        """The notice or the demand was handed over today."""
        with self.staff.signed_in(name, proved=True) as client:
            path = f"/cases/{self.case_id}/receipts/{slug}"
            day = str(local(self.staff.office.clock.utc_ms()).date())
            sent = {**hidden(client.get(path)), **SERVED, **YES, "received_day": day}
            answer = client.post(path, data=sent)
            assert answer.status_code == 303, said(answer)

    def pass_days(self, days: int) -> None:
        """Time passes, and the office's clocks strike."""
        self.staff.office.clock.now_utc_ms += days * DAY_MS
        self.strike()

    def strike(self) -> None:
        self.clocks.run(self.staff.office.clock.utc_ms())

    def review(self, name: str, colour: str = SAW["colour"]) -> None:
        with self.staff.signed_in(name) as client:
            csrf = {"csrf": token(client.get("/account"))}
            path = f"/review/{self.case_id}"
            client.post(
                f"{path}/plate", data={**csrf, "plate": "浙B12345", **SAW, "colour": colour}
            )
            answer = client.post(path, data={**csrf, **dict.fromkeys(HUMAN, "yes"), **YES})
            assert answer.status_code == 303, said(answer)

    def to_owner(self, register: Register | None = None, colour: str = SAW["colour"]) -> None:
        """Two reviews by officers who saw this colour, and the register, if any, was asked."""
        self.review("wang", colour)
        self.review("li", colour)
        OwnerLookup(self.staff.office.engine, register).run(self.staff.office.clock.utc_ms())

    def to_filed(self) -> None:
        self.to_owner()
        self.act("wang", "propose-filing")
        self.act("chen", "file")

    def to_notified(self) -> None:
        self.to_filed()
        self.act("wang", "identify-party", **PARTY)
        self.sign("li")
        self.act("wang", "notify")
        self.sign("li")
        self.received("qian", "notice")

    def to_decided(self) -> None:
        """The party says nothing in time, and the head decides."""
        self.to_notified()
        self.pass_days(8)
        self.act("chen", "decide")

    def to_served(self) -> None:
        self.to_decided()
        self.act("qian", "begin-service", **SERVED)
        self.act("qian", "prove-service", **SERVED)


def said(answer: Response) -> str:
    """The text of a page without its tags: for what a failed test prints."""
    body = answer.text.split("<main", 1)[-1]
    words = re.sub(r"<[^>]+>", " ", body).split()
    return f"{answer.status_code} {' '.join(words)}"
