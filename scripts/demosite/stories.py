"""Five cases from packet to end, one of each kind, as the people of the demo lead them.

Each story is a function of the town that it happens in: boxes see, the server reminds and tells the
box, people act through the pages. What is said on the way is for the person at the terminal.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import httpx

from central.lookup import Lookup
from central.views import CaseFilter
from scripts.demosite.boxes import UNREAD, ZONE, Box, Standing, read
from scripts.demosite.people import Clerk, Owner, link_in
from scripts.demosite.processes import DemoError

_LOOK_S = 0.5
_PATIENCE_S = 180.0
_OPEN_ENDED_S = 600.0


class Ended(Exception):
    """The demo ends while a story is being told."""


@dataclass(frozen=True, slots=True)
class Car:
    """A vehicle of the album with its entry in the register; `body` and `seen` are what officers
    make of its picture. No person's number begins with 99."""

    vehicle: str
    plate: str
    kind: str
    phone: str
    vin: str
    holder: str
    holder_id: str
    address: str
    body: str
    seen: str

    @property
    def answer(self) -> str:
        """The end of the vehicle's number: what the owner's page asks for."""
        return self.vin[-6:]


LEAVER = Car(
    "leaver", "浙B2K6P8", "small-car", "13800000011", "LFV2A21K0D4000101",
    "林晓", "990000199001011239", "示例区望江路 2 号", "blue", "car",
)  # fmt: skip
PAYER = Car(
    "payer", "浙B7M5K2", "small-car", "13800000012", "LFV2A21K0D4000202",
    "周正", "990000198805052349", "示例区望江路 7 号", "black", "car",
)  # fmt: skip
UNLOADER = Car(
    "unloader", "浙B4T9C6", "small-car", "13800000013", "LFV2A21K0D4000303",
    "吴天", "99000019790303123X", "示例区翠柏路 3 号", "white", "van",
)  # fmt: skip
REGISTER = (LEAVER, PAYER, UNLOADER)
BRIGADE_PLATE, MUDDY = "浙B1234应急", "muddy"


@dataclass
class Town:
    """What the stories happen in. Each story has a box of its own; `say` may be called from any
    thread."""

    web: str
    phone: str
    cashier: str
    lookup: Lookup
    boxes: Mapping[str, Box]
    clerks: Mapping[str, Clerk]
    say: Callable[[str], None]
    stop: threading.Event = field(default_factory=threading.Event)
    desk: threading.Lock = field(default_factory=threading.Lock)
    """One person does one thing at a time."""

    def until(self, ready: Callable[[], bool], what: str, limit_s: float = _PATIENCE_S) -> None:
        """Raises Ended, or DemoError after `limit_s`."""
        end = time.monotonic() + limit_s
        while not ready():
            if self.stop.wait(_LOOK_S):
                raise Ended
            if time.monotonic() > end:
                raise DemoError(f"waited {limit_s:.0f} s for {what}")

    def wait(self, seconds: float) -> None:
        if seconds > 0 and self.stop.wait(seconds):
            raise Ended

    def case_of(self, box: Box, standing: Standing) -> str:
        """The id of the stay's case, once it stands at the server."""
        found: list[UUID] = []

        def opened() -> bool:
            lookup = self.lookup
            for row in lookup.cases(CaseFilter(device=box.device)).rows:
                case = lookup.case(row.id)
                if case and case.records[0].record.stay.id == standing.stay:
                    found.append(row.id)
            return bool(found)

        self.until(opened, f"the case of {standing.vehicle}")
        return str(found[0])

    def stands(self, case_id: str) -> str:
        row = self.lookup.case(UUID(case_id))
        assert row is not None
        return row.row.state

    def reaches(self, case_id: str, *states: str, limit_s: float = _PATIENCE_S) -> None:
        what = f"case {case_id} to be {' or '.join(states)}"
        try:
            self.until(lambda: self.stands(case_id) in states, what, limit_s)
        except DemoError as error:
            raise DemoError(f"{error}; it is {self.stands(case_id)}") from None

    def types(self, case_id: str, name: str, plate: str | None) -> None:
        """Somebody types the plate of a case that waits for it, or cannot read it."""

        def typed() -> bool:
            with self.desk:
                return self.clerks[name].type_plate(case_id, plate)

        self.until(typed, f"case {case_id} to wait for its plate")

    def link_of(self, car: Car) -> str:
        """The owner's link, read from the telephone that it was sent to."""
        texts: list[str] = []

        def came() -> bool:
            page = httpx.get(self.phone, timeout=30).text
            texts.extend(part for part in page.split("<section>") if car.phone in part)
            return bool(texts)

        self.until(came, f"an SMS to {car.phone}")
        return link_in(texts[0])


