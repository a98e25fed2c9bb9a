"""A scene as its author writes it (YAML), and the sentences that say what is wrong with one.

Metres on flat ground: x along the lane, y across it toward the façade, z up. Seconds from the
start.
"""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from scripts.scene.catalogue import LIGHT, MODELS, PAINTS
from scripts.scene.plates import PlateError, Style, layout


class SceneError(Exception):
    """A scene file that cannot be rendered; the message says which field, what came and what is
    allowed.
    """


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Point2 = tuple[float, float]
Point3 = tuple[float, float, float]
Share = Annotated[float, Field(ge=0, le=1)]


class Camera(Part):
    at: Point3
    aim: Point3
    hfov_deg: Annotated[float, Field(gt=3, lt=140)]
    size: tuple[Annotated[int, Field(ge=160, le=3840)], Annotated[int, Field(ge=120, le=2160)]] = (
        1280,
        720,
    )
    name: str = "FIRELANE-01"
    clock: str = "2026-05-12 14:30:00"


class Lane(Part):
    polygon: Annotated[list[Point2], Field(min_length=3)]
    words: list[str] = ["消防通道", "禁止占用"]
    wear: Share = 0.3


class Surroundings(Part):
    facade_tone: tuple[Share, Share, Share] = (1.0, 1.0, 1.0)
    facade_y: float = 10.4
    lit_windows: Share = 0.0
    hedge: bool = True
    trees: list[tuple[float, float, float]] = [
        (-7.5, 7.6, 3.2),
        (5.2, 7.9, 3.6),
        (13.0, 7.7, 3.3),
        (-16.0, 7.8, 3.4),
        (1.5, -7.1, 3.6),
        (-16.0, -7.2, 3.6),
    ]
    leaves: Share = 1.0


LightKind = Literal["sun", "overcast", "dusk", "lamps", "ir"]


class Light(Part):
    """Holds from `since` on. exposure in stops."""

    kind: LightKind = "sun"
    since: Annotated[float, Field(ge=0)] = 0.0
    elevation_deg: Annotated[float, Field(gt=0, le=90)] = 48.0
    azimuth_deg: float = 215.0
    exposure: float = 0.35
    strength: Annotated[float, Field(gt=0)] = 1.0


class Plate(Part):
    text: str
    style: Style = "blue"
    dirt: Share = 0.1

    @model_validator(mode="after")
    def _fits(self) -> "Plate":
        try:
            layout(self.text, self.style)
        except PlateError as fault:
            raise ValueError(str(fault)) from fault
        return self


class Pose(Part):
    """Where the actor's middle is at a time. Two equal places in a row mean that it stands
    between them.
    """

    t: float
    at: Point2


class Actor(Part):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    model: str
    paint: str = "white"
    dust: Share = 0.4
    plate: Plate | None = None
    path: Annotated[list[Pose], Field(min_length=1)]
    heading_deg: float | None = None
    reversing: bool = False
    lamps: Literal["off", "day", "beam"] = "off"
    door_open: list[tuple[float, float]] = []
    tint: Share = 0.5

    @field_validator("model")
    @classmethod
    def _known_model(cls, value: str) -> str:
        allowed = [*MODELS, *LIGHT, "person"]
        if value not in allowed:
            raise ValueError(f"no model {value!r}; there are {', '.join(allowed)}")
        return value

    @field_validator("paint")
    @classmethod
    def _known_paint(cls, value: str) -> str:
        if value not in PAINTS:
            raise ValueError(f"no paint {value!r}; there are {', '.join(PAINTS)}")
        return value

    @field_validator("path")
    @classmethod
    def _forward_in_time(cls, value: list[Pose]) -> list[Pose]:
        for before, after in pairwise(value):
            if after.t <= before.t:
                raise ValueError(f"times must rise, but t={after.t:g} follows t={before.t:g}")
        return value

    @property
    def is_vehicle(self) -> bool:
        return self.model != "person"


EffectKind = Literal[
    "cloud",
    "tree_shadow",
    "rain",
    "snow",
    "shift",
    "covered",
    "sprayed",
    "defocused",
    "frozen",
    "black",
    "brightness",
    "headlights",
]
CAMERA_EVENTS: frozenset[str] = frozenset(
    {"shift", "covered", "sprayed", "defocused", "frozen", "black", "brightness"}
)


class Effect(Part):
    """Done to the picture after rendering. strength: share of the view (shift), stops
    (brightness), else 0..1.
    """

    kind: EffectKind
    begin: Annotated[float, Field(ge=0)]
    end: float
    strength: float = 0.5

    @model_validator(mode="after")
    def _some_time(self) -> "Effect":
        if self.end <= self.begin:
            raise ValueError(
                f"effect {self.kind} ends at {self.end:g}, not after its begin {self.begin:g}"
            )
        return self


class Scene(Part):
    """moving_scale: what moves is rendered this much smaller and enlarged again, as its blur
    allows.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]
    seconds: Annotated[float, Field(gt=0, le=600)]
    fps: Annotated[int, Field(ge=1, le=30)] = 8
    motion_fps: Annotated[float, Field(gt=0, le=30)] = 4.0
    seed: int = 1
    samples: Annotated[int, Field(ge=1, le=512)] = 8
    moving_scale: Annotated[float, Field(ge=0.3, le=1)] = 0.6
    crf: Annotated[int, Field(ge=15, le=45)] = 30
    limit_mb: Annotated[float, Field(gt=0, le=50)] = 3.0
    camera: Camera
    lane: Lane
    surroundings: Surroundings = Surroundings()
    lights: Annotated[list[Light], Field(min_length=1)] = [Light()]
    wet: Share = 0.0
    actors: list[Actor] = []
    effects: list[Effect] = []

    @model_validator(mode="after")
    def _consistent(self) -> "Scene":
        names = [a.id for a in self.actors]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"actor id {name!r} is used {names.count(name)} times; ids must differ"
                )
        if self.lights[0].since != 0:
            raise ValueError(
                f"the first light must hold since 0, not since {self.lights[0].since:g}"
            )
        for before, after in pairwise(self.lights):
            if after.since <= before.since:
                raise ValueError(
                    f"lights must follow each other, but {after.since:g} comes after"
                    f" {before.since:g}"
                )
        return self


def parse_scene(text: str, source: str) -> Scene:
    """Raises SceneError with one line per fault."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise SceneError(f"{source} is not YAML: {fault}") from fault
    if not isinstance(content, dict):
        raise SceneError(
            f"{source} must hold a mapping (name, seconds, camera, lane, ...),"
            f" not {type(content).__name__}"
        )
    try:
        return Scene.model_validate(content)
    except ValidationError as fault:
        lines = []
        for error in fault.errors():
            place = ".".join(str(p) for p in error["loc"]) or "scene"
            message = error["msg"].removeprefix("Value error, ")
            came = "" if isinstance(error["input"], dict | list) else f" (came: {error['input']!r})"
            lines.append(f"{place}: {message}{came}")
        raise SceneError(f"{source} cannot be rendered:\n  " + "\n  ".join(lines)) from fault


def load_scene(path: Path) -> Scene:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as fault:
        raise SceneError(f"{path} cannot be read: {fault.strerror}") from fault
    return parse_scene(text, str(path))
