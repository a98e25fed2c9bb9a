"""What the edge daemon can be told, with the limits of every key.

One YAML file (configs/edge.yaml is a commented example). Every fault is reported at once, with
its file, line and key. A value that exists is valid: nothing is checked again further in.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic import model_validator as whole

from edge.config_file import ConfigError, Source, explain, read
from edge.geometry import GeometryError, Polygon

MODELS = Path(__file__).resolve().parent.parent / "models"
_SCHEMES = ("rtsp", "rtsps")
_NEEDED_TO_RUN = ("device", "broker", "keys", "storage")
_PATHS = ("broker.ca", "broker.cert", "broker.key", "keys.signing_key", "storage.dir",
          "detector.model", "detector.labels", "plates.corners", "plates.text")  # fmt: skip

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
File = Annotated[Path, Field(strict=False)]


class Section(BaseModel):
    """Unknown keys are refused; a text is never taken for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Device(Section):
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,31}$")]


class Broker(Section):
    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 8883
    ca: File
    cert: File
    key: File


class Keys(Section):
    signing_key: File
    central_keys: Annotated[tuple[File, ...], Field(max_length=8, strict=False)]


class Storage(Section):
    dir: File
    keep_days: Annotated[float, Field(ge=0, le=365)] = 7.0
    quota_mb: Annotated[int, Field(ge=16, le=10_000_000)] = 4096


class LaneOutside(ValueError):
    """A corner of a lane lies outside the frame."""


class LaneConfig(Section):
    """Corners in pixels of the frame, or in shares of its width and height when all are <= 1."""

    id: Id
    polygon: Annotated[
        tuple[Annotated[tuple[float, float], Field(strict=False)], ...],
        Field(max_length=64, strict=False),
    ]

    @field_validator("polygon")
    @classmethod
    def _closed_area(
        cls, value: tuple[tuple[float, float], ...]
    ) -> tuple[tuple[float, float], ...]:
        if any(not math.isfinite(c) or c < 0 for point in value for c in point):
            raise ValueError(f"corners must be numbers from 0, got {value}")
        try:
            Polygon(value)
        except GeometryError as error:
            raise ValueError(str(error)) from None
        return value

    def in_pixels(
        self, width: int, height: int, drawn_on: tuple[int, int] | None = None
    ) -> tuple[tuple[int, int], ...]:
        """The corners in whole pixels of a frame of this size. `drawn_on` is the frame size that
        they were drawn on, where it is another (a substream). Raises LaneOutside."""
        if all(c <= 1 for point in self.polygon for c in point):
            sx, sy = float(width), float(height)
        elif drawn_on is not None:
            sx, sy = width / drawn_on[0], height / drawn_on[1]
        else:
            sx = sy = 1.0
        corners = tuple((round(x * sx), round(y * sy)) for x, y in self.polygon)
        outside = [c for c in corners if c[0] > width or c[1] > height]
        if outside:
            raise LaneOutside(
                f"lane {self.id} lies outside the frame: corner {outside[0]}; "
                f"the frame is {width}x{height}"
            )
        return corners


class CameraConfig(Section):
    id: Id
    source: Annotated[str, Field(min_length=1, max_length=1000)]
    user: str | None = None
    password: SecretStr | None = None
    sample_hz: Annotated[float, Field(ge=0.05, le=30)] = 2.0
    frame_size: (
        Annotated[
            tuple[Annotated[int, Field(ge=16, le=16_384)], Annotated[int, Field(ge=16, le=16_384)]],
            Field(strict=False),
        ]
        | None
    ) = None
    transport: Literal["tcp", "udp"] = "tcp"
    repeat: bool = False
    stall_s: Seconds = 10.0
    idle_keyframes: bool = True
    keyframe_limit_s: Seconds = 4.0
    lanes: Annotated[tuple[LaneConfig, ...], Field(max_length=16, strict=False)]

    @field_validator("source")
    @classmethod
    def _known_scheme(cls, value: str) -> str:
        scheme, separator, _ = value.partition("://")
        if separator and scheme not in _SCHEMES:
            raise ValueError(
                f"must be rtsp://, rtsps://, a video device, a file or a folder of pictures, "
                f"got {scheme}://"
            )
        return value

    @whole(mode="after")
    def _lanes_fit(self) -> Self:
        if not self.lanes:
            raise ValueError("lanes must hold at least one lane, got none")
        _unique("lane", [lane.id for lane in self.lanes])
        if self.frame_size is not None:
            for lane in self.lanes:
                lane.in_pixels(*self.frame_size)
        return self

    @property
    def is_network(self) -> bool:
        return "://" in self.source

    def url(self) -> str:
        """The source with user and password in it; never to be logged."""
        if not self.is_network or self.user is None:
            return self.source
        parts = urlsplit(self.source)
        secret = self.password.get_secret_value() if self.password else ""
        who = f"{quote(self.user, safe='')}:{quote(secret, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{who}@{parts.netloc.rpartition('@')[2]}"))


class DetectorConfig(Section):
    model: File = MODELS / "vehicle.tflite"
    labels: File | None = None
    runtime: Literal["auto", "tflite", "litert"] = "auto"
    threads: Annotated[int, Field(ge=1, le=16)] = 1
    min_score: Annotated[float, Field(gt=0, lt=1)] | None = None
    tiles: Annotated[int, Field(ge=1, le=16)] = 4
    vehicle_px: Annotated[int, Field(ge=8, le=512)] = 40


