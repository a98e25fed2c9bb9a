"""What the demo's office stands on is accepted by the same code that accepts the real thing."""

from pathlib import Path

import yaml

from central.gateways.register import read_csv
from central.likeness import LETTERS, BodyColour, Registered, Seen, SeenKind, differs
from central.plates import Treatment, treatment
from scripts.demosite import plan
from scripts.demosite.people import PEOPLE
from scripts.demosite.stories import BRIGADE_PLATE, REGISTER, STORIES
from scripts.scene.truth import read_truth


def test_every_car_of_the_stories_is_in_the_register_with_a_telephone_of_its_own() -> None:
    found = {one.plate: one for one in read_csv(plan.REGISTER)}

    assert {car.plate for car in REGISTER} | {plan.STANDING} <= set(found)
    assert len({one.contact for one in found.values()}) == len(found)
    for car in REGISTER:
        holder = found[car.plate].holder
        assert holder is not None
        assert (holder.name, holder.id_number) == (car.holder, car.holder_id)
        assert (found[car.plate].vin_tail, found[car.plate].contact) == (car.answer, car.phone)


def test_officers_see_the_painted_cars_as_the_register_has_them() -> None:
    found = {one.plate: one for one in read_csv(plan.REGISTER)}
    actors = yaml.safe_load(Path("configs/demo/album.yaml").read_text(encoding="utf-8"))["actors"]
    painted = {one["id"]: one.get("paint") for one in actors}

    assert {car.vehicle: painted[car.vehicle] for car in REGISTER} == {
        car.vehicle: car.body for car in REGISTER
    }
    for car in REGISTER:
        entry = found[car.plate]
        assert [LETTERS[letter] for letter in entry.body_colour] == [car.body]
        seen = Seen(BodyColour(car.body), SeenKind(car.seen))
        registered = Registered(entry.body_colour, entry.vehicle_class)
        assert differs([seen, seen], registered) == ()
        assert entry.make
        assert entry.model


def test_the_fire_engine_is_of_a_class_that_nobody_looks_up() -> None:
    assert treatment(BRIGADE_PLATE) is not Treatment.REMIND
    assert BRIGADE_PLATE not in {car.plate for car in REGISTER}


def test_there_is_an_account_for_every_role() -> None:
    roles = [person.role for person in PEOPLE]
    assert roles.count("officer") == 2
    assert set(roles) == {
        "officer", "head", "legal", "service", "finance", "screener", "auditor", "admin",
    }  # fmt: skip


def test_what_people_read_off_the_clip_is_the_sedans_plate() -> None:
    truth = read_truth(Path("configs/demo/demo.truth.json"))
    plates = {v.plate for frame in truth.frames for v in frame.vehicles if v.id == "sedan"}
    assert {str(plate).replace("·", "") for plate in plates} == {plan.STANDING}


def test_every_vehicle_of_the_stories_is_in_the_album_with_its_plate() -> None:
    truth = read_truth(Path("configs/demo/album.truth.json"))
    seen = {v.id: str(v.plate).replace("·", "") for f in truth.frames for v in f.vehicles}
    assert {car.vehicle: car.plate for car in REGISTER}.items() <= seen.items()
    assert seen["brigade"] == BRIGADE_PLATE
    assert {story.name for story in STORIES} <= set(seen)
