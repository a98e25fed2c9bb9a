"""Every route of the application, tried by everybody who must not open it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from httpx import Client

from central.access import Role, allowed
from central.accounts import NewUser
from central.auth import token_sha256
from central.web.owner_forms import FORMS
from tests.doors import Door, doors
from tests.owners import Owner
from tests.staff import HASH, Staff
from tests.stories import BLUE_PLATE, RED, Teller

OPEN = {
    "GET /", "GET /sign-in", "POST /sign-in", "POST /sign-out", "POST /preferences",
    "GET /static/{digest}/{name}", "GET /favicon.ico", "GET /healthz",
    "GET /o/{token}", "POST /o/{token}/check",
}  # fmt: skip
"""What anybody may ask for: the doors themselves, and what shows nothing."""
LONG = {"GET /live"}
"""Streams: they answer as long as somebody listens."""


@contextmanager
def signed_in(staff: Staff, role: Role) -> Iterator[tuple[Client, str]]:
    """A browser of somebody with the role, and the token of its forms."""
    name = f"one-{role.value}"
    if staff.accounts.user_by_name(name) is None:
        staff.accounts.add_user(NewUser(name, name, HASH, role), staff.office.clock.utc_ms())
    with staff.visitor() as client:
        opened = staff.session(name, proved=True)
        client.cookies.set("firelane", opened)
        session = staff.accounts.session(token_sha256(opened))
        assert session is not None
        yield client, session.csrf


def ask(client: Client, door: Door, path: str, csrf: str = "") -> int:
    if door.method == "GET":
        return client.get(path).status_code
    return client.request(door.method, path, data={"csrf": csrf}).status_code


@pytest.fixture
def found(staff: Staff) -> list[Door]:
    return [door for door in doors(staff.app) if str(door) not in LONG]


def test_every_door_has_a_guard_or_is_known_to_need_none(found: list[Door]) -> None:
    assert len(found) > 30
    assert {str(door) for door in found if not door.is_guarded and not door.is_gateways} == OPEN


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"x=1", b"\xff\x00", b'{"a":' * 5000])
def test_gateways_are_believed_nothing_without_their_signature(
    staff: Staff, teller: Teller, found: list[Door], body: bytes
) -> None:
    teller.demo()
    before = staff.office.lookup.mark()
    callbacks = [door for door in found if door.is_gateways]
    with staff.visitor() as client:
        answers = {
            str(door): client.post(door.address(channel=channel), content=body).status_code
            for door in callbacks
            for channel in ("local", "wechat", "nothing")
        }

    assert len(callbacks) >= 3
    assert {name: status for name, status in answers.items() if status >= 500} == {}
    assert staff.office.lookup.mark() == before


def test_nobody_who_did_not_sign_in_opens_a_guarded_door(
    staff: Staff, teller: Teller, found: list[Door]
) -> None:
    teller.demo()
    case_id = str(staff.case_id())
    with staff.visitor() as client:
        answers = {
            str(door): ask(client, door, door.address(case_id=case_id))
            for door in found
            if door.is_guarded
        }

    let_in = {
        name: status for name, status in answers.items() if status not in (303, 401, 403, 404)
    }
    assert let_in == {}
    # Who is not signed in cannot even tell whether a staff page is there.
    assert {status for name, status in answers.items() if "/o/" not in name} <= {303, 401, 403}


@pytest.mark.parametrize("role", Role)
def test_each_role_is_refused_exactly_where_the_table_says(
    staff: Staff, teller: Teller, found: list[Door], role: Role
) -> None:
    teller.demo()
    case_id = str(staff.case_id())
    wrong, broken = [], []
    with signed_in(staff, role) as (client, csrf):
        for door in found:
            if door.is_owners or not door.acts or door.path == "/sign-out":
                continue
            status = ask(client, door, door.address(case_id=case_id), csrf)
            may = all(allowed(role, act) for act in door.acts)
            if (status == 403) == may:
                wrong.append(f"{door}: {status}")
            if status >= 500:
                broken.append(f"{door}: {status}")

    assert wrong == []
    assert broken == []


def test_no_form_is_taken_without_the_sessions_token_or_from_another_site(
    staff: Staff, teller: Teller, found: list[Door]
) -> None:
    teller.demo()
    case_id = str(staff.case_id())
    taken = []
    forms = [door for door in found if door.takes_a_form and not door.is_owners]
    for role in (Role.ADMIN, Role.OFFICER, Role.HEAD, Role.FINANCE):
        with signed_in(staff, role) as (client, csrf):
            for door in forms:
                path = door.address(case_id=case_id)
                for sent, headers in (
                    ({}, {}),
                    ({"csrf": "x" * 32}, {}),
                    ({"csrf": csrf}, {"sec-fetch-site": "cross-site"}),
                    ({"csrf": csrf}, {"sec-fetch-site": "same-site"}),
                ):
                    status = client.post(path, data=sent, headers=headers).status_code
                    if status != 403:
                        taken.append(f"{door} {headers}: {status}")

    assert len(forms) > 8
    assert taken == []


def owner_doors(found: list[Door]) -> list[tuple[Door, str]]:
    """Each owner's route, each form by its name."""
    names = [
        (door, name)
        for door in found
        if door.is_owners and str(door) not in OPEN
        for name in (FORMS if "{name}" in door.path else [""])
    ]
    assert len(names) > 15
    return names


