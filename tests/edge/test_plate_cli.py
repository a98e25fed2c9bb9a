"""`firelane-edge read-plate`: what it says of a plate, and of what is not a picture."""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.plate_cli import add_arguments, line, read_plate, told
from edge.plate_reader import PlateLook

LOOK = PlateLook(
    text="浙BD12345",
    chars=(0.9, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 1.0),
    colour="green",
    colour_confidence=0.8,
    corners=((10.0, 20.0), (110.0, 22.0), (109.0, 55.0), (9.0, 53.0)),
    found=0.97,
    sharpness=12.0,
)


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_a_plate_is_told_with_its_form_and_the_chance_of_each_character() -> None:
    seen = told(LOOK)
    assert seen["text"] == "浙BD12345"
    assert seen["class"] == "nev_small"
    assert seen["chars"] == [0.9, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 1.0]
    assert seen["confidence"] == pytest.approx(0.45)
    assert seen["box"] == [9.0, 20.0, 110.0, 55.0]
    assert seen["corners"] == [[10.0, 20.0], [110.0, 22.0], [109.0, 55.0], [9.0, 53.0]]


def test_a_text_of_no_known_form_has_no_class() -> None:
    short = PlateLook("浙B12", (0.9,) * 5, "blue", 0.9, LOOK.corners, 0.9, 5.0)
    assert told(short)["class"] is None


def test_what_is_no_picture_is_named_and_the_next_is_still_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "notes.jpg"
    text.write_text("not a picture")
    grey = tmp_path / "grey.png"
    cv2.imwrite(str(grey), np.full((400, 600, 3), 120, np.uint8))
    nowhere = ["--set", "plates.corners=null", "--set", "plates.text=null"]
    assert read_plate(options(str(text), str(tmp_path), str(grey), *nowhere)) == 1
    seen = capsys.readouterr()
    assert f"{tmp_path}: is a folder, must be a picture" in seen.err
    assert f"{text}: is not a picture that can be read" in seen.err
    lines = [json.loads(line) for line in seen.out.splitlines()]
    assert [line["image"] for line in lines] == [str(grey)]
    assert lines[0]["plates"] == []


def test_a_model_that_is_not_there_is_said_and_nothing_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = ["--set", f"plates.corners={tmp_path / 'none.tflite'}"]
    assert read_plate(options(str(tmp_path / "a.jpg"), *sets)) == 2
    assert "none.tflite" in capsys.readouterr().err


def test_the_surest_plate_is_repeated_under_the_names_that_lists_of_crops_use() -> None:
    other = PlateLook("沪A1", (0.9, 0.9, 0.9), "blue", 0.9, LOOK.corners, 0.99, 5.0)
    told_of = line(Path("crops/a.jpg"), [other, LOOK], 3.5)
    assert (told_of["image"], told_of["file"]) == ("crops/a.jpg", "crops/a.jpg")
    assert (told_of["plate"], told_of["score"]) == ("浙BD12345", 0.5)
    assert told_of["plates"] == [told(other), told(LOOK)]
    empty = line(Path("b.jpg"), [], 1.0)
    assert (empty["plate"], empty["score"], empty["plates"]) == ("", 0.0, [])