class PlatesConfig(Section):
    corners: File | None = MODELS / "plate_corners.tflite"
    text: File | None = MODELS / "plate_text.tflite"


class StaysConfig(Section):
    """The times of a stay, in seconds, and the shares of a footprint in the lane."""

    settle_s: Seconds = 10.0
    confirm_s: Seconds = 60.0
    grace_s: Seconds = 900.0
    max_gap_s: Seconds = 360.0
    scan_s: Seconds = 10.0
    enter: Share = 0.30
    leave: Share = 0.15

    @whole(mode="after")
    def _in_order(self) -> Self:
        if self.leave >= self.enter:
            raise ValueError(f"leave must be below enter ({self.enter}), got {self.leave}")
        if self.confirm_s < self.settle_s:
            raise ValueError(
                f"confirm_s must be at least settle_s ({self.settle_s}), got {self.confirm_s}"
            )
        return self


class ViewConfig(Section):
    """When a camera's view counts as lost. See edge/view.py for what is measured."""

    moved_share: Annotated[float, Field(gt=0, le=0.5)] = 0.02
    correct_share: Annotated[float, Field(ge=0, le=0.25)] = 0.10
    frozen_s: Seconds = 20.0
    hold_s: Seconds = 3.0


class Policy(Section):
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = hashlib.sha256(b"").hexdigest()


class HealthConfig(Section):
    every_s: Seconds = 60.0


class EvidenceConfig(Section):
    jpeg_quality: Annotated[int, Field(ge=50, le=100)] = 85
    mask: bool = True


class Config(Section):
    """All sections. `device`, `broker`, `keys` and `storage` are needed to run, not to replay."""

    device: Device | None = None
    broker: Broker | None = None
    keys: Keys | None = None
    storage: Storage | None = None
    cameras: Annotated[tuple[CameraConfig, ...], Field(max_length=16, strict=False)] = ()
    detector: DetectorConfig = DetectorConfig()
    plates: PlatesConfig = PlatesConfig()
    stays: StaysConfig = StaysConfig()
    view: ViewConfig = ViewConfig()
    policy: Policy = Policy()
    health: HealthConfig = HealthConfig()
    evidence: EvidenceConfig = EvidenceConfig()

    @field_validator("cameras")
    @classmethod
    def _own_ids(cls, value: tuple[CameraConfig, ...]) -> tuple[CameraConfig, ...]:
        _unique("camera", [camera.id for camera in value])
        return value

    def effective(self) -> str:
        """The whole configuration as YAML, with secrets masked."""
        data = self.model_dump(mode="json")
        for camera in data["cameras"]:
            camera["source"] = masked(camera["source"])
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, default_flow_style=None)

    def sha256(self) -> str:
        return hashlib.sha256(self.effective().encode()).hexdigest()


def masked(url: str) -> str:
    """The address without the password that may stand in it."""
    parts = urlsplit(url)
    if "@" not in parts.netloc or not parts.password:
        return url
    user = parts.netloc.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}:***@{parts.netloc.rpartition('@')[2]}"))


def load(
    path: Path | None, env: Mapping[str, str], sets: Sequence[str] = (), to_run: bool = True
) -> Config:
    """Read and check the configuration. `to_run`: it must have what the daemon needs.
    Raises ConfigError with every fault at once."""
    source = read(path, env, sets)
    _from_folder(source, path)
    faults = list(source.faults)
    if to_run:
        faults += [
            f"{source.place(())}: {name}: is missing; `run` needs it"
            for name in (*_NEEDED_TO_RUN, "cameras")
            if not source.data.get(name)
        ]
    try:
        config = Config.model_validate(source.data)
    except ValidationError as error:
        faults += explain(error, source, Config)
        raise ConfigError(faults) from None
    if faults:
        raise ConfigError(faults)
    return config


def _from_folder(source: Source, path: Path | None) -> None:
    """Relative paths in the file count from the file's folder, others from the working one."""
    if path is None:
        return
    places: list[tuple[str | int, ...]] = [tuple(name.split(".")) for name in _PATHS]
    for section, key in (("keys", "central_keys"), ("cameras", "source")):
        for i in range(_count(source.data, section, key)):
            places.append(("cameras", i, key) if section == "cameras" else (section, key, i))
    for loc in places:
        if loc not in source.given:
            _resolve(source.data, loc, path.parent)


def _count(data: dict[str, object], section: str, key: str) -> int:
    found = data.get(section)
    if isinstance(found, dict):
        found = found.get(key)
    return len(found) if isinstance(found, list) else 0


def _resolve(data: object, loc: tuple[str | int, ...], folder: Path) -> None:
    *way, last = loc
    for part in way:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part]
    if isinstance(data, dict):
        value = data.get(last)
    elif isinstance(data, list) and isinstance(last, int):
        value = data[last]
    else:
        return
    if isinstance(value, str) and value and "://" not in value:
        data[last] = str(folder / value)  # type: ignore[index]


def _unique(what: str, ids: Sequence[str]) -> None:
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ValueError(f"every {what} needs an id of its own, {', '.join(twice)} is there twice")
