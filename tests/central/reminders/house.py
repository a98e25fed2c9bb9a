"""An office with real gateways on loopback, a fleet of one, and a clock that tests turn.

with house(engine, tmp_path) as h:
    arrival = h.arrives()
    h.round()
    h.phone.messages
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from sqlalchemy import Engine, select

from central import reminder_rows
from central.database import reading
from central.gateways.config import HttpRegister, HttpSms
from central.gateways.local import phone, register
from central.gateways.local.serving import serving
from central.gateways.opened import Gateways
from central.gateways.register import HttpRegisterGateway, Vehicle
from central.gateways.sms import HttpSmsGateway
from central.notices import Notices
from central.policies import Policies, read_pack
from central.receipts import Outgoing
from central.reminder_office import Outside
from central.reminder_rows import Pending
from central.reminding import Stage
from central.second_reading import MachineReading, ReaderDown, SecondReader
from central.tables import case_event
from edge.wire.records import PlateReading, Rules
from edge.wire.records import Vehicle as Seen
from tests.central.gateways.servers import Scripted, scripted
from tests.device import Packet, Shot, SimulatedDevice
from tests.office import Office

PACK = Path(__file__).parents[3] / "configs" / "policy.yaml"
CHINA = ZoneInfo("Asia/Shanghai")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G"
OWNER = Vehicle(
    plate="浙B12345",
    colour="blue",
    vehicle_class="small-car",
    contact="13800000000",
    vin_tail="047371",
    id_tail="31002X",
)
SHOTS = [
    Shot("arrival", width=48, height=32),
    Shot("arrival", view="plate", width=48, height=16),
]


def seen(text: str | None, colour: str = "blue", grammar: str = "civil") -> Seen:
    """A vehicle with its plate as the box read it."""
    read = text is not None
    plate = PlateReading.model_validate(
        {
            "status": "read" if read else "unread",
            "text": text,
            "grammar": grammar if read else None,
            "colour": colour if read else None,
            "confidence_pm": 950 if read else 0,
            "chars_pm": [950] * len(text) if text else [],
            "frames": 30 if read else 0,
        }
    )
    return Seen(kind="car", plate=plate)


def rules(pack: str) -> Rules:
    """What a device keeps to under a pack."""
    return Rules(
        policy_sha256=pack,
        settle_ms=10_000,
        confirm_ms=60_000,
        grace_ms=900_000,
        max_gap_ms=120_000,
    )


@dataclass
class ToldReader:
    """A second reader that answers what a test says; None: it does not work."""

    answer: MachineReading | None

    def read(self, image: Path) -> MachineReading:
        assert image.is_file()
        if self.answer is None:
            raise ReaderDown("the second reader does not work: it ended")
        return self.answer

    def start(self) -> None:
        """Nothing to start."""

    def close(self) -> None:
        """Nothing to end."""


READ = MachineReading(plate="浙B12345", colour="blue", confidence_pm=950)


@dataclass
class House:
    office: Office
    device: SimulatedDevice
    phone: phone.Phone
    books: register.Books
    pushed: Scripted
    reader: ToldReader
    pack: str
    published: list[Outgoing] = field(default_factory=list)

    def arrives(
        self, text: str | None = "浙B12345", colour: str = "blue", grammar: str = "civil"
    ) -> Packet:
        """A vehicle stands in the lane; its packet is stored a second after it was made."""
        vehicle = seen(text, colour, grammar)
        packet = self.device.arrival(SHOTS, vehicle=vehicle, rules=rules(self.pack))
        self.office.clock.now_utc_ms = packet.record.made.utc_ms + 1_000
        self.office.deliver(packet)
        return packet

    def deliver(self, packet: Packet) -> None:
        self.office.deliver(packet)

    @property
    def now(self) -> int:
        return self.office.clock.now_utc_ms

    def later(self, seconds: float) -> None:
        self.office.clock.now_utc_ms += int(seconds * 1000)

    def round(self) -> None:
        """What a running server does in a round."""
        self.office.reminders.reminders.run(self.now)
        Notices(self.office.engine, self.office.signer, self.published.append).run(self.now)

    def rounds(self, count: int, every_s: float = 6) -> None:
        for _ in range(count):
            self.round()
            self.later(every_s)

    def row(self, packet: Packet) -> Pending:
        with reading(self.office.engine) as db:
            found = reminder_rows.get(db, self.office.case_of(packet))
        assert found is not None
        return found

    def stands(self, packet: Packet) -> tuple[Stage, str]:
        row = self.row(packet)
        return row.stage, row.why

    def state(self, packet: Packet) -> str:
        return self.office.standing(packet).main.value

    def lines(self, packet: Packet, kind: str) -> list[dict[str, str]]:
        """The log's lines of a kind about the packet's case."""
        table = case_event
        mine = (table.c.case_id == self.office.case_of(packet)) & (table.c.type == kind)
        with reading(self.office.engine) as db:
            texts = db.scalars(select(table.c.payload).where(mine).order_by(table.c.seq)).all()
        return [json.loads(text) for text in texts]

    def reports(self) -> int:
        """Take every report that the gateway pushed and nobody took yet."""
        taken = 0
        while self.pushed.came:
            asked = self.pushed.came.pop(0)
            self.take(asked.headers, asked.body)
            taken += 1
        return taken

    def take(self, headers: dict[str, str], body: bytes) -> None:
        self.office.reminders.take_report(headers, body, self.now)

    def case_id(self, packet: Packet) -> UUID:
        return self.office.case_of(packet)


@contextmanager
def house(
    engine: Engine,
    folder: Path,
    *,
    entries: tuple[Vehicle, ...] = (OWNER,),
    mood: phone.Mood = phone.Mood.NEVER,
    changed: dict[str, str] | None = None,
    second: SecondReader | None = None,
) -> Iterator[House]:
    """`changed` replaces texts of the example pack, `second` the reader that tests tell."""
    with ExitStack() as stack:
        pushed = stack.enter_context(scripted(lambda _: (204, b"")))
        clock = Office.open(engine, folder).clock
        telephones = phone.Phone(clock, "word", SECRET, mood, slow_s=3, late_s=0.2)
        books = register.Books(clock, entries)
        phone_port = stack.enter_context(serving(phone.create_phone(telephones)))
        register_port = stack.enter_context(serving(register.create_register(books)))
        stack.callback(telephones.stop.set)
        sms = HttpSms(
            kind="http",
            url=f"http://127.0.0.1:{phone_port}",
            token=SecretStr("word"),
            report_secret=SecretStr(SECRET),
            timeout_s=1.5 if mood is phone.Mood.SLOW else 30,
        )
        vehicles = HttpRegister(kind="http", url=f"http://127.0.0.1:{register_port}")
        gateways = Gateways(HttpSmsGateway(sms, pushed.url), HttpRegisterGateway(vehicles))
        reader = ToldReader(READ)
        outside = Outside(
            "https://firelane.example", CHINA, gateways, second or reader, sms.report_secret
        )
        office = Office.open(engine, folder, outside)
        telephones.clock = books.clock = office.clock
        stack.callback(office.reminders.close)
        pack = _pack_in_force(office, folder, changed or {})
        device = office.register(SimulatedDevice())
        yield House(office, device, telephones, books, pushed, reader, pack)


def _pack_in_force(office: Office, folder: Path, changed: dict[str, str]) -> str:
    text = PACK.read_text(encoding="utf-8").replace("2026-12-01", "2026-01-01")
    text = text.replace("2026-11-01", "2026-01-01")
    for old, new in changed.items():
        assert old in text
        text = text.replace(old, new)
    pack = read_pack(text.encode(), PACK)
    Policies(office.engine, office.signer).add(pack, "test", office.clock.utc_ms())
    return pack.sha256
