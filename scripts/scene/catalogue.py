"""The vehicles that a scene can hold: dimensions of invented models, in metres (x forward, z up).

None copies a make; lengths, widths and wheelbases are those usual for the class on Chinese roads.
"""

from dataclasses import dataclass, replace
from typing import Literal

Curve = tuple[tuple[float, float], ...]
VehicleClass = Literal["car", "truck", "bus", "fire_engine", "ebike"]


@dataclass(frozen=True, slots=True)
class Body:
    """Wall stack. nose/tail/tuck: inset over v (0 sill .. 1 shoulder); sill/shoulder: height
    over x.
    """

    length: float
    width: float
    powers: tuple[float, float]
    nose: Curve
    tail: Curve
    tuck: Curve
    sill: Curve
    shoulder: Curve
    crown: float
    fillet: float
    middle_x: float = 0.0


@dataclass(frozen=True, slots=True)
class Greenhouse:
    """Window stack. windscreen, rear_screen, half_width: over v (0 base .. 1 roof); roof:
    height over x.
    """

    base_z: float
    roof: Curve
    windscreen: Curve
    rear_screen: Curve
    half_width: Curve
    powers: tuple[float, float]
    middle_x: float
    fillet: float
    crown: float


@dataclass(frozen=True, slots=True)
class Face:
    """One end of the vehicle. across: metres from the middle along the skin; shapes as (across,
    z).
    """

    lamp: Curve
    bulbs: Curve
    grille: Curve
    lift: float
    plate_z: float


@dataclass(frozen=True, slots=True)
class Cargo:
    """Load part behind a cab: box, bed, tank-like fire body; x from..to, heights and half width."""

    kind: Literal["box", "bed", "fire"]
    x: tuple[float, float]
    z: tuple[float, float]
    half_width: float


@dataclass(frozen=True, slots=True)
class Model:
    kind: str
    vehicle_class: VehicleClass
    body: Body
    greenhouse: Greenhouse
    front: Face
    rear: Face
    windows: tuple[Curve, ...]
    doors: tuple[float, ...]
    wheelbase: float
    front_axle_x: float
    wheel_radius: float
    tyre_width: float
    seats_x: tuple[float, ...]
    seat_z: float
    sill_black_z: float
    cladding: bool = False
    rails: bool = False
    handle_z: float = 0.8
    rear_glass: tuple[float, float] | None = (138.0, 0.22)
    cargo: Cargo | None = None

    @property
    def extent_x(self) -> tuple[float, float]:
        half = self.body.length / 2
        return (self.cargo.x[0] if self.cargo else -half), half

    @property
    def half_width(self) -> float:
        return max(self.body.width / 2, self.cargo.half_width if self.cargo else 0.0)


