import json
from pathlib import Path

import cv2
import pytest

from edge.__main__ import main
from tests import videos


def test_check_config_prints_what_it_comes_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", "configs/edge.yaml", "--set", "stays.grace_s=7"]) == 0

    assert "grace_s: 7.0" in capsys.readouterr().out


def test_check_config_tells_every_fault_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("stays: {setle_s: 3}\nhealth: {every_s: 0}\n")

    assert main(["check-config", str(path)]) == 2

    told = capsys.readouterr().err
    assert f"{path}:1: stays.setle_s: unknown key" in told
    assert f"{path}:2: health.every_s: must be greater than 0, got 0" in told


@pytest.mark.parametrize(
    ("lane", "sentence"),
    [
        ("1,2,3,4", "lane must be at least three corners x,y,x,y,x,y, got 4 numbers"),
        ("1,2,a", "lane must be numbers x,y,x,y,..., got '1,2,a'"),
    ],
)
def test_detect_refuses_a_lane_that_is_none(
    lane: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["detect", "x.png", "--lane", lane]) == 2

    assert capsys.readouterr().err.strip() == sentence


def test_detect_tells_what_is_wrong_with_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "x.png", "--model", "/nowhere/m.tflite"]) == 2

    assert "/nowhere/m.tflite: the model cannot be read" in capsys.readouterr().err


@pytest.mark.shared
def test_detect_goes_on_after_a_picture_that_cannot_be_read(
    tmp_path: Path, ssd_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    cv2.imwrite(str(tmp_path / "yard.png"), videos.yard())
    images = [str(tmp_path / name) for name in ("bad.png", "none.png", "yard.png")]

    code = main(["detect", *images, "--model", str(ssd_model), "--draw", str(tmp_path / "out")])

    out = capsys.readouterr()
    assert code == 1
    assert [json.loads(line)["image"] for line in out.out.splitlines()] == [images[2]]
    assert "bad.png: is not a picture that can be read" in out.err
    assert "none.png: is not there" in out.err
    assert (tmp_path / "out" / "yard.jpg").is_file()