@dataclass(frozen=True, slots=True)
class Story:
    name: str
    tells: str
    ends_as: str
    run: Callable[[Town], str]
    """Gives the id of its case."""


def _reminded(town: Town, box: Box, car: Car) -> tuple[Standing, str]:
    """The car stands there, somebody reads its plate too, its owner is reminded, the box knows."""
    standing = box.arrived(car.vehicle, read(car.plate, "civil", "blue"))
    case_id = town.case_of(box, standing)
    town.types(case_id, "officer-1", car.plate)
    town.reaches(case_id, "reminded")
    town.until(lambda: box.noticed(standing), "the server's notice at the box")
    town.say(f"{car.plate}: the owner has an SMS, the grace runs ({box.left_s(standing):.0f} s)")
    return standing, case_id


def leaves_in_time(town: Town) -> str:
    box = town.boxes["leaver"]
    standing, case_id = _reminded(town, box, LEAVER)
    town.wait(5)
    box.left(standing)
    town.reaches(case_id, "departed-in-grace")
    town.say(f"{LEAVER.plate}: left in time; no penalty, its images are erased on schedule")
    return case_id


def _overstayed(town: Town, box: Box, car: Car) -> str:
    standing, case_id = _reminded(town, box, car)
    town.wait(box.left_s(standing) + 1)
    box.overstayed(standing)
    town.reaches(case_id, "overstayed")
    town.say(f"{car.plate}: still there after the grace; two officers look at it")
    box.left(standing)
    return case_id


def _filed(town: Town, case_id: str, car: Car) -> Owner:
    """Two officers review, the head files, the owner says on the page who drove, and officers check
    that and give notice."""
    one, two = town.clerks["officer-1"], town.clerks["officer-2"]
    for officer in (one, two):
        with town.desk:
            officer.review(case_id, plate=car.plate, colour=car.body, kind=car.seen)
    town.reaches(case_id, "owner-resolved")
    with town.desk:
        one.act(case_id, "propose-filing")
        town.clerks["head"].act(case_id, "file")
    owner = Owner(town.web, town.link_of(car))
    owner.enter(car.answer)
    owner.say(
        "me", grounds="holder", name=car.holder, phone=car.phone, id_number=car.holder_id,
        address=car.address,
    )  # fmt: skip
    with town.desk:
        one.act(case_id, "identify-party")
        two.sign(case_id)
        one.act(case_id, "notify")
        two.sign(case_id)
        town.clerks["service"].receipt(case_id, "notice", **_served(), received_day=_today())
    town.say(f"{car.plate}: filed; the owner has the notice and may speak")
    return owner


def _decided(town: Town, case_id: str) -> None:
    """The head decides, and the decision is handed over."""
    with town.desk:
        town.clerks["head"].act(case_id, "decide")
        service = town.clerks["service"]
        service.act(case_id, "begin-service", **_served())
        service.act(case_id, "prove-service", **_served())
    town.reaches(case_id, "payable")


def _served() -> dict[str, str]:
    return {
        "way": "直接送达",
        "service_place": "示例区消防救援大队窗口",
        "service_result": "本人签收",
    }


def _today() -> str:
    return f"{datetime.now(ZONE):%Y-%m-%d}"


