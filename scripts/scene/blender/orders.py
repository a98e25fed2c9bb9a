"""What is ordered of the vehicle builder and what it delivers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scripts.scene.blender.paint import Lacquer
from scripts.scene.catalogue import Model


@dataclass(slots=True)
class Built:
    """A vehicle in the scene. plates: side -> plate object; skins: objects whose outline is the
    vehicle's.
    """

    root: Any
    plates: dict[str, Any] = field(default_factory=dict)
    wheels: list[Any] = field(default_factory=list)
    lamps: list[Any] = field(default_factory=list)
    door: Any = None


@dataclass(frozen=True, slots=True)
class PlateLook:
    """pixels: sRGB rows from the top; size in metres (width, height)."""

    pixels: np.ndarray
    size_m: tuple[float, float]
    glow: float


@dataclass(frozen=True, slots=True)
class Order:
    """What to build."""

    name: str
    model: Model
    lacquer: Lacquer
    plate: PlateLook | None
    tint: float = 0.5
    lamps: str = "off"
    fine: bool = True
