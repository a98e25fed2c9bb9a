"""Known-bad packets among the cases: they look alike, measure who reviews, and never become one."""

import re

import pytest

from central import tables
from central.database import connect, migrate
from central.export import Source, export_case
from central.review import Point
from central.seeds import A_DAY, BadSeed, New
from tests.office import Office
from tests.staff import Staff, token
from tests.stories import BLUE_PLATE, RED, Teller
from tests.walks import SAW

NEW = New(Point.IN_LANE, "车停在车道外", "望江花园")
HUMAN = ("in_lane", "clear", "same_vehicle", "obstructs", "not_exempt", "complete")


@pytest.fixture(scope="module")
def packet(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An overstay in a drawn scene, exported by another server."""
    folder = tmp_path_factory.mktemp("elsewhere")
    engine = connect(f"sqlite:///{folder}/central.db")
    migrate(engine)
    office = Office.open(engine, folder)
    teller = Teller(office, seed=500)
    box = teller.device("studio-1", "摄影棚", 77)
    late = teller.overstay(box, teller.arrive(box, RED, BLUE_PLATE), gaps=())
    source = Source(engine, office.blobs, office.signer)
    made = export_case(source, office.case_of(late), office.clock.utc_ms())
    engine.dispose()
    return made


@pytest.fixture
def seeded(staff: Staff, teller: Teller, packet: bytes) -> Staff:
    """A seed, and one real case that waits for review."""
    staff.back.seeds.add(packet, NEW, staff.office.clock.utc_ms())
    gate = teller.device("gate-1", "望江花园", 1)
    teller.overstay(gate, teller.arrive(gate, RED, BLUE_PLATE), gaps=())
    return staff


def waiting(staff: Staff, name: str = "wang") -> list[str]:
    with staff.signed_in(name) as client:
        return re.findall(r'href="/review/([0-9a-f-]{36})"', client.get("/review").text)


def seed_of(staff: Staff, name: str = "wang") -> str:
    real = str(staff.case_id())
    return next(one for one in waiting(staff, name) if one != real)


def judge(staff: Staff, seed: str, name: str, answer: str) -> str:
    """Type the plate that the machine read, then answer the first point."""
    with staff.signed_in(name) as client:
        page = client.get(f"/review/{seed}")
        sent = {"csrf": token(page), "plate": "浙B12345", **SAW}
        client.post(f"/review/{seed}/plate", data=sent)
        answers = {**dict.fromkeys(HUMAN, "yes"), "in_lane": answer, "grounds": "车轮在标线以外"}
        done = client.post(
            f"/review/{seed}", data={"csrf": sent["csrf"], "no_conflict": "yes", **answers}
        )
        return str(done.headers.get("location", done.status_code))


def test_a_seed_lies_in_the_queue_like_a_case_and_shows_its_pictures(seeded: Staff) -> None:
    both, seed = waiting(seeded), seed_of(seeded)
    with seeded.signed_in() as client:
        pages = {one: client.get(f"/review/{one}").text for one in both}
        shown = re.findall(r'<img src="(/exhibits/[0-9a-f]{64})"', pages[seed])
        pictures = [client.get(path).status_code for path in shown]

    shapes = [re.sub(r"[0-9a-f]{8,}|[0-9]+|\s", "", page) for page in pages.values()]
    assert len(both) == 2
    assert len(pictures) == 6
    assert set(pictures) == {200}
    assert {shape.count("<form") for shape in shapes} == {shapes[0].count("<form")}
    assert "2026-11-18" in pages[seed]


def test_who_looks_catches_it_and_who_does_not_misses_it(seeded: Staff) -> None:
    caught = judge(seeded, seed_of(seeded), "wang", "no")
    missed = judge(seeded, seed_of(seeded, "li"), "li", "yes")
    with seeded.signed_in("chen") as client:
        page = client.get("/quality").text

    results = {one.user_id: one for one in seeded.back.seeds.results()}
    wang, li = (results[seeded.user(name).id] for name in ("wang", "li"))
    assert (caught, missed) == ("/review?done=reject", "/review?done=review")
    assert (wang.answered, wang.caught, wang.missed) == (1, 1, ())
    assert (li.answered, li.caught, li.missed) == (1, 0, ("in_lane",))
    assert "王建国" in page
    assert "100%" in page


def test_a_seed_never_becomes_a_case_whatever_is_done_to_it(seeded: Staff) -> None:
    seed = seed_of(seeded)
    before = seeded.office.count(tables.case_event)
    judge(seeded, seed, "wang", "yes")
    with seeded.signed_in("chen", proved=True) as client:
        csrf = token(client.get("/cases"))
        paths = [f"/cases/{seed}", f"/cases/{seed}/packet.zip", f"/cases/{seed}/acts/file"]
        got = {client.get(path).status_code for path in paths}
        held = client.post(f"/cases/{seed}/hold", data={"csrf": csrf, "reason": "versuch"})
        listed = client.get("/cases").text

    assert got == {404}
    assert held.status_code == 404
    assert seeded.office.count(tables.case) == 1
    assert seeded.office.count(tables.case_event) == before
    assert seed not in listed


def test_nobody_is_shown_the_same_seed_twice_or_one_alone(
    staff: Staff, packet: bytes, teller: Teller
) -> None:
    staff.back.seeds.add(packet, NEW, staff.office.clock.utc_ms())
    alone = waiting(staff)
    gate = teller.device("gate-1", "望江花园", 1)
    teller.overstay(gate, teller.arrive(gate, RED, BLUE_PLATE), gaps=())
    judge(staff, seed_of(staff), "wang", "no")

    assert alone == []
    assert waiting(staff) == [str(staff.case_id())]
    assert A_DAY == 2


def test_one_reviewer_does_not_see_the_seed_of_another(seeded: Staff) -> None:
    seed = seed_of(seeded, "wang")
    with seeded.signed_in("li") as client:
        assert client.get(f"/review/{seed}").status_code == 404


def test_real_evidence_is_never_taken_as_a_seed(
    staff: Staff, teller: Teller, packet: bytes
) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    late = teller.overstay(gate, teller.arrive(gate, RED, BLUE_PLATE))
    source = Source(staff.office.engine, staff.office.blobs, staff.office.signer)
    own = export_case(source, staff.office.case_of(late), staff.office.clock.utc_ms())
    now = staff.office.clock.utc_ms()

    with pytest.raises(BadSeed, match="registered here"):
        staff.back.seeds.add(own, NEW, now)
    with pytest.raises(BadSeed, match="does not verify"):
        staff.back.seeds.add(packet[:-1], NEW, now)


def test_no_route_takes_more_than_one_case(staff: Staff) -> None:
    """A penalty is never approved in bulk: one address names one case, a form names each field
    once, and no form names a case at all."""
    paths: dict[str, dict[str, object]] = staff.app.openapi()["paths"]
    posts = [path for path, methods in paths.items() if "post" in methods]
    acting = [path for path in posts if path.startswith(("/cases", "/review", "/recheck"))]

    assert len(acting) > 8
    assert all(path.count("{case_id}") == 1 for path in acting if path != "/recheck/found")
    assert not [path for path in posts if re.search(r"bulk|batch|all\b", path)]
