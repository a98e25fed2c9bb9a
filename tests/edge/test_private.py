"""What the box writes about people who have nothing to do with a stay: every place where a picture
can reach a disk, and that nobody can be told in it."""

import io
import re
from pathlib import Path

import numpy as np
import pytest

from edge.appearance import small_grey
from edge.camera import Frame
from edge.explain import Explainer
from edge.masks import Picture, coarse
from edge.pipeline import Rig, watch
from edge.view import CameraView
from tests.edge import yard

WRITERS = re.compile(r"\b(imwrite|imencode|VideoWriter|add_stream|savez\w*|tofile)\(")


def test_a_picture_reaches_the_disk_in_four_places_and_no_other() -> None:
    """The exhibits, masked; the video of --explain, coarse; the reference view, small and without
    light or colour; a person's own picture with boxes on it, where he asked for it."""
    found = {
        (path.name, writer)
        for path in Path("edge").rglob("*.py")
        for writer in WRITERS.findall(path.read_text(encoding="utf-8"))
    }

    assert found == {
        ("recording.py", "imencode"),
        ("explain.py", "add_stream"),
        ("view.py", "savez_compressed"),
        ("detect_cli.py", "imwrite"),
    }


def test_the_reference_view_on_the_disk_is_too_small_for_a_plate_or_a_face() -> None:
    """320 pixels across, whatever the camera gives: a plate that can be read at 90 of 1280 pixels
    has 22, three a character, and a face of 24 has six."""
    image = np.random.default_rng(3).integers(0, 256, (720, 1280, 3), dtype=np.uint8)
    view = CameraView()
    view.look(small_grey(image), image, 0.0)

    with np.load(io.BytesIO(view.to_bytes())) as kept:
        shapes = {kept[name].shape for name in kept.files if name.startswith("reference")}

    assert shapes == {(180, 320)}


def explained(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, mask: bool
) -> tuple[Frame, Picture]:
    """The last look at a car that stands, and what --explain shows of it."""
    pictures: list[Picture] = []
    explainer = Explainer(folder, 2, mask)
    monkeypatch.setattr(explainer._video, "write", pictures.append)
    film = yard.film(30, yard.visit(arrive_s=10, leave_s=50))
    watch(
        Rig(yard.Script(film), yard.begin(yard.RedDetector()), yard.Kept(), onlookers=[explainer])
    )
    explainer.close()
    last = film[-1]
    assert isinstance(last, Frame)
    return last, pictures[-1]


def test_what_explains_a_decision_shows_the_vehicle_of_the_stay_and_bystanders_coarsely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, shown = explained(tmp_path, monkeypatch, mask=True)

    (x, y), (wide, tall) = yard.PLACE, yard.SIZE
    inner = np.s_[y + 25 : y + tall - 10, x + 10 : x + wide - 10]
    assert (shown[inner] == frame.image[inner]).all()
    aside = np.s_[10:80, 10:310]
    assert (shown[aside] == coarse(frame.image, [])[aside]).all()
    assert not (shown[aside] == frame.image[aside]).all()


def test_who_asks_for_unmasked_pictures_has_them_explained_unmasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, shown = explained(tmp_path, monkeypatch, mask=False)

    assert (shown[10:80, 10:310] == frame.image[10:80, 10:310]).all()