SEDAN = Model(
    kind="sedan",
    vehicle_class="car",
    body=Body(
        length=4.74, width=1.83, powers=(4.4, 5.2),
        nose=((0, 0.16), (0.12, 0.06), (0.3, 0.0), (0.5, 0.005), (0.7, 0.03), (0.85, 0.065), (1, 0.13)),
        tail=((0, 0.20), (0.15, 0.07), (0.35, 0.0), (0.55, 0.02), (0.75, 0.035), (0.9, 0.05), (1, 0.09)),
        tuck=((0, 0.075), (0.12, 0.03), (0.35, 0.0), (0.55, 0.004), (0.70, 0.008), (0.76, 0.026), (0.9, 0.034), (1, 0.054)),
        sill=((-2.4, 0.27), (-1.8, 0.21), (0, 0.19), (1.8, 0.195), (2.4, 0.22)),
        shoulder=((-2.4, 0.98), (-1.7, 1.0), (-0.6, 0.965), (0.6, 0.925), (1.15, 0.90), (1.9, 0.83), (2.4, 0.755)),
        crown=0.07, fillet=0.075,
    ),
    greenhouse=Greenhouse(
        base_z=0.87,
        roof=((-1.2, 1.345), (-0.75, 1.395), (-0.2, 1.425), (0.2, 1.41), (0.6, 1.36)),
        windscreen=((0, 1.30), (0.25, 1.08), (0.6, 0.76), (0.85, 0.52), (1, 0.38)),
        rear_screen=((0, -2.06), (0.25, -1.82), (0.6, -1.42), (0.85, -1.13), (1, -0.98)),
        half_width=((0, 0.88), (0.2, 0.85), (0.6, 0.757), (0.9, 0.668), (1, 0.63)),
        powers=(4.5, 4.5), middle_x=-0.25, fillet=0.09, crown=0.045,
    ),
    front=Face(
        lamp=((0.46, 0.60), (0.80, 0.575), (1.14, 0.64), (1.34, 0.745), (1.12, 0.748), (0.52, 0.685)),
        bulbs=((0.62, 0.637), (0.85, 0.650)),
        grille=((0.34, 0.46), (0.42, 0.56), (0.40, 0.675)),
        lift=0.0, plate_z=0.455,
    ),
    rear=Face(
        lamp=((0.40, 0.80), (0.44, 0.88), (0.98, 0.925), (1.22, 0.90), (1.12, 0.825), (0.80, 0.79)),
        bulbs=(), grille=(), lift=0.0, plate_z=0.735,
    ),
    windows=(
        ((1.0, 0.945), (0.58, 1.16), (0.23, 1.36), (-0.03, 1.375), (-0.03, 0.96)),
        ((-0.11, 0.962), (-0.11, 1.375), (-0.62, 1.365), (-1.02, 1.27), (-1.26, 1.11), (-1.20, 1.01)),
    ),
    doors=(1.02, -0.07, -1.02), wheelbase=2.72, front_axle_x=1.43, wheel_radius=0.33, tyre_width=0.205,
    seats_x=(-0.15, -1.0), seat_z=0.62, sill_black_z=0.225, handle_z=0.81,
)  # fmt: skip

HATCHBACK = replace(
    SEDAN,
    kind="hatchback",
    body=replace(
        SEDAN.body, length=4.18, width=1.76,
        tail=((0, 0.16), (0.15, 0.05), (0.35, 0.0), (0.6, 0.015), (0.85, 0.05), (1, 0.10)),
        shoulder=((-2.1, 1.02), (-1.4, 1.03), (-0.6, 0.99), (0.6, 0.955), (1.0, 0.935), (1.7, 0.86), (2.1, 0.78)),
    ),
    greenhouse=replace(
        SEDAN.greenhouse, base_z=0.90,
        roof=((-2.0, 1.40), (-1.5, 1.46), (-0.6, 1.505), (0.0, 1.50), (0.5, 1.44)),
        windscreen=((0, 1.16), (0.25, 0.95), (0.6, 0.64), (0.85, 0.42), (1, 0.29)),
        rear_screen=((0, -2.0), (0.3, -1.93), (0.6, -1.80), (0.85, -1.64), (1, -1.52)),
        half_width=((0, 0.845), (0.2, 0.82), (0.6, 0.735), (0.9, 0.655), (1, 0.62)),
        middle_x=-0.5, powers=(4.5, 4.8),
    ),
    front=replace(SEDAN.front, grille=((0.30, 0.60), (0.44, 0.62), (0.42, 0.70)), lift=0.03, plate_z=0.50,
                  lamp=((0.50, 0.63), (0.80, 0.61), (1.10, 0.68), (1.24, 0.79), (1.04, 0.79), (0.54, 0.715))),
    rear=replace(SEDAN.rear, lamp=((0.62, 0.84), (0.60, 1.0), (0.88, 1.02), (1.06, 1.0), (1.0, 0.86)), lift=0.06, plate_z=0.70),
    windows=(
        ((0.88, 0.985), (0.48, 1.21), (0.15, 1.44), (-0.10, 1.455), (-0.10, 1.0)),
        ((-0.18, 1.0), (-0.18, 1.455), (-0.92, 1.44), (-0.92, 1.04)),
        ((-1.0, 1.05), (-1.0, 1.43), (-1.32, 1.36), (-1.52, 1.20), (-1.46, 1.10)),
    ),
    doors=(0.88, -0.14, -0.96), wheelbase=2.52, front_axle_x=1.30, wheel_radius=0.31, tyre_width=0.19,
    seats_x=(-0.2, -0.95), seat_z=0.66, handle_z=0.86, rear_glass=(137.0, 0.18),
)  # fmt: skip