@pytest.fixture
def two(staff: Staff, teller: Teller) -> tuple[Owner, Owner]:
    """Two links to two cases."""
    links = []
    for number in (1, 2):
        gate = teller.device(f"gate-{number}", "望江花园", number)
        teller.arrive(gate, RED, BLUE_PLATE)
        links.append(Owner.of(staff, staff.case_id()))
        staff.office.clock.now_utc_ms += 1000
    return links[0], links[1]


def test_an_owners_token_opens_nothing_of_anothers(
    two: tuple[Owner, Owner], found: list[Door]
) -> None:
    mine, others = two
    let_in = []
    with mine.inside() as client, others.inside() as foreign:
        keys = dict(client.cookies.items())
        csrf = mine.form(client, "statement")["csrf"]
        page = foreign.get(others.path).text
        image = next(line for line in page.split('"') if "/exhibits/" in line)
        sha256 = image.rsplit("/", 1)[1]
        for door, name in owner_doors(found):
            path = door.address(token=others.token, name=name, sha256=sha256)
            client.cookies.update(keys)
            status = ask(client, door, path, csrf)
            if status not in (401, 403, 404):
                let_in.append(f"{door} {name}: {status}")
        across = client.get(f"{mine.path}/exhibits/{sha256}").status_code
        own = foreign.get(f"{others.path}/exhibits/{sha256}").status_code

    assert let_in == []
    assert (across, own) == (404, 200)


def test_no_owners_form_is_taken_without_its_token_or_from_another_site(
    two: tuple[Owner, Owner], found: list[Door]
) -> None:
    mine, others = two
    taken = []
    with mine.inside() as client, others.inside() as foreign:
        csrf = mine.form(client, "statement")["csrf"]
        theirs = others.form(foreign, "statement")["csrf"]
        for door, name in owner_doors(found):
            if not door.takes_a_form:
                continue
            path = door.address(token=mine.token, name=name)
            for sent, headers in (
                ({}, {}),
                ({"csrf": theirs}, {}),
                ({"csrf": csrf}, {"sec-fetch-site": "cross-site"}),
            ):
                for files in (None, [("files", ("a.jpg", b"x", "image/jpeg"))]):
                    answered = client.post(path, data=sent, files=files, headers=headers)
                    if answered.status_code != 403:
                        taken.append(f"{door} {name} {headers}: {answered.status_code}")

    assert taken == []


def test_a_staff_session_opens_no_owners_door_and_the_other_way_round(
    two: tuple[Owner, Owner], found: list[Door]
) -> None:
    mine, _ = two
    with signed_in(mine.staff, Role.OFFICER) as (client, csrf):
        as_staff = {
            ask(client, door, door.address(token=mine.token, name=name), csrf)
            for door, name in owner_doors(found)
        }
    with mine.inside() as client:
        for name, value in list(client.cookies.items()):
            client.cookies.set("firelane", value)
            as_owner = {
                ask(client, door, door.address(case_id=str(mine.case_id)), csrf)
                for door in found
                if door.is_guarded and not door.is_owners
            }
            assert as_owner <= {303, 401, 403}, name

    assert as_staff <= {303, 401, 403, 404}
