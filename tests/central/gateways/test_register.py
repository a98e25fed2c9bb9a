"""Whose plate it is: over mutual TLS, from a file, and whether a name is somebody's."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from central.clock import SystemClock
from central.gateways.aliyun import AliyunSmsGateway
from central.gateways.calls import BadAnswer, GatewayDown, GatewayRefused
from central.gateways.config import (
    AliyunSms,
    CsvRegister,
    GatewaysConfig,
    HttpIdentity,
    HttpRegister,
    HttpSms,
)
from central.gateways.identity import Claim, HttpIdentityGateway, is_id_number
from central.gateways.local.register import Books, Mood, create_register
from central.gateways.local.serving import Tls, serving
from central.gateways.opened import open_gateways
from central.gateways.register import (
    BadRegister,
    CsvRegisterGateway,
    Holder,
    HttpRegisterGateway,
    Query,
    Vehicle,
    read_csv,
)
from central.gateways.sms import HttpSmsGateway
from scripts import certificates
from tests.central.gateways.servers import scripted

HEAD = (
    "plate,colour,vehicle_class,usage,status,vin,phone,holder_kind,holder_name,holder_id,"
    "holder_address\n"
)
ROW = (
    "浙B12345,blue,small-car,private,normal,LSVAA49J132047371,13800000000,person,张小明,"
    "11010519491231002X,示例区望江路 8 号\n"
)
ASKED = Query("浙B12345", "blue", "reminder", "2026-000001")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "register.csv"
    path.write_text(HEAD + ROW, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    certificates.init(folder)
    for name in ("register", "central"):
        certificates.server(folder, name, [], certificates.DAYS)
    return folder


@contextmanager
def register(pki: Path, file: Path) -> Iterator[tuple[Books, HttpRegister]]:
    books = Books.read(SystemClock(), file)
    own = Tls(pki / "ca.pem", pki / "register.pem", pki / "register.key.pem")
    with serving(create_register(books), own) as port:
        yield (
            books,
            HttpRegister(
                kind="http",
                url=f"https://127.0.0.1:{port}",
                ca=pki / "ca.pem",
                cert=pki / "central.pem",
                key=pki / "central.key.pem",
            ),
        )


def ask(config: HttpRegister, query: Query) -> Sequence[Vehicle]:
    with closing(HttpRegisterGateway(config)) as gateway:
        return gateway.find(query)


def test_a_reminder_learns_the_telephone_and_no_name(pki: Path, file: Path) -> None:
    with register(pki, file) as (books, config):
        found = ask(config, ASKED)

    assert [(one.plate, one.contact, one.vehicle_class) for one in found] == [
        ("浙B12345", "13800000000", "small-car")
    ]
    assert (found[0].vin_tail, found[0].id_tail, found[0].holder) == ("047371", "31002X", None)
    assert [(line.purpose, line.case) for line in books.asked] == [("reminder", "2026-000001")]


def test_a_case_learns_the_holder(pki: Path, file: Path) -> None:
    with register(pki, file) as (_books, config):
        found = ask(config, Query("浙B12345", "blue", "case", "2026-000001"))

    assert found[0].holder == Holder(
        kind="person",
        name="张小明",
        id_number="11010519491231002X",
        address="示例区望江路 8 号",
    )


def test_the_vehicles_own_colour_and_make_come_for_a_case_and_not_for_a_reminder(
    pki: Path, file: Path
) -> None:
    head, row = HEAD.strip(), ROW.strip()
    file.write_text(f"{head},body_colour,make,model\n{row},AJ,示例,S1\n", encoding="utf-8")
    with register(pki, file) as (_books, config):
        case = ask(config, Query("浙B12345", "blue", "case", "2026-000001"))
        reminder = ask(config, ASKED)

    told = [(one.body_colour, one.make, one.model) for one in (*case, *reminder)]
    assert told == [("AJ", "示例", "S1"), ("", "", "")]


def test_a_file_from_before_the_columns_of_the_vehicle_is_read_as_it_was(file: Path) -> None:
    (found,) = read_csv(file)

    assert (found.body_colour, found.make, found.model) == ("", "", "")


def test_a_letter_that_the_standard_does_not_know_is_told_and_not_passed_over(file: Path) -> None:
    file.write_text(f"{HEAD.strip()},body_colour\n{ROW.strip()},白\n", encoding="utf-8")
    with pytest.raises(BadRegister, match=r":2: wrong value for body_colour \(letters of GA 24.8"):
        read_csv(file)

    entry = b'{"plate": "ABCDEF", "colour": "blue", "vehicle_class": "x", "body_colour": "K"}'
    with scripted(lambda _: (200, b'{"vehicles": [%s]}' % entry)) as server:
        config = HttpRegister(kind="http", url=server.url)
        with pytest.raises(BadAnswer, match=r"^register answered a vehicle with a wrong body_c"):
            ask(config, ASKED)


def test_the_colour_is_part_of_the_question(pki: Path, file: Path) -> None:
    with register(pki, file) as (_books, config):
        assert ask(config, Query("浙B12345", "yellow", "case", "1")) == ()


def test_who_asks_without_a_case_is_refused(pki: Path, file: Path) -> None:
    with (
        register(pki, file) as (books, config),
        pytest.raises(GatewayRefused, match=r"^register answered 403$"),
    ):
        ask(config, Query("浙B12345", "blue", "reminder", ""))
    assert books.asked == []


def test_who_has_no_certificate_is_not_let_in(pki: Path, file: Path) -> None:
    with register(pki, file) as (books, config):
        bare = config.model_copy(update={"cert": None, "key": None})
        with pytest.raises(GatewayDown):
            ask(bare, ASKED)
        assert len(ask(config, ASKED)) == 1  # the control
    assert len(books.asked) == 1


def test_a_register_that_somebody_else_vouches_for_is_asked_nothing(
    pki: Path, file: Path, tmp_path: Path
) -> None:
    certificates.init(tmp_path / "other")
    with register(pki, file) as (books, config):
        other = config.model_copy(update={"ca": tmp_path / "other" / "ca.pem"})
        with pytest.raises(GatewayDown):
            ask(other, ASKED)
    assert books.asked == []


@pytest.mark.parametrize(("mood", "fault"), [(Mood.DOWN, GatewayDown), (Mood.GARBLED, BadAnswer)])
def test_a_register_that_is_ill_is_told_from_one_that_finds_nothing(
    pki: Path, file: Path, mood: Mood, fault: type[Exception]
) -> None:
    with register(pki, file) as (books, config):
        books.mood = mood
        with pytest.raises(fault):
            ask(config, ASKED)


@pytest.mark.parametrize(
    "body",
    [
        b'{"vehicles": 3}',
        b'{"vehicles": [{"plate": 7}]}',
        b"{}",
        b'{"vehicles": [%s]}' % (b"{}," * 20 + b"{}"),
    ],
)
def test_nonsense_from_a_register_is_no_owner(body: bytes) -> None:
    with scripted(lambda _: (200, body)) as server:
        config = HttpRegister(kind="http", url=server.url)
        with pytest.raises(BadAnswer, match=r"^register (must answer a list|answered a vehicle)"):
            ask(config, ASKED)
    assert server.came[0].path == "/vehicles/find"  # what is asked stands in no address


def test_a_file_is_read_again_when_it_was_changed(file: Path) -> None:
    gateway = CsvRegisterGateway(CsvRegister(kind="csv", file=file))
    assert [one.contact for one in gateway.find(ASKED)] == ["13800000000"]

    file.write_text(HEAD + ROW + ROW.replace("13800000000", "13900000000"), encoding="utf-8")

    assert [one.contact for one in gateway.find(ASKED)] == ["13800000000", "13900000000"]
    assert gateway.find(ASKED)[0].holder is None
    assert gateway.find(Query("浙B12346", "blue", "reminder", "1")) == ()


def test_a_broken_file_is_a_register_that_is_down(file: Path) -> None:
    gateway = CsvRegisterGateway(CsvRegister(kind="csv", file=file))
    file.write_text("plate\n", encoding="utf-8")

    with pytest.raises(GatewayDown, match=r"^the register file register.csv has faults$"):
        gateway.find(ASKED)
    file.unlink()
    with pytest.raises(GatewayDown, match=r"^the register file register.csv cannot be read$"):
        gateway.find(ASKED)


def test_every_fault_of_a_file_is_told_with_its_line(file: Path) -> None:
    lines = [
        ROW,
        ROW.replace("浙B12345", "浙B1"),
        ROW.replace("blue", "green"),
        ROW.replace("person", "ghost"),
    ]
    file.write_text(HEAD + "".join(lines), encoding="utf-8")

    with pytest.raises(BadRegister) as refused:
        read_csv(file)

    assert str(refused.value).replace(f"{file}:", "").splitlines() == [
        "3: plate must be a number plate, got '浙B1'",
        "4: colour must be one of blue, yellow for this plate, got 'green'",
        "5: wrong value for kind",
    ]
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(BadRegister, match="must be UTF-8 text"):
        read_csv(file)


def test_a_name_and_a_number_belong_together_or_do_not(pki: Path, file: Path) -> None:
    with register(pki, file) as (books, config):
        same = config.model_dump() | {"kind": "http"}
        gateway = HttpIdentityGateway(HttpIdentity.model_validate(same))
        right = gateway.belongs(Claim("张小明", "11010519491231002X", "2026-000001"))
        wrong = gateway.belongs(Claim("李小红", "11010519491231002X", "2026-000001"))
        gateway.close()

    assert (right, wrong) == (True, False)
    assert [line.purpose for line in books.asked] == ["party", "party"]


@pytest.mark.parametrize(
    ("number", "good"),
    [
        ("11010519491231002X", True),
        ("110105194912310021", False),  # the last one does not check
        ("11010519491331002X", False),  # no such month
        ("1101051949123100", False),
        ("11010519491231002x", False),
        ("", False),
    ],
)
def test_an_id_number_checks_itself(number: str, good: bool) -> None:
    assert is_id_number(number) is good


def test_what_is_configured_is_opened(file: Path) -> None:
    secret = SecretStr("whsec_" + "QUJD" * 10)
    sms = HttpSms(kind="http", url="https://sms.example", report_secret=secret)
    aliyun = AliyunSms(
        kind="aliyun",
        access_key_id=SecretStr("id"),
        access_key_secret=SecretStr("word"),
        sign_name="示例消防",
        template="SMS_1234",
    )

    nothing = open_gateways(GatewaysConfig(), "https://firelane.example")
    some = open_gateways(
        GatewaysConfig(sms=sms, vehicles=CsvRegister(kind="csv", file=file)), "https://x.example"
    )
    other = open_gateways(GatewaysConfig(sms=aliyun), "https://x.example")

    for each in (nothing, some, other):
        each.close()

    assert (nothing.sms, nothing.register, nothing.identity) == (None, None, None)
    assert isinstance(some.sms, HttpSmsGateway)
    assert isinstance(some.register, CsvRegisterGateway)
    assert isinstance(other.sms, AliyunSmsGateway)
