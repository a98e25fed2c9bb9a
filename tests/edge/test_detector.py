import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.config import DetectorConfig
from edge.detector import Detection, Detector, open_detector, suppress
from edge.geometry import Box
from edge.inference import RUNTIMES, Interpreter, ModelError, ModelSpec, fit, load
from edge.pieces import Pieces, tiles

HEAD = b"\x1c\0\0\0TFL3"


class Engine:
    """A TFLite interpreter by its interface, with outputs given beforehand."""

    def __init__(
        self,
        shape: tuple[int, ...],
        outputs: list[np.ndarray[Any, Any]],
        dtype: Any = np.uint8,
        quantization: tuple[float, int] = (0.0, 0),
    ) -> None:
        self.inputs = [self._detail(0, shape, dtype, quantization)]
        self.given = outputs
        self.fed: np.ndarray[Any, Any] = np.zeros(0)

    def _detail(
        self, index: int, shape: tuple[int, ...], dtype: Any, quantization: tuple[float, int]
    ) -> dict[str, Any]:
        return {"index": index, "shape": shape, "dtype": dtype, "quantization": quantization}

    def allocate_tensors(self) -> None: ...

    def invoke(self) -> None: ...

    def get_input_details(self) -> list[dict[str, Any]]:
        return self.inputs

    def get_output_details(self) -> list[dict[str, Any]]:
        return [self._detail(i + 1, o.shape, o.dtype, (0.0, 0)) for i, o in enumerate(self.given)]

    def get_tensor_details(self) -> list[dict[str, Any]]:
        return []

    def set_tensor(self, index: int, value: np.ndarray[Any, Any]) -> None:
        self.fed = value

    def get_tensor(self, index: int) -> np.ndarray[Any, Any]:
        return self.given[index - 1]


def model_file(folder: Path) -> Path:
    path = folder / "m.tflite"
    path.write_bytes(HEAD)
    return path


def dense_spec(**decoding: object) -> dict[str, Any]:
    return {
        "format": 1,
        "name": "vehicle",
        "sha256": hashlib.sha256(HEAD).hexdigest(),
        "input": {"width": 64, "height": 32, "fit": "letterbox", "mean": 0.0, "std": 255.0},
        "outputs": [
            {"role": "box", "stride": 16, "shape": [1, 2, 4, 4]},
            {"role": "cls", "stride": 16, "shape": [1, 2, 4, 5]},
        ],
        "classes": ["car", "truck", "bus", "motorcycle"],
        "decoding": {
            "kind": "dense-anchor-free",
            "box": "exp-ltrb",
            "score": "sigmoid",
            "type_channels": [1, 2, 3, 4],
            **decoding,
        },
    }


def dense(folder: Path, box: np.ndarray[Any, Any], cls: np.ndarray[Any, Any]) -> Detector:
    spec = ModelSpec.model_validate(dense_spec())
    engine = Engine((1, 32, 64, 3), [cls, box])
    return Detector(Interpreter(model_file(folder), "fake", engine, spec), DetectorConfig(tiles=1))


def test_a_dense_head_is_decoded_into_pixels_of_the_picture(tmp_path: Path) -> None:
    box = np.zeros((1, 2, 4, 4), np.float32)
    cls = np.full((1, 2, 4, 5), -9, np.float32)
    box[0, 1, 2] = np.log([1.5, 1.0, 1.0, 0.5])
    cls[0, 1, 2] = [2.0, 0, 5, 0, 0]

    found = dense(tmp_path, box, cls).detect(np.zeros((64, 128, 3), np.uint8))

    # The cell's centre is (40, 24) of the input, which is half the picture.
    ((x1, y1, x2, y2),) = [(d.box.x1, d.box.y1, d.box.x2, d.box.y2) for d in found]
    assert (x1, y1, x2, y2) == pytest.approx((32, 16, 112, 64))
    assert found[0].label == "truck"
    assert found[0].score == pytest.approx(1 / (1 + np.exp(-2)))


