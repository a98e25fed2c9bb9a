"""What the shipped plate models read, by either runtime: drawn plates, and the demo's."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.geometry import Box
from edge.inference import Picture
from edge.plate_reader import PlateReader, open_plate_reader
from edge.plates import PlateVote, Reading
from scripts.evaluation.plate_clips import table
from scripts.scene.plates import Style, draw

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 0.08
"""How far two runtimes' confidences of one character may lie apart."""

PLATES: tuple[tuple[str, Style, str], ...] = (
    ("浙B·F1R25", "blue", "blue"),
    ("陕B·8K3Q6", "blue", "blue"),
    ("苏A·D12345", "green", "green"),
    ("京A·K6721", "yellow", "yellow"),
    ("鲁C·84R26", "yellow_two_line", "yellow"),
    ("沪A·2318警", "police", "white"),
    ("粤Z·H238港", "black", "black"),
    ("川A·3K21学", "trainer", "yellow"),
)


@pytest.fixture(scope="module")
def readers() -> list[PlateReader]:
    corners, text = (ROOT / "models" / f"plate_{name}.tflite" for name in ("corners", "text"))
    return [open_plate_reader(corners, text, runtime) for runtime in ("litert", "tflite")]


def street(text: str, style: Style) -> Picture:
    """A drawn plate 240 px wide on a grey picture, softened as a lens would."""
    picture: Picture = np.full((600, 900, 3), 96, np.uint8)
    plate = draw(text, style, 1.0)[..., ::-1]
    high = round(240 * plate.shape[0] / plate.shape[1])
    picture[300 : 300 + high, 320:560] = cv2.GaussianBlur(
        cv2.resize(plate, (240, high)), (0, 0), 0.8
    )
    return picture


@pytest.mark.parametrize(("text", "style", "colour"), PLATES, ids=lambda value: value)
def test_a_clear_plate_is_read_by_both_runtimes_alike(
    readers: list[PlateReader], text: str, style: Style, colour: str
) -> None:
    picture = street(text, style)
    looks = [reader.read(picture, Box(200, 200, 700, 500)) for reader in readers]
    assert [look and (look.text, look.colour) for look in looks] == [
        (text.replace("·", ""), colour)
    ] * 2
    chars = [np.array(look.chars) for look in looks if look is not None]
    assert float(np.abs(chars[0] - chars[1]).max()) <= TOLERANCE
    assert float(chars[0].min()) > 0.8


def test_the_demo_s_plate_is_read_over_its_stay(readers: list[PlateReader]) -> None:
    """One look every five seconds, with the vote that the daemon holds."""
    lines = table(readers[0], ROOT / "configs" / "demo" / "demo.mp4", every_s=5.0)
    sedan = next(line for line in lines if line.startswith("| sedan"))
    assert sedan.split(" | ")[4].startswith("浙BF1R25")


def test_a_vehicle_without_a_plate_stays_unread(readers: list[PlateReader]) -> None:
    vote = PlateVote()
    rng = np.random.default_rng(3)
    for _ in range(6):
        noise = rng.normal(0, 6, (600, 900, 3))
        picture: Picture = np.clip(96 + noise, 0, 255).astype(np.uint8)
        look = readers[0].read(picture, Box(200, 200, 700, 500))
        if look is not None and look.text:
            vote.add(Reading(look.text, look.chars, look.colour, look.colour_confidence))
    assert vote.result().status == "unread"
