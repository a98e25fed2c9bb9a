"""Loads a TFLite model and runs it. Nothing here knows what the model's numbers mean.

Input size, type and quantization are read from the model; outputs come back as float32. A JSON of
the same name beside the model (`vehicle.json` for `vehicle.tflite`) says what cannot be read from
it: how pixels become input values, and how its outputs are decoded.

ModelError           a model that cannot be used; the message says why and what is allowed
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Picture: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]
RUNTIMES = ("litert", "tflite")
_IDENTIFIER = b"TFL3"
_BYTE_TYPES = (np.dtype(np.uint8), np.dtype(np.int8))
_SIDE_PX = (16, 4096)
_MUCH = 2.5
"""From so many times the model's width on, a picture is averaged, not sampled."""


class ModelError(Exception):
    """This model cannot be used."""


class InputSpec(BaseModel):
    """How a picture becomes the model's input: real value = (byte - mean) / std."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    width: int
    height: int
    channels: Literal["rgb"] = "rgb"
    fit: Literal["letterbox", "stretch"] = "stretch"
    pad: Annotated[int, Field(ge=0, le=255)] = 114
    mean: float = 127.5
    std: Annotated[float, Field(gt=0)] = 127.5


class OutputSpec(BaseModel):
    """One output tensor, found by its shape."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    role: str
    shape: tuple[int, ...]
    stride: int = 0


class ModelSpec(BaseModel):
    """The JSON beside a model. `decoding` is read by the file that decodes the model's kind."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal[1]
    name: str
    sha256: str
    input: InputSpec
    outputs: tuple[OutputSpec, ...]
    classes: tuple[str, ...] = ()
    decoding: dict[str, object]


@dataclass(frozen=True, slots=True)
class Tensor:
    """`scale` and `zero` give real = (stored - zero) * scale; scale 0 means not quantized."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float
    zero: int


class Interpreter:
    """One loaded model. Not for two threads at once."""

    def __init__(self, path: Path, runtime: str, engine: Any, spec: ModelSpec | None) -> None:
        self.path = path
        self.runtime = runtime
        self.spec = spec
        self.sha256 = _sha256(path)
        self._engine = engine
        engine.allocate_tensors()
        self._input_index: int = engine.get_input_details()[0]["index"]
        self.input = _tensor(engine.get_input_details()[0])
        details = sorted(engine.get_output_details(), key=lambda detail: int(detail["index"]))
        self._output_indices: list[int] = [int(detail["index"]) for detail in details]
        self.outputs = [_tensor(detail) for detail in details]
        _check_input(path, self.input, spec)
        self._table = _byte_table(self.input, spec.input if spec else None)
        if spec is not None and spec.sha256 != self.sha256:
            raise ModelError(
                f"{path}: is not the file that {path.with_suffix('.json').name} describes: "
                f"sha256 is {self.sha256[:12]}..., the JSON says {spec.sha256[:12]}..."
            )

    @property
    def width(self) -> int:
        return self.input.shape[2]

    @property
    def height(self) -> int:
        return self.input.shape[1]

    def classes_counted(self) -> int | None:
        """How many classes an SSD's post-processing counts, without the background; None where the
        runtime does not tell."""
        operations: list[Any] = getattr(self._engine, "_get_ops_details", list)()
        shapes = {d["index"]: d["shape"] for d in self._engine.get_tensor_details()}
        for operation in operations:
            if operation["op_name"] == "TFLite_Detection_PostProcess":
                return int(shapes[int(operation["inputs"][1])][-1]) - 1
        return None

    def run(self, picture: Picture) -> list[Floats]:
        """Run on one uint8 RGB picture [1, height, width, 3].

        Returns the outputs as float32, in the order of their tensor numbers."""
        if picture.shape != self.input.shape:
            raise ValueError(f"picture must be {self.input.shape}, got {picture.shape}")
        fed = picture if self._table is None else self._table[picture]
        self._engine.set_tensor(self._input_index, fed)
        self._engine.invoke()
        return [
            _real(self._engine.get_tensor(index), tensor)
            for index, tensor in zip(self._output_indices, self.outputs, strict=True)
        ]