def test_a_kind_that_is_not_sure_is_a_vehicle(tmp_path: Path) -> None:
    box = np.zeros((1, 2, 4, 4), np.float32)
    cls = np.full((1, 2, 4, 5), -9, np.float32)
    cls[0, 0, 1] = [2.0, 1, 1, 1, 1]

    (found,) = dense(tmp_path, box, cls).detect(np.zeros((64, 128, 3), np.uint8))

    assert found.label == "vehicle"


def test_a_region_is_cut_out_and_its_boxes_are_laid_back(tmp_path: Path) -> None:
    box = np.zeros((1, 2, 4, 4), np.float32)
    cls = np.full((1, 2, 4, 5), -9, np.float32)
    cls[0, 0, 0] = [3.0, 9, 0, 0, 0]

    (found,) = dense(tmp_path, box, cls).detect(
        np.zeros((400, 400, 3), np.uint8), Box(100, 200, 164, 232)
    )

    assert (found.box.x1, found.box.y1, found.box.x2, found.box.y2) == (100, 200, 124, 224)


def test_a_letterboxed_picture_keeps_its_shape(tmp_path: Path) -> None:
    spec = ModelSpec.model_validate(dense_spec())
    outputs = [np.zeros((1, 2, 4, 4), np.float32), np.zeros((1, 2, 4, 5), np.float32)]
    model = Interpreter(model_file(tmp_path), "fake", Engine((1, 32, 64, 3), outputs), spec)
    white = np.full((16, 16, 3), 255, np.uint8)

    picture, sx, sy = fit(white, model)

    assert (sx, sy) == (0.5, 0.5)
    assert (picture[0, :, :32] == 255).all()
    assert (picture[0, :, 32:] == 114).all()


@pytest.mark.parametrize(
    ("dtype", "quantization", "fed"),
    [
        (np.uint8, (1 / 128, 128), [0, 255]),
        (np.int8, (1 / 127.5, 0), [-128, 127]),
        (np.float32, (0.0, 0), [-1.0, 1.0]),
    ],
)
def test_bytes_become_what_the_input_tensor_holds(
    tmp_path: Path, dtype: Any, quantization: tuple[float, int], fed: list[float]
) -> None:
    engine = Engine((1, 32, 64, 3), [], dtype, quantization)
    model = Interpreter(model_file(tmp_path), "fake", engine, None)
    picture = np.zeros((1, 32, 64, 3), np.uint8)
    picture[0, 0, 0, 1] = 255

    model.run(picture)

    assert engine.fed.dtype == dtype
    assert engine.fed[0, 0, 0, :2].tolist() == pytest.approx(fed, abs=1)


@pytest.mark.parametrize(
    ("shape", "dtype", "sentence"),
    [
        ((1, 32, 64), np.uint8, r"wrong input shape \[1, 32, 64\]; allowed: \[1, height, width"),
        ((1, 32, 64, 1), np.uint8, r"wrong input shape \[1, 32, 64, 1\]"),
        ((4, 32, 64, 3), np.uint8, "wrong input shape"),
        ((1, 0, 64, 3), np.uint8, "wrong input shape"),
        ((1, 32, 64, 3), np.int32, "wrong input type int32; allowed: uint8, int8, float32"),
    ],
)
def test_a_model_for_something_else_is_refused(
    tmp_path: Path, shape: tuple[int, ...], dtype: Any, sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        Interpreter(model_file(tmp_path), "fake", Engine(shape, [], dtype), None)


def test_outputs_that_nobody_explains_are_refused(tmp_path: Path) -> None:
    engine = Engine((1, 32, 64, 3), [np.zeros((1, 10), np.float32)])
    model = Interpreter(model_file(tmp_path), "fake", engine, None)

    with pytest.raises(ModelError, match=r"wrong output shapes \[\[1, 10\]\]; allowed: the SSD"):
        Detector(model, DetectorConfig())


def test_a_json_that_tells_of_other_outputs_is_refused(tmp_path: Path) -> None:
    engine = Engine((1, 32, 64, 3), [np.zeros((1, 2, 4, 4), np.float32)])
    model = Interpreter(
        model_file(tmp_path), "fake", engine, ModelSpec.model_validate(dense_spec())
    )

    with pytest.raises(ModelError, match=r"has no output of shape \[1, 2, 4, 5\] \(cls\)"):
        Detector(model, DetectorConfig())


def test_a_json_of_another_model_file_is_refused(tmp_path: Path) -> None:
    spec = ModelSpec.model_validate({**dense_spec(), "sha256": "0" * 64})

    with pytest.raises(ModelError, match=r"is not the file that m\.json describes"):
        Interpreter(model_file(tmp_path), "fake", Engine((1, 32, 64, 3), []), spec)


def test_a_json_with_a_fault_is_refused_by_key(tmp_path: Path) -> None:
    path = model_file(tmp_path)
    path.with_suffix(".json").write_text(json.dumps({**dense_spec(), "format": 2}))

    with pytest.raises(ModelError, match=r"m\.json: format: Input should be 1"):
        load(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "the model cannot be read: No such file"),
        (b"", "is not a TFLite model"),
        (b"\x89PNG and so on", "is not a TFLite model: it starts with"),
        (HEAD + b"\xff" * 400, "cannot load this model"),
    ],
)
def test_a_file_that_is_no_model_is_refused(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "x.tflite"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ModelError, match=sentence):
        load(path)


