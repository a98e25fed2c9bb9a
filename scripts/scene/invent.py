"""Scenes drawn at random: the same seed gives the same scenes. No Blender here."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.scene.catalogue import MODELS, PAINTS
from scripts.scene.model import (
    Actor,
    Camera,
    Effect,
    Lane,
    Light,
    LightKind,
    Plate,
    Pose,
    Scene,
    Surroundings,
)
from scripts.scene.plates import Style, invent
from scripts.scene.timeline import Placed, footprint, height_of, size_of

SIZE = (640, 360)
MODEL_ODDS = {
    "sedan": 6,
    "suv": 6,
    "hatchback": 4,
    "van": 4,
    "truck": 3,
    "pickup": 2,
    "bus": 1,
    "fire_engine": 1,
    "ebike": 2,
    "tricycle": 2,
    "person": 2,
}
PAINT_ODDS = {
    "white": 6,
    "silver": 3,
    "grey": 3,
    "black": 4,
    "red": 2,
    "blue": 2,
    "brown": 1,
    "champagne": 1,
    "green": 1,
    "yellow": 0.6,
}
LIGHT_ODDS: dict[LightKind, float] = {"sun": 5, "overcast": 3, "dusk": 1, "lamps": 1.5, "ir": 1.5}
ROWS = ((2.0, 0.7, 6), (-1.7, 0.5, 4), (-4.7, 0.35, 2))
"""y of the middle, spread, and odds: in the lane, on the carriageway, at the near kerb."""
STREET = (-9.0, 6.5)
"""y between the façades, where nothing stands in a portrait's way."""


@dataclass(frozen=True, slots=True)
class Still:
    """One picture of a stage: who stands where, under which light, seen from where."""

    index: int
    camera: Camera
    light: Light
    placed: dict[str, Placed]
    effects: tuple[Effect, ...]
    jpeg_quality: int
    blur_px: float
    noise_gain: float


def _pick(rng: random.Random, odds: dict[str, float]) -> str:
    return rng.choices(list(odds), list(odds.values()))[0]


def plate_style(model: str, rng: random.Random) -> Style:
    if model == "fire_engine":
        return "emergency"
    if model == "bus":
        return rng.choice(("yellow", "yellow", "green_large"))
    if model == "truck":
        return rng.choice(("blue", "blue", "yellow", "green_large"))
    styles: tuple[Style, ...] = ("blue", "green", "police", "black", "trainer", "wj")
    return rng.choices(styles, (60, 30, 3, 3, 2, 2))[0]


def _actor(number: int, rng: random.Random, model: str | None = None) -> Actor:
    model = model or _pick(rng, {k: float(v) for k, v in MODEL_ODDS.items()})
    paint = "fire_red" if model == "fire_engine" else _pick(rng, PAINT_ODDS)
    plate = None
    if model in MODELS:
        style = plate_style(model, rng)
        plate = Plate(text=invent(style, rng), style=style, dirt=rng.random() ** 2 * 0.7)
    assert paint in PAINTS
    return Actor(
        id=f"a{number}",
        model=model,
        paint=paint,
        dust=rng.random(),
        plate=plate,
        tint=rng.uniform(0.2, 0.7),
        lamps="day" if rng.random() < 0.15 else "off",
        path=[Pose(t=0, at=(0, 0))],
    )


def invented_stage(seed: int, actors: int = 9, portraits: Sequence[str] = ()) -> Scene:
    """Ground, surroundings and a pool of actors for a batch of stills; one vehicle of each model
    in `portraits`, where given, and no trees before them.
    """
    rng = random.Random(seed)
    length, width = rng.uniform(12, 30), rng.uniform(3.4, 4.2)
    left = rng.uniform(-16, -8)
    lane = Lane(
        polygon=[(left, 0), (left + length, 0), (left + length, width), (left, width)],
        words=rng.choice((["消防通道", "禁止占用"], ["消防通道"], ["消防车通道", "严禁停车"], [])),
        wear=rng.random() * 0.8,
    )
    trees = [
        (rng.uniform(-18, 20), rng.choice((7.6, 7.9, -7.1)), rng.uniform(2.8, 4.2))
        for _ in range(rng.randrange(7))
    ]
    tone = tuple(rng.uniform(0.55, 1.0) for _ in range(3))
    pool: list[str | None] = [*portraits] or [None] * actors
    return Scene(
        name=f"still{seed}",
        seconds=1,
        seed=seed,
        samples=4,
        camera=Camera(at=(-10, -4, 5), aim=(0, 1, 0.5), hfov_deg=50, size=SIZE),
        lane=lane,
        surroundings=Surroundings(
            facade_tone=(tone[0], tone[1], tone[2]),
            hedge=rng.random() < 0.75,
            trees=[] if portraits else trees,
            leaves=0.6,
            lit_windows=0.15,
        ),
        wet=rng.choice((0.0, 0.0, 0.0, rng.random())),
        actors=[_actor(i, rng, model) for i, model in enumerate(pool)],
    )


def invented_camera(rng: random.Random) -> Camera:
    """From a pole or a wall 2.8 to 7 m up, looking along the lane either way or across it."""
    toward = rng.choice((1, -1))
    at = (-toward * rng.uniform(5, 13), rng.uniform(-7, 4.5), rng.uniform(2.8, 7))
    aim = (toward * rng.uniform(-2, 5), rng.uniform(-0.5, 2.2), rng.uniform(0, 1.2))
    return Camera(at=at, aim=aim, hfov_deg=rng.uniform(32, 78), size=SIZE)


