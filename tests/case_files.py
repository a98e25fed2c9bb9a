"""Cases on their way through the office, each act with its document, as staff do them.

file = CaseFile.opened(office, device)
file.to_decided()
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import insert, select

from central import acting, documents, tables
from central.case_moves import RULES
from central.cases import Act, Action, Guard, Role
from central.document_tables import document
from central.documents.content import Content
from central.owner_tables import party
from central.policies import Policies, read_pack
from edge.wire.records import PlateReading, Vehicle
from tests.case_steps import PEOPLE, TO_DECIDED, TO_PAYABLE, act
from tests.device import Shot, SimulatedDevice
from tests.office import Office

ALL = frozenset(Guard)
PACK = (Path(__file__).parents[1] / "configs" / "policy.yaml").read_text(encoding="utf-8")
IN_FORCE = PACK.replace("valid_from: 2026-12-01", "valid_from: 2026-11-01")
SMALL = (Shot(width=48, height=32), Shot(view="plate", width=24, height=16))
PLATE = PlateReading.model_validate(
    {
        "status": "read",
        "text": "浙B12345",
        "grammar": "civil",
        "colour": "blue",
        "confidence_pm": 988,
        "chars_pm": [991, 987, 996, 988, 988, 990, 993],
        "frames": 38,
    }
)
TYPED: Mapping[str, str] = {
    "answers": "clear=yes in_lane=yes",
    "grounds": "理由充分，材料附卷。",
    "way": "直接送达",
    "service_place": "望江花园 3 幢",
    "service_result": "受送达人签收",
    "statement": "当时在搬家具。",
    "application": "当月失业，申请延期。",
    "until_day": "2027-01-31",
    "to_agency": "示例区公安分局交通警察大队",
    "wrong": "10时05分",
    "right": "10时06分",
    "outcome": "罚款已全部缴清",
    "outside_agency": "示例区人民政府",
    "outside_number": "示政复〔2027〕1号",
    "refund_amount": "100.00",
    "refund_reference": "GK2026-77",
    "bill_code": "33020026120000000017",
    "bill_day": "2026年12月31日",
    "fine": "100.00",
    "surcharge": "12.00",
    "paid": "0.00",
    "left": "112.00",
}
"""What people type, and what the bill says where there is none."""


def add_pack(office: Office, text: str = IN_FORCE) -> str:
    """Put a pack in force; its name, which devices are told."""
    pack = read_pack(text.encode(), Path("p.yaml"))
    Policies(office.engine, office.signer).add(pack, "test", office.clock.utc_ms())
    return pack.sha256


def newest_pack(office: Office) -> str | None:
    """The pack that was put in force last."""
    table = tables.policy
    with office.engine.connect() as db:
        return db.scalar(select(table.c.sha256).order_by(table.c.version.desc()).limit(1))


@dataclass
class CaseFile:
    """One case and the office that handles it."""

    office: Office
    case_id: UUID

    @classmethod
    def opened(cls, office: Office, device: SimulatedDevice) -> "CaseFile":
        """A vehicle stayed on after the reminder. The pack must be in force."""
        device.policy_sha256 = newest_pack(office) or device.policy_sha256
        vehicle = Vehicle(kind="car", plate=PLATE)
        arrival = device.arrival(SMALL, vehicle=vehicle)
        office.deliver(arrival)
        office.remind(arrival)
        shots = [Shot("deadline", width=48, height=32)]
        office.deliver(device.overstay_after_notice(arrival, vehicle=vehicle, shots=shots))
        return cls(office, office.case_of(arrival))

    def name_party(self, name: str = "张小明") -> None:
        now = self.office.clock.utc_ms()
        with self.office.engine.begin() as db:
            db.execute(
                insert(party).values(
                    id=uuid4(),
                    case_id=self.case_id,
                    kind="person",
                    relation="driver",
                    name=name,
                    id_number="330200199001011234",
                    phone="13800000000",
                    address="示例区望江路 8 号",
                    source="party",
                    made_utc_ms=now,
                    checked_utc_ms=now,
                    checked_by="test",
                    confirmed_utc_ms=now,
                )
            )

    def do(self, done: Act, **typed: str) -> documents.Issued | None:
        """The act with its document, in one transaction. `typed` goes to both."""
        now = self.office.clock.utc_ms()
        extra = {**TYPED, "person": done.person, "second": done.second or "", **typed}
        with self.office.engine.begin() as db:
            case = acting.standing(db, self.case_id)
            kinds = [move.document for move in RULES.moves_of(case, done.action)]
            made = [kind for kind in kinds if kind in documents.KINDS]
            issued = [documents.issue(db, self.case_id, kind, now, extra) for kind in made]
            detail = dict(typed)
            for one in issued:
                detail |= {"document": one.sha256, "number": one.number or ""}
            acting.do(db, self.case_id, done, ALL, now, detail)
        return issued[0] if issued else None

    def walk(self, steps: tuple[Act, ...]) -> None:
        """Those of the steps that are not done yet."""
        with self.office.engine.connect() as db:
            done = [logged.act.action for logged in acting.acts(db, self.case_id)]
        for step in steps:
            if step.action not in done:
                self.do(step)

    def to_heard(self) -> None:
        """Everything is ready for the decision."""
        self.name_party()
        self.walk(TO_DECIDED[:-1])

    def to_decided(self) -> None:
        self.to_heard()
        self.walk(TO_DECIDED)

    def to_served(self) -> None:
        self.to_decided()
        self.walk(TO_PAYABLE[:-1])

    def decide(self) -> documents.Issued:
        issued = self.do(act(Action.DECIDE, Role.HEAD, PEOPLE[Role.HEAD]))
        assert issued is not None
        return issued

    def content(self, kind: str) -> Content:
        """The newest document of a kind."""
        query = select(document.c.content).where(
            document.c.case_id == self.case_id, document.c.kind == kind
        )
        with self.office.engine.connect() as db:
            rows = db.scalars(query.order_by(document.c.issued_utc_ms)).all()
        return Content.from_json(rows[-1])
