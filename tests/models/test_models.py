"""The models that the box ships: what stands beside them is true, and both runtimes agree."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.inference import Interpreter, Picture, load

MODELS = Path(__file__).resolve().parents[2] / "models"
PATHS = sorted(MODELS.glob("*.tflite"))
RUNTIMES = ("litert", "tflite")
LARGEST_BYTES = 6_000_000


def spec(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return told


def picture(model: Interpreter) -> Picture:
    """A fixed scene of soft blocks: neither flat nor noise, so that every layer has work."""
    rng = np.random.default_rng(4)
    blocks = rng.integers(0, 256, (model.height // 16 + 1, model.width // 16 + 1, 3))
    large = np.kron(blocks, np.ones((16, 16, 1)))[: model.height, : model.width]
    return large.astype(np.uint8)[np.newaxis]


def test_a_vehicle_model_is_shipped() -> None:
    assert MODELS / "vehicle.tflite" in PATHS


def test_all_models_together_fit_in_six_megabytes() -> None:
    assert 0 < sum(path.stat().st_size for path in PATHS) <= LARGEST_BYTES


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_json_names_the_very_file_beside_it(path: Path) -> None:
    told = spec(path)
    content = path.read_bytes()
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert told["bytes"] == len(content)
    assert told["file"] == path.name


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_output_that_the_json_tells_of_is_there(path: Path, runtime: str) -> None:
    model = load(path, runtime)
    told = sorted(tuple(output["shape"]) for output in spec(path)["outputs"])
    assert sorted(tensor.shape for tensor in model.outputs) == told


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_pixels_go_in_as_bytes_and_results_come_out_quantized(path: Path) -> None:
    model = load(path, "litert")
    assert model.input.dtype == np.uint8
    assert model.input.scale == pytest.approx(1 / 255, rel=1e-6)
    assert model.input.zero == 0
    assert {tensor.dtype for tensor in model.outputs} == {np.dtype(np.int8)}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_both_runtimes_give_the_same_within_three_steps_of_quantization(path: Path) -> None:
    new, old = (load(path, runtime) for runtime in RUNTIMES)
    fed = picture(new)
    for tensor, a, b in zip(new.outputs, new.run(fed), old.run(fed), strict=True):
        steps = np.abs(a - b) / tensor.scale
        assert float(np.median(steps)) <= 1.01, tensor
        assert float(np.quantile(steps, 0.99)) <= 3.01, tensor