SUV = Model(
    kind="suv",
    vehicle_class="car",
    body=Body(
        length=4.64, width=1.87, powers=(4.8, 6.0),
        nose=((0, 0.16), (0.12, 0.07), (0.3, 0.0), (0.6, 0.0), (0.8, 0.03), (1, 0.12)),
        tail=((0, 0.18), (0.15, 0.07), (0.35, 0.0), (0.6, 0.02), (0.8, 0.05), (1, 0.09)),
        tuck=((0, 0.06), (0.12, 0.02), (0.35, 0.0), (0.6, 0.004), (0.74, 0.010), (0.80, 0.028), (1, 0.052)),
        sill=((-2.4, 0.32), (-1.8, 0.25), (0, 0.23), (1.8, 0.24), (2.4, 0.28)),
        shoulder=((-2.4, 1.10), (-1.6, 1.11), (-0.6, 1.08), (0.6, 1.05), (1.15, 1.03), (1.9, 0.98), (2.4, 0.91)),
        crown=0.075, fillet=0.09,
    ),
    greenhouse=Greenhouse(
        base_z=1.0,
        roof=((-2.3, 1.63), (-1.6, 1.67), (-0.6, 1.69), (0.1, 1.675), (0.6, 1.61)),
        windscreen=((0, 1.30), (0.25, 1.08), (0.6, 0.80), (0.85, 0.58), (1, 0.45)),
        rear_screen=((0, -2.22), (0.3, -2.17), (0.6, -2.10), (0.85, -2.02), (1, -1.93)),
        half_width=((0, 0.895), (0.2, 0.865), (0.6, 0.775), (0.9, 0.69), (1, 0.65)),
        powers=(4.8, 5.2), middle_x=-0.4, fillet=0.10, crown=0.035,
    ),
    front=Face(
        lamp=((0.49, 0.77), (0.86, 0.77), (1.15, 0.83), (1.22, 0.90), (1.04, 0.905), (0.51, 0.868)),
        bulbs=((0.62, 0.818), (0.85, 0.832)),
        grille=((0.34, 0.63), (0.46, 0.74), (0.44, 0.87)),
        lift=0.17, plate_z=0.56,
    ),
    rear=Face(
        lamp=((0.52, 0.87), (0.54, 0.98), (0.92, 1.03), (1.14, 1.03), (1.06, 0.93), (0.84, 0.86)),
        bulbs=(), grille=(), lift=0.17, plate_z=0.80,
    ),
    windows=(
        ((0.95, 1.10), (0.62, 1.28), (0.30, 1.53), (-0.06, 1.57), (-0.06, 1.11)),
        ((-0.14, 1.112), (-0.14, 1.57), (-0.98, 1.56), (-0.98, 1.13)),
        ((-1.06, 1.132), (-1.06, 1.56), (-1.5, 1.53), (-1.86, 1.38), (-1.9, 1.27), (-1.8, 1.16)),
    ),
    doors=(1.02, -0.10, -1.0), wheelbase=2.68, front_axle_x=1.42, wheel_radius=0.36, tyre_width=0.225,
    seats_x=(-0.15, -1.0), seat_z=0.78, sill_black_z=0.40, cladding=True, rails=True, handle_z=0.93,
    rear_glass=(137.0, 0.16),
)  # fmt: skip