def load(path: Path, runtime: str = "auto", threads: int = 1) -> Interpreter:
    """Load a model by either runtime; `auto` takes the faster one that is installed.
    Raises ModelError."""
    _check_file(path)
    spec = _read_spec(path)
    wanted = RUNTIMES if runtime == "auto" else (runtime,)
    for name in wanted:
        maker = _maker(name)
        if maker is None:
            continue
        try:
            engine = maker(model_path=str(path), num_threads=threads)
            return Interpreter(path, name, engine, spec)
        except (ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(f"{path}: {name} cannot load this model: {reason}") from None
    raise ModelError(
        f"{path}: no runtime for it is installed: tried {', '.join(wanted)}; "
        "install ai-edge-litert or tflite-runtime"
    )


def _maker(name: str) -> Callable[..., Any] | None:
    try:
        if name == "litert":
            from ai_edge_litert.interpreter import Interpreter as LiteRt

            return LiteRt  # type: ignore[no-any-return]
        from tflite_runtime.interpreter import Interpreter as TfLite

        return TfLite  # type: ignore[no-any-return]
    except ImportError:
        return None


def fit(image: Picture, model: Interpreter) -> tuple[Picture, float, float]:
    """Bring a BGR picture to the model's input.

    Returns the RGB input [1, h, w, 3] and the factors (x, y) from its pixels to the picture's."""
    height, width = image.shape[:2]
    spec = model.spec.input if model.spec else None
    if spec is None or spec.fit == "stretch":
        scaled = _shrunk(image, (model.width, model.height))
        rgb = cv2.cvtColor(scaled, cv2.COLOR_BGR2RGB)
        return _one(rgb), width / model.width, height / model.height
    scale = min(model.width / width, model.height / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    scaled = _shrunk(image, size)
    canvas = np.full((model.height, model.width, 3), spec.pad, np.uint8)
    canvas[: size[1], : size[0]] = cv2.cvtColor(scaled, cv2.COLOR_BGR2RGB)
    return _one(canvas), 1 / scale, 1 / scale


def _shrunk(image: Picture, size: tuple[int, int]) -> Picture:
    """Brought to the size, (width, height). Averaging keeps small vehicles when much is shrunk
    away; by exact halves it costs a tenth of what it costs at once."""
    while image.shape[1] > _MUCH * size[0] and image.shape[0] >= 2 * size[1]:
        half = (image.shape[1] // 2, image.shape[0] // 2)
        # Odd rows and columns at the end go: a half is quick only where it is exactly one.
        even = image[: 2 * half[1], : 2 * half[0]]
        image = np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _one(rgb: Any) -> Picture:
    return np.asarray(rgb, np.uint8)[np.newaxis]


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise ModelError(f"{path}: is a folder; a model is a .tflite file")
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise ModelError(f"{path}: the model cannot be read: {error.strerror}") from None
    if head[4:8] != _IDENTIFIER:
        raise ModelError(f"{path}: is not a TFLite model: it starts with {head!r}")


def _read_spec(path: Path) -> ModelSpec | None:
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return None
    try:
        return ModelSpec.model_validate_json(beside.read_bytes())
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the whole"
        raise ModelError(f"{beside}: {where}: {fault['msg']}") from None


def _tensor(detail: dict[str, Any]) -> Tensor:
    scale, zero = detail["quantization"]
    shape = tuple(int(side) for side in detail["shape"])
    return Tensor(shape, np.dtype(detail["dtype"]), float(scale), int(zero))


def _check_input(path: Path, tensor: Tensor, spec: ModelSpec | None) -> None:
    shape = tensor.shape
    sides = shape[1:3]
    if (
        len(shape) != 4
        or shape[0] != 1
        or shape[3] != 3
        or any(not _SIDE_PX[0] <= side <= _SIDE_PX[1] for side in sides)
    ):
        raise ModelError(
            f"{path}: wrong input shape {list(shape)}; "
            f"allowed: [1, height, width, 3] with sides {_SIDE_PX[0]}-{_SIDE_PX[1]}"
        )
    if tensor.dtype not in (*_BYTE_TYPES, np.dtype(np.float32)):
        raise ModelError(f"{path}: wrong input type {tensor.dtype}; allowed: uint8, int8, float32")
    if spec is not None and sides != (spec.input.height, spec.input.width):
        raise ModelError(
            f"{path}: input is {sides[1]}x{sides[0]}, its JSON says "
            f"{spec.input.width}x{spec.input.height}"
        )


def _byte_table(tensor: Tensor, spec: InputSpec | None) -> NDArray[Any] | None:
    """What each byte of the picture becomes; None where bytes are fed as they are."""
    spec = spec or InputSpec(width=0, height=0)
    real = (np.arange(256, dtype=np.float64) - spec.mean) / spec.std
    if tensor.dtype == np.dtype(np.float32):
        return real.astype(np.float32)
    if tensor.dtype == np.dtype(np.uint8):
        return None
    stored = np.round(real / (tensor.scale or 1.0) + tensor.zero)
    table: NDArray[np.int8] = np.clip(stored, -128, 127).astype(np.int8)
    return table


def _real(stored: NDArray[Any], tensor: Tensor) -> Floats:
    if tensor.scale == 0 or tensor.dtype == np.dtype(np.float32):
        return stored.astype(np.float32, copy=False)
    return (stored.astype(np.float32) - tensor.zero) * np.float32(tensor.scale)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