def overstays_and_pays(town: Town) -> str:
    case_id = _overstayed(town, town.boxes["payer"], PAYER)
    owner = _filed(town, case_id, PAYER)
    owner.say("waive", sure="yes")
    _decided(town, case_id)
    town.say(f"{PAYER.plate}: decided and served; the bill is on the owner's page")
    bill = owner.bill()
    httpx.post(bill, data={"fen": "10000"}, timeout=30)
    statement = httpx.get(f"{town.cashier}/statement.csv", timeout=30).content
    with town.desk:
        town.clerks["finance"].bring_statement(statement)
        town.reaches(case_id, "paid")
        town.clerks["head"].act(case_id, "close", outcome="罚款已缴清，违法行为已改正。")
    town.say(f"{PAYER.plate}: paid, found in the treasury's statement, closed")
    return case_id


def disputes_and_is_revoked(town: Town) -> str:
    case_id = _overstayed(town, town.boxes["unloader"], UNLOADER)
    owner = _filed(town, case_id, UNLOADER)
    words = "当时正在为行动不便的老人搬运轮椅，已请门卫帮忙看护，随时可以驶离。"
    owner.say("statement", grounds="loading", text=words)
    town.say(f"{UNLOADER.plate}: the owner disputes it on the page that the SMS led to")
    with town.desk:
        town.clerks["legal"].act(case_id, "recheck", grounds="影像中无人看护车辆，理由不成立。")
    owner.say("waive", sure="yes")  # else the decision waits until the time to speak is over
    _decided(town, case_id)
    owner.say("reconsider", text="门卫可以证明车旁一直有人，未妨碍消防车通行，请求撤销。")
    town.say(f"{UNLOADER.plate}: decided; the owner asks for reconsideration")
    letter = {
        "outside_agency": "示例区人民政府",
        "outside_number": "示政复〔2026〕1号",
        "grounds": "门卫证言属实，事实不清，予以撤销。",
    }
    with town.desk:
        legal = town.clerks["legal"]
        legal.act(case_id, "decide-reconsideration", **letter)
        legal.act(case_id, "revoke", grounds="复议机关撤销原行政处罚决定。")
    town.reaches(case_id, "revoked")
    town.say(f"{UNLOADER.plate}: revoked; nothing is to be paid")
    return case_id


def fire_engine(town: Town) -> str:
    box = town.boxes["brigade"]
    standing = box.arrived("brigade", read(BRIGADE_PLATE, "emergency", "white"))
    case_id = town.case_of(box, standing)
    with town.desk:
        town.clerks["officer-1"].act(
            case_id, "exempt", exempt_reason="duty", grounds="消防车执行任务，依法免予处理"
        )
        town.clerks["officer-2"].sign(case_id)
    town.reaches(case_id, "exempt")
    town.say(f"{BRIGADE_PLATE}: a fire engine on duty; exempt, nobody was looked up")
    box.left(standing)
    return case_id


def unreadable_plate(town: Town) -> str:
    box = town.boxes["muddy"]
    standing = box.arrived(MUDDY, UNREAD, empty="night")
    case_id = town.case_of(box, standing)
    for name in ("officer-1", "officer-2"):
        town.types(case_id, name, None)
    town.reaches(case_id, "reminder-failed")
    town.say("unreadable plate at night: two people were not sure of it, so nobody is reminded")
    town.wait(box.left_s(standing) + 1)
    box.overstayed(standing)
    box.left(standing)
    town.reaches(case_id, "departed-in-grace")
    town.say("unreadable plate: the car left, the case ends without an accused")
    return case_id


STORIES = (
    Story("leaver", "leaves in time", "departed-in-grace", leaves_in_time),
    Story("payer", "overstays and pays", "closed", overstays_and_pays),
    Story("unloader", "disputes and is revoked", "revoked", disputes_and_is_revoked),
    Story("brigade", "fire engine, exempt", "exempt", fire_engine),
    Story("muddy", "unreadable plate", "departed-in-grace", unreadable_plate),
)