VAN = Model(
    kind="van",
    vehicle_class="car",
    body=Body(
        length=4.60, width=1.72, powers=(4.6, 7.0),
        nose=((0, 0.10), (0.12, 0.04), (0.3, 0.0), (0.5, 0.0), (0.8, 0.05), (1, 0.16)),
        tail=((0, 0.10), (0.15, 0.03), (0.35, 0.0), (0.7, 0.015), (1, 0.04)),
        tuck=((0, 0.05), (0.12, 0.02), (0.35, 0.0), (0.6, 0.002), (0.74, 0.006), (0.80, 0.02), (1, 0.034)),
        sill=((-2.4, 0.30), (-1.8, 0.24), (0, 0.22), (1.8, 0.23), (2.4, 0.26)),
        shoulder=((-2.4, 1.13), (-1.2, 1.13), (0.6, 1.11), (1.2, 1.08), (1.8, 0.99), (2.4, 0.86)),
        crown=0.06, fillet=0.06,
    ),
    greenhouse=Greenhouse(
        base_z=1.03,
        roof=((-2.3, 1.86), (-1.6, 1.91), (-0.3, 1.93), (0.5, 1.91), (1.0, 1.82)),
        windscreen=((0, 1.88), (0.25, 1.62), (0.6, 1.26), (0.85, 0.98), (1, 0.82)),
        rear_screen=((0, -2.25), (0.4, -2.22), (0.7, -2.18), (0.9, -2.13), (1, -2.07)),
        half_width=((0, 0.838), (0.2, 0.825), (0.6, 0.785), (0.9, 0.735), (1, 0.70)),
        powers=(5.2, 7.0), middle_x=-0.3, fillet=0.10, crown=0.03,
    ),
    front=Face(
        lamp=((0.44, 0.62), (0.78, 0.62), (1.12, 0.80), (1.20, 0.92), (1.0, 0.90), (0.46, 0.74)),
        bulbs=((0.58, 0.68), (0.80, 0.73)),
        grille=((0.30, 0.60), (0.36, 0.66), (0.34, 0.705)),
        lift=0.13, plate_z=0.50,
    ),
    rear=Face(
        lamp=((0.66, 0.80), (0.64, 1.06), (0.78, 1.08), (0.90, 1.06), (0.90, 0.80)),
        bulbs=(), grille=(), lift=0.13, plate_z=0.72,
    ),
    windows=(
        ((1.42, 1.18), (1.05, 1.42), (0.74, 1.72), (0.46, 1.75), (0.46, 1.16)),
        ((0.36, 1.16), (0.36, 1.75), (-0.74, 1.75), (-0.74, 1.165)),
        ((-0.84, 1.165), (-0.84, 1.75), (-1.95, 1.71), (-2.0, 1.17)),
    ),
    doors=(1.42, 0.41, -0.79), wheelbase=2.95, front_axle_x=1.52, wheel_radius=0.31, tyre_width=0.185,
    seats_x=(0.35, -0.6, -1.4), seat_z=0.80, sill_black_z=0.30, handle_z=0.92, rear_glass=(137.0, 0.14),
)  # fmt: skip

CAB = Model(
    kind="truck",
    vehicle_class="truck",
    body=Body(
        length=1.72, width=1.85, powers=(5.0, 9.0),
        nose=((0, 0.10), (0.12, 0.03), (0.3, 0.0), (0.6, 0.01), (1, 0.06)),
        tail=((0, 0.0), (1, 0.0)),
        tuck=((0, 0.03), (0.12, 0.01), (0.35, 0.0), (0.75, 0.0), (1, 0.015)),
        sill=((-1, 0.46), (1, 0.46)), shoulder=((-1, 1.28), (1, 1.24)), crown=0.03, fillet=0.03,
    ),
    greenhouse=Greenhouse(
        base_z=1.20, roof=((-1, 2.02), (0, 2.04), (0.6, 2.0)),
        windscreen=((0, 0.80), (0.3, 0.72), (0.7, 0.55), (0.9, 0.44), (1, 0.36)),
        rear_screen=((0, -0.83), (1, -0.78)),
        half_width=((0, 0.90), (0.3, 0.885), (0.7, 0.845), (1, 0.78)),
        powers=(5.5, 9.0), middle_x=-0.1, fillet=0.09, crown=0.03,
    ),
    front=Face(
        lamp=((0.56, 0.60), (0.92, 0.60), (0.98, 0.72), (0.92, 0.77), (0.56, 0.75)),
        bulbs=((0.66, 0.68), (0.80, 0.68)), grille=((0.55, 0.90), (0.58, 1.0), (0.55, 1.10)), lift=0.0, plate_z=0.55,
    ),
    rear=Face(lamp=(), bulbs=(), grille=(), lift=0.0, plate_z=0.62),
    windows=(((0.62, 1.30), (0.44, 1.62), (0.30, 1.86), (-0.42, 1.86), (-0.42, 1.30)),),
    doors=(0.70, -0.52), wheelbase=3.3, front_axle_x=0.45, wheel_radius=0.37, tyre_width=0.20,
    seats_x=(-0.25,), seat_z=1.0, sill_black_z=0.50, rear_glass=None,
    cargo=Cargo("box", (-4.55, -0.95), (0.85, 2.87), 1.01),
)  # fmt: skip

