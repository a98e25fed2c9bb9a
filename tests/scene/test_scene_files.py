"""A scene file is either renderable or refused with a sentence for each fault."""

from pathlib import Path

import pytest

from scripts.scene.model import SceneError, load_scene, parse_scene

GOOD = """
name: yard
seconds: 20
camera: {at: [-9, -4, 5], aim: [0, 1, 0.5], hfov_deg: 40}
lane: {polygon: [[-8, 0], [8, 0], [8, 4], [-8, 4]]}
actors:
  - id: sedan
    model: sedan
    plate: {text: 浙B·F1R25, style: blue}
    path: [{t: 0, at: [0, 2]}]
"""
SCENES = sorted(Path("tests/clips").glob("*.yaml")) + [
    path for path in sorted(Path("configs/demo").glob("*.yaml")) if path.stem != "policy"
]


def fault_of(text: str) -> str:
    with pytest.raises(SceneError) as caught:
        parse_scene(text, "yard.yaml")
    return str(caught.value)


def test_a_good_scene_is_read_with_its_defaults() -> None:
    scene = parse_scene(GOOD, "yard.yaml")
    assert (scene.fps, scene.camera.size, scene.lights[0].kind) == (8, (1280, 720), "sun")
    assert scene.actors[0].plate is not None
    assert scene.actors[0].plate.text == "浙B·F1R25"


def test_an_unknown_model_is_refused_with_the_list_of_models() -> None:
    said = fault_of(GOOD.replace("model: sedan", "model: tank"))
    assert "actors.0.model: no model 'tank'; there are sedan, hatchback, suv" in said


def test_a_plate_that_does_not_fit_its_style_is_refused() -> None:
    said = fault_of(GOOD.replace("浙B·F1R25", "浙B·F1R2"))
    assert "plate '浙B·F1R2' has 6 characters, a blue plate has 7" in said


def test_a_path_that_goes_back_in_time_is_refused() -> None:
    path = "path: [{t: 4, at: [0, 2]}, {t: 3, at: [1, 2]}]"
    said = fault_of(GOOD.replace("path: [{t: 0, at: [0, 2]}]", path))
    assert "times must rise, but t=3 follows t=4" in said


def test_a_misspelt_field_is_named() -> None:
    assert "camera.hfov: Extra inputs are not permitted" in fault_of(
        GOOD.replace("hfov_deg", "hfov")
    )


def test_two_actors_of_one_name_are_refused() -> None:
    actor = GOOD[GOOD.index("  - id") :]
    assert "actor id 'sedan' is used 2 times" in fault_of(GOOD + actor)


def test_every_fault_has_its_own_line() -> None:
    said = fault_of(
        GOOD.replace("seconds: 20", "seconds: -1").replace("hfov_deg: 40", "hfov_deg: 400")
    )
    assert len(said.splitlines()) == 3
    assert "seconds: Input should be greater than 0 (came: -1)" in said


def test_a_list_is_no_scene() -> None:
    assert "must hold a mapping (name, seconds, camera, lane, ...), not list" in fault_of(
        "- 1\n- 2\n"
    )


def test_broken_yaml_is_told_as_such() -> None:
    assert fault_of("name: [").startswith("yard.yaml is not YAML:")


def test_a_missing_file_is_told_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"none\.yaml cannot be read: No such file"):
        load_scene(tmp_path / "none.yaml")


@pytest.mark.parametrize("path", SCENES, ids=[p.stem for p in SCENES])
def test_every_scene_of_the_project_can_be_read(path: Path) -> None:
    assert load_scene(path).name == path.stem
