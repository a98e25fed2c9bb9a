"""Who says on the owner's page who they are may have it confirmed by the population register: a
register over mutual TLS, asked as the server asks it."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from httpx import Client
from sqlalchemy import select

from central.clock import SystemClock
from central.events import parse_payload
from central.gateways.config import HttpIdentity
from central.gateways.identity import HttpIdentityGateway
from central.gateways.local.register import Books, Mood, create_register
from central.gateways.local.serving import Tls, serving
from central.owner import parties
from central.owner.identifying import MOST_ASKED
from central.owner.parties import Party
from central.tables import case_event
from scripts import certificates
from tests.case_files import CaseFile
from tests.case_steps import TO_FILED
from tests.owners import Owner
from tests.staff import Staff, token

NUMBER, OTHER = "11010519491231002X", "330203199001011236"
REGISTER = (
    "plate,colour,vehicle_class,usage,status,vin,phone,holder_kind,holder_name,holder_id,"
    "holder_address\n浙B12345,blue,small-car,private,normal,LSVAA49J132047371,13800000000,person,"
    f"张小明,{NUMBER},示例区望江路 8 号\n"
)
OFFERED = "确认我的身份"


@pytest.fixture
def books(staff: Staff, tmp_path: Path) -> Iterator[Books]:
    """What the register was asked; the owner's page asks it."""
    pki, file = tmp_path / "pki", tmp_path / "register.csv"
    certificates.init(pki)
    for name in ("register", "central"):
        certificates.server(pki, name, [], certificates.DAYS)
    file.write_text(REGISTER, encoding="utf-8")
    books = Books.read(SystemClock(), file)
    own = Tls(pki / "ca.pem", pki / "register.pem", pki / "register.key.pem")
    with serving(create_register(books), own) as port:
        config = HttpIdentity(
            kind="http",
            url=f"https://127.0.0.1:{port}",
            ca=pki / "ca.pem",
            cert=pki / "central.pem",
            key=pki / "central.key.pem",
        )
        with closing(HttpIdentityGateway(config)) as gateway:
            staff.use_identity(gateway)
            yield books


def admit(owner: Owner, client: Client, number: str = NUMBER) -> None:
    """The driver says who they are."""
    told = {"name": "张小明", "phone": "13800000000", "address": "示例区望江路 8 号"}
    sent = owner.send(client, "me", {"grounds": "driver", "id_number": number, **told})
    assert sent.status_code == 303, sent.text


def opened(staff: Staff, file: CaseFile) -> Owner:
    file.walk(TO_FILED)
    return Owner.of(staff, file.case_id)


def told(file: CaseFile) -> Sequence[tuple[str, dict[str, str]]]:
    table = case_event
    query = select(table.c.type, table.c.payload).where(table.c.type.like("identity-%"))
    with file.office.engine.connect() as db:
        return [(row.type, parse_payload(row.payload)) for row in db.execute(query)]


def me(file: CaseFile) -> Party:
    with file.office.engine.connect() as db:
        [known] = parties.named(db, file.case_id)
    return known


def test_who_the_register_knows_is_confirmed_and_no_name_is_logged(
    staff: Staff, file: CaseFile, books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    owner = opened(staff, file)
    with owner.inside() as client:
        admit(owner, client)
        before = client.get(owner.path).text
        unticked = owner.send(client, "identity", {})
        sent = owner.send(client, "identity", {"sure": "yes"})
        page = client.get(sent.headers["location"]).text
        again = client.get(f"{owner.path}/identity")

    party = me(file)
    assert f">{OFFERED}</a>" in before
    assert unticked.status_code == 422
    assert "身份核对一致，已经记录。" in page
    assert f">{OFFERED}</a>" not in page
    assert again.status_code == 409
    assert party.checked_utc_ms == file.office.clock.utc_ms()
    assert [(line.purpose, line.case, line.found) for line in books.asked] == [
        ("party", "2026-000001", 1)
    ]
    about = {"party": str(party.id)}
    assert told(file) == [
        ("identity-asked", about),
        ("identity-answered", {**about, "answer": "belongs"}),
    ]
    assert not [one for one in ("张小明", NUMBER) if one in caplog.text]


def test_who_does_not_belong_to_the_number_is_told_and_an_officer_still_checks(
    staff: Staff, file: CaseFile, books: Books
) -> None:
    owner = opened(staff, file)
    with owner.inside() as client:
        admit(owner, client, OTHER)
        sent = owner.send(client, "identity", {"sure": "yes"})
        page = client.get(sent.headers["location"]).text

    assert "姓名和身份证号码核对不一致" in page
    assert me(file).checked_utc_ms is None
    assert [line["answer"] for kind, line in told(file) if kind == "identity-answered"] == [
        "differs"
    ]
    assert len(books.asked) == 1


def test_a_register_that_is_down_is_shown_and_asked_again_later(
    staff: Staff, file: CaseFile, books: Books
) -> None:
    owner = opened(staff, file)
    books.mood = Mood.DOWN
    with owner.inside() as client:
        admit(owner, client)
        sent = owner.send(client, "identity", {"sure": "yes"})
        away = client.get(sent.headers["location"]).text
        client.post(f"{owner.path}/leave", data={"csrf": token(client.get(owner.path))})
        owner.enter(client)  # the check of the link asks no gateway
        spoken = owner.send(client, "statement", {"grounds": "other", "text": "说明"})
        books.mood = Mood.WELL
        sent = owner.send(client, "identity", {"sure": "yes"})
        back = client.get(sent.headers["location"]).text

    assert "核对系统暂时不能使用" in away
    assert f">{OFFERED}</a>" in away
    assert spoken.status_code == 303
    assert "身份核对一致，已经记录。" in back


def test_the_register_is_not_asked_for_ever(staff: Staff, file: CaseFile, books: Books) -> None:
    owner = opened(staff, file)
    with owner.inside() as client:
        admit(owner, client, OTHER)
        filled = {**owner.form(client, "identity"), "sure": "yes"}
        path = f"{owner.path}/identity"
        codes = [client.post(path, data=filled).status_code for _ in range(MOST_ASKED + 1)]
        page = client.get(owner.path).text

    assert codes == [303] * MOST_ASKED + [429]
    assert len(books.asked) == MOST_ASKED
    assert f">{OFFERED}</a>" not in page


def test_without_a_gateway_nothing_is_offered(staff: Staff, file: CaseFile) -> None:
    owner = opened(staff, file)
    with owner.inside() as client:
        admit(owner, client)
        page = client.get(owner.path)
        form = client.get(f"{owner.path}/identity")

    assert f">{OFFERED}</a>" not in page.text
    assert form.status_code == 409
    assert told(file) == []