PICKUP = replace(
    SUV,
    kind="pickup",
    vehicle_class="truck",
    body=replace(SUV.body, length=3.45,
                 tail=((0, 0.02), (1, 0.02)), powers=(4.8, 11.0),
                 sill=((-1.8, 0.36), (0, 0.33), (1.2, 0.34), (1.8, 0.38)),
                 shoulder=((-1.8, 1.13), (-0.6, 1.12), (0.1, 1.10), (0.7, 1.08), (1.3, 1.04), (1.8, 0.97))),
    greenhouse=replace(SUV.greenhouse, base_z=1.04,
                       roof=((-1.7, 1.74), (-0.9, 1.77), (-0.3, 1.76), (0.1, 1.70)),
                       windscreen=((0, 0.72), (0.25, 0.52), (0.6, 0.26), (0.85, 0.05), (1, -0.07)),
                       rear_screen=((0, -1.70), (0.5, -1.66), (1, -1.56)), middle_x=-0.8, powers=(4.8, 8.0)),
    front=replace(SUV.front, lift=0.22, plate_z=0.62),
    windows=(
        ((0.36, 1.16), (0.05, 1.36), (-0.22, 1.60), (-0.50, 1.64), (-0.50, 1.17)),
        ((-0.58, 1.17), (-0.58, 1.64), (-1.35, 1.62), (-1.40, 1.20)),
    ),
    doors=(0.45, -0.54, -1.42), wheelbase=3.15, front_axle_x=0.92, wheel_radius=0.38, tyre_width=0.25,
    seats_x=(-0.6, -1.3), seat_z=0.84, rails=False, handle_z=1.0, rear_glass=(140.0, 0.2),
    cargo=Cargo("bed", (-3.55, -1.72), (0.55, 1.10), 0.90),
)  # fmt: skip

FIRE_ENGINE = replace(
    CAB,
    kind="fire_engine",
    vehicle_class="fire_engine",
    body=replace(CAB.body, length=3.1, width=2.35, sill=((-2, 0.50), (2, 0.50)), shoulder=((-2, 1.62), (2, 1.58))),
    greenhouse=replace(CAB.greenhouse, base_z=1.52, roof=((-2, 2.72), (0, 2.74), (1.3, 2.70)),
                       windscreen=((0, 1.50), (0.3, 1.45), (0.7, 1.33), (0.9, 1.22), (1, 1.12)),
                       rear_screen=((0, -1.52), (1, -1.47)),
                       half_width=((0, 1.14), (0.3, 1.13), (0.7, 1.10), (1, 1.04)), middle_x=0.0),
    windows=(((1.30, 1.66), (1.18, 2.0), (1.05, 2.45), (0.16, 2.45), (0.16, 1.66)),
             ((0.02, 1.66), (0.02, 2.45), (-0.95, 2.45), (-0.95, 1.66))),
    front=replace(CAB.front, lamp=((0.72, 0.66), (1.12, 0.66), (1.18, 0.80), (1.12, 0.86), (0.72, 0.84)),
                  bulbs=((0.84, 0.75), (1.0, 0.75)), grille=((0.70, 1.02), (0.74, 1.15), (0.70, 1.30)), plate_z=0.62),
    rear=replace(CAB.rear, plate_z=0.75),
    doors=(1.25, -1.02), wheelbase=4.4, front_axle_x=0.75, wheel_radius=0.50, tyre_width=0.28,
    seats_x=(0.35, -0.7), seat_z=1.3, sill_black_z=0.62,
    cargo=Cargo("fire", (-6.1, -1.62), (0.75, 2.95), 1.19),
)  # fmt: skip

