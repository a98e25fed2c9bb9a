"""A plate read rightly may hang on another car: then nobody is taken over from the register."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from central import acting, proofs, tables
from central.act_forms import fields
from central.cases import Action, Guard, Role, State, Unproven
from central.documents.facts import FILING
from central.gateways.register import Holder, Query, Vehicle
from central.holidays import load
from central.inquiry import read
from central.keeping import lookups
from central.likeness import UNASKED, BodyColour, Part, Seen, SeenKind
from central.owner_lookup import OwnerLookup, result_of
from central.owner_tables import party, vehicle_check
from central.proofs import left_to_form
from central.review import Typed
from central.reviewing import Reviews
from central.vehicle_checks import VehicleCheck, VehicleChecks
from tests.case_files import CaseFile, add_pack
from tests.case_steps import act
from tests.device import SimulatedDevice
from tests.office import Office

C, K = BodyColour, SeenKind
HOLDER = Holder(kind="person", name="张小明", id_number="330200199001011234", address="x")
BLACK_CAR = Vehicle(
    plate="浙B12345",
    colour="blue",
    vehicle_class="small-car",
    body_colour="J",
    make="示例",
    model="S1",
    holder=HOLDER,
)
WHITE = Seen(C.WHITE, K.CAR)
ASKED = Query("浙B12345", "blue", "case", "1")


class Register:
    """Answers what a test says."""

    def __init__(self, *found: Vehicle) -> None:
        self.found = found

    def find(self, query: Query) -> tuple[Vehicle, ...]:
        assert query.purpose == "case"
        return self.found

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def file(office: Office, device: SimulatedDevice) -> CaseFile:
    add_pack(office)
    return CaseFile.opened(office, device)


def look_up(file: CaseFile, first: Seen, second: Seen, *found: Vehicle) -> VehicleCheck | None:
    """Two reviews by who saw this, and the register's answer."""
    office, now = file.office, file.office.clock.utc_ms()
    reviews = (("zhao", first, Action.REVIEW), ("qian", second, Action.REVIEW_AGAIN))
    for person, seen, action in reviews:
        Reviews(office.engine).type_plate(file.case_id, Typed(person, "浙B12345", seen), now)
        file.do(act(action, Role.OFFICER, person))
    OwnerLookup(office.engine, Register(*found)).run(now)
    return VehicleChecks(office.engine).of(file.case_id)


def named(file: CaseFile) -> list[str]:
    with file.office.engine.connect() as db:
        return list(db.scalars(select(party.c.name).where(party.c.source == "register")))


def told(file: CaseFile) -> tuple[str, str | None]:
    with file.office.engine.connect() as db:
        detail = acting.acts(db, file.case_id)[-1].detail
    return detail["result"], detail.get(proofs.DIFFERS)


def test_a_car_seen_white_whose_plate_is_a_black_cars_names_nobody(file: CaseFile) -> None:
    check = look_up(file, WHITE, WHITE, BLACK_CAR)

    assert (named(file), told(file)) == ([], ("differs", "colour"))
    assert check == VehicleCheck(
        asked_utc_ms=file.office.clock.utc_ms(),
        seen={"zhao": WHITE, "qian": WHITE},
        colours=[C.BLACK],
        vehicle_class="small-car",
        status="normal",
        make="示例",
        model="S1",
        differs=[Part.COLOUR],
        compared=True,
    )


@pytest.mark.parametrize(
    ("second", "registered", "compared"),
    [
        (WHITE, "A", True),
        (Seen(C.GREY, K.CAR), "J", True),
        (WHITE, "", False),
        (WHITE, "Z", False),
    ],
)
def test_where_nothing_clearly_contradicts_the_holder_is_named_as_before(
    file: CaseFile, second: Seen, registered: str, compared: bool
) -> None:
    check = look_up(file, WHITE, second, BLACK_CAR.model_copy(update={"body_colour": registered}))

    assert (named(file), told(file)) == (["张小明"], ("one", None))
    assert check is not None
    assert (check.differs, check.compared) == ([], compared)


def test_reviews_from_before_the_desk_asked_are_held_against_nothing(file: CaseFile) -> None:
    check = look_up(file, UNASKED, UNASKED, BLACK_CAR)

    assert (named(file), told(file)) == (["张小明"], ("one", None))
    assert check is not None
    assert (check.compared, set(check.seen.values())) == (False, {UNASKED})