def invented_light(rng: random.Random, kinds: tuple[LightKind, ...] | None = None) -> Light:
    odds = {k: v for k, v in LIGHT_ODDS.items() if kinds is None or k in kinds}
    kind = rng.choices(list(odds), list(odds.values()))[0]
    return Light(
        kind=kind,
        elevation_deg=rng.uniform(15, 75),
        azimuth_deg=rng.uniform(0, 360),
        exposure=rng.uniform(-0.5, 0.9),
        strength=rng.uniform(0.75, 1.25),
    )


def _apart(ground: NDArray[np.float64], others: list[NDArray[np.float64]], gap_m: float) -> bool:
    """Whether the boxes around the grounds keep a gap; enough for vehicles that stand along the
    lane.
    """
    low, high = ground.min(0) - gap_m, ground.max(0) + gap_m
    return all((low > o.max(0)).any() or (high < o.min(0)).any() for o in others)


def placed_at_random(
    scene: Scene, rng: random.Random, wanted: int, camera: Camera
) -> dict[str, Placed]:
    grounds: list[NDArray[np.float64]] = []
    placed: dict[str, Placed] = {}
    for actor in rng.sample(scene.actors, len(scene.actors)):
        for _ in range(6):
            row = rng.choices(ROWS, [r[2] for r in ROWS])[0]
            heading = rng.choice((0, math.pi)) + math.radians(
                rng.gauss(0, 5) + (rng.random() < 0.08) * rng.uniform(-60, 60)
            )
            where = Placed(
                rng.gauss(camera.aim[0] + 0.5, 4.5),
                row[0] + rng.gauss(0, row[1] * 0.5),
                heading,
                rng.uniform(0, 2),
            )
            ground = footprint(actor, where)
            far = np.hypot(*(ground - camera.at[:2]).T).min() > 3.0
            if far and _apart(ground, grounds, 0.25):
                grounds.append(ground)
                placed[actor.id] = where
                break
        if len(placed) == wanted:
            break
    return placed


def invented_still(scene: Scene, index: int, kinds: tuple[LightKind, ...] | None = None) -> Still:
    rng = random.Random(scene.seed * 1009 + index)
    effects: tuple[Effect, ...] = ()
    if rng.random() < (0.6 if scene.wet else 0.05):
        effects = (
            Effect(
                kind=rng.choice(("rain", "rain", "snow")),
                begin=0,
                end=10,
                strength=rng.uniform(0.2, 0.9),
            ),
        )
    elif rng.random() < 0.15:
        effects = (Effect(kind="tree_shadow", begin=0, end=10, strength=rng.uniform(0.3, 0.6)),)
    camera = invented_camera(rng)
    return Still(
        index=index,
        camera=camera,
        light=invented_light(rng, kinds),
        placed=placed_at_random(scene, rng, rng.choice((0, 1, 1, 2, 2, 3, 3, 4, 5)), camera),
        effects=effects,
        jpeg_quality=rng.randrange(45, 93),
        blur_px=rng.uniform(0.5, 2.2),
        noise_gain=rng.uniform(0.5, 2.0),
    )


def _portrait_camera(rng: random.Random, actor: Actor, placed: Placed) -> Camera:
    """From any side, as high as a pole; zoomed so that the vehicle fills much of the view."""
    rear, front, half = size_of(actor)
    length, width, height = front - rear, 2 * half, height_of(actor)
    middle = (front + rear) / 2
    x = placed.x + middle * math.cos(placed.heading)
    y = placed.y + middle * math.sin(placed.heading)
    away, up = rng.uniform(1.0, 1.6) * length + 3, rng.uniform(2.8, 6)
    side = rng.uniform(0, 2 * math.pi)
    while not STREET[0] < y + away * math.sin(side) < STREET[1]:
        side = rng.uniform(0, 2 * math.pi)
    broad, deep = abs(math.sin(side - placed.heading)), abs(math.cos(side - placed.heading))
    tilt = math.atan2(up - height / 2, away)
    upright = height * math.cos(tilt) + (length * deep + width * broad) * math.sin(tilt)
    across = max(length * broad + width * deep, upright * SIZE[0] / SIZE[1])
    distance = math.hypot(away, up - height / 2) - 0.3 * length * deep
    return Camera(
        at=(x + away * math.cos(side), y + away * math.sin(side), up),
        aim=(x, y, height / 2),
        hfov_deg=2 * math.degrees(math.atan2(across / rng.uniform(0.55, 0.8) / 2, distance)),
        size=SIZE,
    )


def invented_portrait(
    scene: Scene, index: int, kinds: tuple[LightKind, ...] | None = None
) -> Still:
    """One vehicle alone, near enough to be judged; the models of the pool in turn. One light for
    each turn: a change of light costs as much as the picture.
    """
    rng = random.Random(scene.seed * 1009 + index)
    turn, which = divmod(index, len(scene.actors))
    actor = scene.actors[which]
    heading = rng.choice((0, math.pi)) + math.radians(rng.gauss(0, 3))
    placed = Placed(rng.uniform(-2, 2), rng.choice((2.0, -1.2)), heading, rng.random())
    return Still(
        index=index,
        camera=_portrait_camera(rng, actor, placed),
        light=invented_light(random.Random(scene.seed * 1013 + turn), kinds or ("sun", "overcast")),
        placed={actor.id: placed},
        effects=(),
        jpeg_quality=rng.randrange(60, 93),
        blur_px=rng.uniform(0.5, 1.2),
        noise_gain=rng.uniform(0.5, 1.2),
    )