BUS = replace(
    VAN,
    kind="bus",
    vehicle_class="bus",
    body=Body(
        length=8.4, width=2.36, powers=(7.0, 9.0),
        nose=((0, 0.10), (0.2, 0.02), (0.5, 0.0), (1, 0.06)), tail=((0, 0.10), (0.2, 0.02), (0.5, 0.0), (1, 0.03)),
        tuck=((0, 0.03), (0.15, 0.005), (0.5, 0.0), (1, 0.02)),
        sill=((-4.2, 0.36), (0, 0.32), (4.2, 0.34)), shoulder=((-4.2, 1.32), (4.2, 1.28)), crown=0.02, fillet=0.02,
    ),
    greenhouse=Greenhouse(
        base_z=1.24, roof=((-4.2, 2.82), (0, 2.86), (4.2, 2.80)),
        windscreen=((0, 4.16), (0.4, 4.06), (0.8, 3.90), (1, 3.74)), rear_screen=((0, -4.16), (0.5, -4.12), (1, -4.0)),
        half_width=((0, 1.165), (0.5, 1.15), (0.85, 1.10), (1, 1.02)), powers=(7.0, 9.0), middle_x=0.0, fillet=0.12, crown=0.03,
    ),
    front=Face(lamp=((0.72, 0.64), (1.15, 0.64), (1.28, 0.78), (1.18, 0.88), (0.74, 0.84)), bulbs=((0.84, 0.74), (1.02, 0.75)),
               grille=((0.60, 0.74), (0.62, 0.80), (0.60, 0.86)), lift=0.16, plate_z=0.56),
    rear=Face(lamp=((0.86, 0.80), (0.84, 1.16), (1.0, 1.20), (1.14, 1.16), (1.14, 0.80)), bulbs=(), grille=(), lift=0.16, plate_z=0.86),
    windows=tuple(((x1, 1.36), (x1, 2.40), (x1 - 1.18, 2.40), (x1 - 1.18, 1.36)) for x1 in (3.55, 2.27, 0.99, -0.29, -1.57, -2.85)),
    doors=(3.62, 2.55, -3.2), wheelbase=4.3, front_axle_x=2.15, wheel_radius=0.43, tyre_width=0.25,
    seats_x=(2.8, 1.9, 1.0, 0.1, -0.8, -1.7, -2.6), seat_z=1.15, sill_black_z=0.38, handle_z=1.1, rear_glass=(150.0, 0.25),
)  # fmt: skip

MODELS: dict[str, Model] = {
    m.kind: m for m in (SEDAN, HATCHBACK, SUV, VAN, CAB, PICKUP, FIRE_ENGINE, BUS)
}
"""Shell vehicles; the light ones (ebike, tricycle) are built of tubes, see blender/ebikes.py."""

LIGHT: dict[str, tuple[float, float, float]] = {
    "ebike": (1.75, 0.65, 1.1),
    "tricycle": (2.9, 1.1, 1.45),
}
"""length, width, height."""

PAINTS: dict[str, tuple[tuple[float, float, float], float, float]] = {
    "white": ((0.72, 0.72, 0.70), 0.0, 0.35),
    "silver": ((0.47, 0.48, 0.50), 0.75, 0.34),
    "grey": ((0.12, 0.125, 0.13), 0.6, 0.34),
    "black": ((0.012, 0.012, 0.014), 0.3, 0.30),
    "red": ((0.26, 0.012, 0.012), 0.4, 0.36),
    "blue": ((0.02, 0.05, 0.20), 0.5, 0.34),
    "brown": ((0.11, 0.065, 0.04), 0.6, 0.36),
    "champagne": ((0.42, 0.36, 0.27), 0.65, 0.34),
    "green": ((0.03, 0.10, 0.06), 0.4, 0.36),
    "yellow": ((0.60, 0.38, 0.02), 0.1, 0.36),
    "fire_red": ((0.45, 0.012, 0.010), 0.0, 0.30),
}
"""linear RGB of the base coat, metallic 0..1, roughness 0..1."""