def test_who_only_typed_and_did_not_judge_stands_for_nothing(file: CaseFile) -> None:
    office, now = file.office, file.office.clock.utc_ms()
    black = Typed("sun", "浙B12345", Seen(C.BLACK, K.CAR))
    Reviews(office.engine).type_plate(file.case_id, black, now)

    check = look_up(file, WHITE, WHITE, BLACK_CAR)

    assert check is not None
    assert ([*check.seen], check.differs) == (["zhao", "qian"], [Part.COLOUR])


@pytest.mark.parametrize(
    ("found", "differs", "result"),
    [
        (None, (), "by-hand"),
        ((), (), "none"),
        ((BLACK_CAR, BLACK_CAR), (), "several"),
        ((BLACK_CAR,), (), "one"),
        ((BLACK_CAR,), (Part.KIND,), "differs"),
        ((BLACK_CAR.model_copy(update={"plate": "浙B12346"}),), (), "unclear"),
        ((BLACK_CAR.model_copy(update={"colour": "yellow"}),), (), "unclear"),
        ((BLACK_CAR.model_copy(update={"status": "stolen"}),), (Part.COLOUR,), "unclear"),
    ],
)
def test_only_the_vehicle_that_was_asked_about_and_seen_has_its_keeper_taken_over(
    found: Sequence[Vehicle] | None, differs: Sequence[Part], result: str
) -> None:
    assert result_of(ASKED, found, differs) == (result, HOLDER if result == "one" else None)


def test_an_answer_about_another_plate_is_not_held_against_what_was_seen(file: CaseFile) -> None:
    other = BLACK_CAR.model_copy(update={"plate": "浙B12346"})

    assert look_up(file, WHITE, WHITE, other) is None
    assert (named(file), told(file)) == ([], ("unclear", None))


@pytest.mark.parametrize("registered", ["J", "A"])
def test_going_on_from_a_contradiction_takes_a_written_reason(
    file: CaseFile, registered: str
) -> None:
    look_up(file, WHITE, WHITE, BLACK_CAR.model_copy(update={"body_colour": registered}))
    now = file.office.clock.utc_ms()
    with file.office.engine.connect() as db:
        known = read(db, file.case_id, "zhao", now, load())
    left = left_to_form(known, Action.PROPOSE_FILING, Role.OFFICER)
    asked = [field.name for field in fields(known.case, Action.PROPOSE_FILING, left)]
    doubt = registered == "J"

    assert known.case.main is State.OWNER_RESOLVED
    assert (Guard.VEHICLE_MATCHES in left, "grounds" in asked) == (doubt, doubt)
    silent = proofs.proven(known, Action.PROPOSE_FILING, Role.OFFICER, proofs.Typed())
    spoken = proofs.Typed(grounds="行驶证已核对，车身改过颜色")
    said = proofs.proven(known, Action.PROPOSE_FILING, Role.OFFICER, spoken)
    assert (Guard.VEHICLE_MATCHES in silent, Guard.VEHICLE_MATCHES in said) == (not doubt, True)


def test_without_the_condition_nobody_files(file: CaseFile) -> None:
    look_up(file, WHITE, WHITE, BLACK_CAR)
    propose = act(Action.PROPOSE_FILING, Role.OFFICER, "zhao")
    all_but = frozenset(Guard) - {Guard.VEHICLE_MATCHES}

    with file.office.engine.begin() as db, pytest.raises(Unproven) as refused:
        acting.do(db, file.case_id, propose, all_but, file.office.clock.utc_ms(), {})

    assert refused.value.lacking == (Guard.VEHICLE_MATCHES,)
    file.do(propose, grounds="行驶证已核对，车身改过颜色")
    assert file.content(FILING).values["grounds"] == "行驶证已核对，车身改过颜色"


def test_what_the_register_said_of_the_vehicle_goes_with_the_other_look_ups(
    file: CaseFile,
) -> None:
    look_up(file, WHITE, WHITE, BLACK_CAR)
    mine = tables.case.c.id == file.case_id
    with file.office.engine.begin() as db:
        before = db.scalars(select(vehicle_check.c.make)).all()
        db.execute(tables.case.update().where(mine).values(state="archived"))
        lookups.forget(db, file.case_id)
        after = db.scalars(select(vehicle_check.c.make)).all()
        left = lookups.known(db, mine, 9)

    assert (before, after, left) == (["示例"], [], [])
    assert VehicleChecks(file.office.engine).of(file.case_id) is None