def test_a_region_is_tiled_where_vehicles_would_be_small() -> None:
    pieces = tiles((0, 0, 1000, 500), 500, 4)

    assert pieces[0] == (0, 0, 1000, 500)
    assert len(pieces) == 3
    assert min(x1 for x1, _, _, _ in pieces[1:]) == 0
    assert max(x2 for _, _, x2, _ in pieces[1:]) == 1000
    assert tiles((0, 0, 500, 500), 500, 4) == [(0, 0, 500, 500)]
    assert tiles((5, 5, 5, 9), 500, 4) == []


def test_one_vehicle_named_twice_is_one() -> None:
    car = Detection(Box(0, 0, 100, 50), "car", 0.8)
    truck = Detection(Box(2, 1, 101, 52), "truck", 0.6)
    half = Detection(Box(50, 0, 100, 50), "car", 0.5)
    behind = Detection(Box(90, 0, 190, 50), "car", 0.4)
    rider = Detection(Box(10, 10, 25, 40), "motorcycle", 0.7)

    assert suppress([half, truck, car, behind, rider], 0.5) == [car, rider, behind]


# ---- real models


@pytest.mark.shared
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_real_ssd_finds_the_cars_of_a_street(
    runtime: Any, ssd_model: Path, shared_data: Path
) -> None:
    clip = cv2.VideoCapture(str(shared_data / "videos" / "street_passing_cars.mp4"))
    clip.set(cv2.CAP_PROP_POS_FRAMES, 100)
    image = np.asarray(clip.read()[1], np.uint8)
    detector = open_detector(DetectorConfig(model=ssd_model, runtime=runtime))

    found = detector.detect(image)

    assert detector.model.runtime == runtime
    assert len([d for d in found if d.label == "car"]) >= 4
    assert all(0 <= d.box.x1 < d.box.x2 <= 640 for d in found)
    assert all(0 <= d.box.y1 < d.box.y2 <= 352 for d in found)


@pytest.mark.shared
def test_a_label_map_that_is_too_short_is_refused(tmp_path: Path, ssd_model: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("???\nperson\nbicycle\ncar\n")

    with pytest.raises(ModelError, match="too short: 3 labels, the model has 90 classes"):
        open_detector(DetectorConfig(model=ssd_model, labels=labels))


@pytest.mark.shared
def test_a_label_map_without_vehicles_is_refused(tmp_path: Path, ssd_model: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"thing {i}\n" for i in range(90)))

    with pytest.raises(ModelError, match="no vehicle among its 90 labels"):
        open_detector(DetectorConfig(model=ssd_model, labels=labels))


def test_only_the_pieces_that_are_wanted_are_looked_at() -> None:
    left, right = Box(0, 0, 100, 100), Box(80, 0, 200, 100)
    near_left = Pieces((Box(10, 10, 20, 20),))
    in_turn = Pieces(turn=3)

    assert [near_left.wants(i, 2, each) for i, each in enumerate((left, right))] == [True, False]
    assert [in_turn.wants(i, 2, each) for i, each in enumerate((left, right))] == [False, True]
    assert not any(Pieces().wants(i, 2, each) for i, each in enumerate((left, right)))
