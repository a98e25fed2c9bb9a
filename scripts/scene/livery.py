"""What is drawn on a vehicle's skin: lamps, grille, shut lines, glass, black trim, as texture
maps.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.scene.catalogue import Curve, Face, Model
from scripts.scene.curves import Grid, cover, polygon, polyline, rectangle, stripes
from scripts.scene.shell import BodySurface, GreenhouseSurface, Surface

Rgb = tuple[float, float, float]
BLACK: Rgb = (0.012, 0.012, 0.013)
GAP: Rgb = (0.004, 0.004, 0.004)
CHROME: Rgb = (0.60, 0.61, 0.63)
FAR = 9.0
"""A distance in metres that is outside of every shape."""


class Maps:
    """Texture maps of one skin, (height, width), row 0 at v = 0.

    colour: linear RGB and how much it covers the paint; gloss: roughness, metal, glass; relief:
    metres outward.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.colour: NDArray[np.float32] = np.zeros((*shape, 4), np.float32)
        self.gloss: NDArray[np.float32] = np.zeros((*shape, 3), np.float32)
        self.gloss[..., 0] = 0.35
        self.relief: NDArray[np.float32] = np.zeros(shape, np.float32)

    def put(
        self, mask: Grid, rgb: Rgb, rough: float = 0.5, metal: float = 0.0, glass: float = 0.0
    ) -> None:
        m = mask[..., None].astype(np.float32)
        self.colour[:] = self.colour * (1 - m) + np.array([*rgb, 1.0], np.float32) * m
        self.gloss[:] = self.gloss * (1 - m) + np.array([rough, metal, glass], np.float32) * m

    def groove(self, distance: Grid, half_width_m: float = 0.0035, depth_m: float = 0.006) -> None:
        self.put(cover(distance - half_width_m, 0.003), GAP, 0.9)
        self.relief -= (depth_m * np.clip(1 - distance / (half_width_m * 2.2), 0, 1)).astype(
            np.float32
        )

    def recess(self, distance: Grid, depth_m: float) -> None:
        self.relief -= (depth_m * np.clip(-distance / 0.02, 0, 1)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Canvas:
    """Coordinates of every texel: place (x, y, z) and the distance along the skin from either
    end.
    """

    x: Grid
    y: Grid
    z: Grid
    u: Grid
    v: Grid
    from_front: Grid
    from_rear: Grid


def canvas(surface: Surface, width: int, height: int) -> Canvas:
    u, v = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    x, y, z = (a.reshape(height, width) for a in surface.points(u.ravel(), v.ravel()))
    girth = surface.half_girth_m
    return Canvas(x, y, z, u, v, u * girth, (1 - u) * girth)


def mirrored(half: Curve) -> Curve:
    return (*half, *((-a, b) for a, b in reversed(half)))


def body_maps(model: Model, width: int = 2048, height: int = 448) -> Maps:
    c = canvas(BodySurface(model.body), width, height)
    maps = Maps((height, width))
    maps.put(cover(c.z - model.sill_black_z, 0.008), BLACK, 0.75)
    if model.cladding:
        for axle in (model.front_axle_x, model.front_axle_x - model.wheelbase):
            arch = np.hypot(c.x - axle, c.z - model.wheel_radius) - (model.wheel_radius + 0.115)
            maps.put(cover(arch) * (c.y > 0.5), BLACK, 0.8)
    _front(maps, c, model)
    _flanks(maps, c, model)
    if model.rear.lamp:
        _rear(maps, c, model)
    if model.kind == "fire_engine":
        _fire_stripe(maps, c)
    return maps


def _fire_stripe(maps: Maps, c: Canvas) -> None:
    band = np.where(c.from_front > 1.2, np.abs(c.z - 1.22) - 0.09, FAR)
    maps.put(cover(band), (0.72, 0.72, 0.70), 0.4)
    maps.put(cover(np.abs(band + 0.045) - 0.018), (0.62, 0.42, 0.02), 0.4)


def _front(maps: Maps, c: Canvas, model: Model) -> None:
    face = model.front
    f, z = c.from_front, c.z
    grille = polygon(f, z, mirrored(face.grille), 0.02)
    maps.put(cover(grille), (0.008, 0.008, 0.009), 0.45)
    maps.recess(grille, 0.02)
    bars = stripes(z, 0.062 if model.cladding else 0.036, 0.011 if model.cladding else 0.006)
    maps.put(cover(bars) * cover(grille + 0.012), (0.40, 0.41, 0.43), 0.2, 1.0)
    maps.put(cover(np.abs(grille + 0.004) - 0.008), CHROME, 0.12, 1.0)
    middle = float(np.mean([b for _, b in face.grille]))
    maps.put(cover(np.hypot(f, z - middle) - 0.055), CHROME, 0.1, 1.0)
    maps.put(cover(np.hypot(f, z - middle) - 0.042), (0.03, 0.03, 0.04), 0.2)
    _headlamp(maps, c, face)
    if model.vehicle_class == "car" or model.kind == "pickup":
        _bumper(maps, c, face, model)
    else:
        maps.put(
            cover(np.where(f < 1.3, z - model.sill_black_z - 0.1, FAR)), (0.05, 0.05, 0.05), 0.6
        )


def _headlamp(maps: Maps, c: Canvas, face: Face) -> None:
    f, z = c.from_front, c.z
    d = polygon(f, z, face.lamp, 0.012)
    inside = cover(d)
    maps.put(cover(d - 0.004), (0.006, 0.006, 0.006), 0.4)
    maps.put(inside, (0.20, 0.21, 0.22), 0.12, 0.85)
    shade = np.clip((z - min(p[1] for p in face.lamp)) / 0.16, 0, 1)
    maps.colour[..., :3] *= (1 - inside * 0.65 * shade)[..., None].astype(np.float32)
    for (across, up), radius in zip(face.bulbs, (0.05, 0.045), strict=True):
        away = np.hypot(f - across, z - up)
        maps.put(cover(away - radius) * inside, (0.55, 0.56, 0.58), 0.08, 1.0)
        maps.put(cover(away - radius * 0.78) * inside, (0.03, 0.03, 0.035), 0.05, 0.3)
        maps.put(cover(away - radius * 0.38) * inside, (0.75, 0.78, 0.80), 0.1, 0.6)
    lowest = min(p[1] for p in face.lamp)
    running = cover(np.abs(d + 0.016) - 0.006) * (z < lowest + 0.085)
    maps.put(running, (0.92, 0.93, 0.95), 0.25)
    maps.relief += (0.004 * inside).astype(np.float32)


def _bumper(maps: Maps, c: Canvas, face: Face, model: Model) -> None:
    """Lower intake, lip, fog lamp pockets, bonnet shut line and bumper seam."""
    f, z, lift = c.from_front, c.z, face.lift
    low = 0.31 + lift * 0.85
    intake = polygon(
        f,
        z,
        ((-0.66, low - 0.07), (0.66, low - 0.07), (0.54, low + 0.10), (-0.54, low + 0.10)),
        0.02,
    )
    maps.put(cover(intake), (0.008, 0.008, 0.009), 0.6)
    maps.recess(intake, 0.025)
    maps.put(cover(stripes(z, 0.03, 0.004)) * cover(intake + 0.01), (0.035, 0.035, 0.036), 0.4)
    lip = ((-1.25, 0.0), (1.25, 0.0), (1.1, low - 0.045), (-1.1, low - 0.045))
    maps.put(cover(polygon(f, z, lip, 0.01)), BLACK, 0.6)
    pocket = polygon(
        f,
        z,
        ((0.74, low - 0.045), (1.04, low - 0.01), (1.08, low + 0.13), (0.82, low + 0.10)),
        0.02,
    )
    maps.put(cover(pocket), (0.01, 0.01, 0.011), 0.5)
    maps.recess(pocket, 0.015)
    maps.put(cover(np.hypot(f - 0.91, z - low - 0.025) - 0.034), (0.55, 0.56, 0.58), 0.08, 0.9)
    maps.put(
        cover(polyline(f, z, ((0.84, low + 0.075), (1.04, low + 0.11))) - 0.006), CHROME, 0.1, 1.0
    )
    lamp = face.lamp
    seam = polyline(
        f, z, ((0, lamp[-1][1] + 0.03), (0.50, lamp[-1][1] + 0.022), (1.0, lamp[-2][1] + 0.02))
    )
    maps.groove(np.where(f < 1.0, seam, FAR), 0.003)
    nose = model.body.length / 2
    arch = model.front_axle_x + model.wheel_radius + 0.08
    side = ((nose - 0.62, lamp[2][1] - 0.02), (nose - 0.60, 0.50 + lift), (arch, 0.45 + lift))
    maps.groove(polyline(c.x, z, side) + FAR * (f > 2.2), 0.0028)


def _flanks(maps: Maps, c: Canvas, model: Model) -> None:
    nose, tail = model.body.length / 2, -model.body.length / 2
    x, z, lift = c.x, c.z, model.front.lift
    side = (x < nose - 0.40) & (x > tail + 0.30) & (c.y > 0.5)
    bottom = model.sill_black_z + 0.07
    front, doors = model.doors[0], model.doors
    edge = (
        (front - 0.06, 3.0),
        (front, 0.80 + lift),
        (front - 0.03, 0.45 + lift),
        (front - 0.10, bottom + 0.05),
        (front - 0.17, bottom),
    )
    maps.groove(np.where(side, polyline(x, z, edge), FAR))
    for post in doors[1:-1] if len(doors) > 2 else doors[1:]:
        maps.groove(np.where(side, polyline(x, z, ((post, 3.0), (post, bottom))), FAR))
    if len(doors) > 2:
        rear, axle, arch = (
            doors[-1],
            model.front_axle_x - model.wheelbase,
            model.wheel_radius + 0.10,
        )
        edge = (
            (rear - 0.12, 3.0),
            (rear - 0.09, 0.86 + lift),
            (max(rear - 0.03, axle + arch * 0.75), 0.70 + lift),
            (max(rear, axle + arch * 1.06), 0.45 + lift),
            (max(rear + 0.05, axle + arch * 1.1), bottom),
        )
        maps.groove(np.where(side, polyline(x, z, edge), FAR))
        flap = rectangle(x, z, (axle - 0.32, 0.80 + lift * 1.1), (0.075, 0.075), 0.03)
        maps.groove(np.where(side, np.abs(flap), FAR), 0.0022)
    between = side & (x < front - 0.15) & (x > doors[-1])
    maps.groove(np.where(between, np.abs(z - bottom), FAR), 0.003)
    if model.kind == "van":
        maps.groove(
            np.where((x < doors[-1]) & (x > tail + 0.3), np.abs(z - 0.98), FAR), 0.006, 0.008
        )
    door = (x < front) & (x > doors[-1] + 0.05)
    for height, size in ((0.44 + lift, 0.006), (model.handle_z + 0.035, 0.004)):
        maps.relief += (size * np.exp(-(((z - height) / 0.02) ** 2)) * door).astype(np.float32)


def _rear(maps: Maps, c: Canvas, model: Model) -> None:
    face = model.rear
    r, z, lift = c.from_rear, c.z, face.lift
    d = polygon(r, z, face.lamp, 0.015)
    inside = cover(d)
    maps.put(cover(d - 0.004), (0.006, 0.006, 0.006), 0.4)
    maps.put(inside, (0.30, 0.008, 0.010), 0.08)
    maps.put(inside * cover(np.abs(d + 0.020) - 0.007), (0.75, 0.03, 0.03), 0.12)
    middle = float(np.mean([b for _, b in face.lamp]))
    maps.put(
        inside * cover(np.abs(z - middle) - 0.016) * (r > face.lamp[0][0] + 0.05),
        (0.62, 0.60, 0.58),
        0.12,
        0.3,
    )
    width = 0.66 if model.kind != "bus" else 0.9
    maps.groove(
        np.where(r < 1.1, np.abs(rectangle(r, z, (0, 0.62 + lift), (width, 0.40), 0.05)), FAR)
    )
    strip = np.where(r < 0.42, np.abs(z - (face.plate_z + 0.125)) - 0.011, FAR)
    maps.put(cover(strip), CHROME, 0.1, 1.0)
    pocket = rectangle(r, z, (0, face.plate_z), (0.30, 0.10), 0.03)
    maps.recess(pocket, 0.018)
    low = 0.34 + lift
    maps.groove(np.where(r < 1.25, np.abs(z - (low + 0.20)), FAR), 0.003)
    skirt = polygon(
        r, z, ((-0.72, low - 0.2), (0.72, low - 0.2), (0.62, low + 0.05), (-0.62, low + 0.05)), 0.02
    )
    maps.put(cover(skirt), BLACK, 0.7)
    maps.put(
        cover(rectangle(r, z, (0.78, low + 0.07), (0.11, 0.018), 0.008)), (0.5, 0.01, 0.01), 0.1
    )
    pipe = np.hypot((r - 0.52) * 0.7, z - (low - 0.06))
    maps.put(cover(pipe - 0.035), CHROME, 0.15, 1.0)
    maps.put(cover(pipe - 0.027), GAP, 0.8)


GLASS: Rgb = (0.010, 0.012, 0.012)


def greenhouse_maps(model: Model, width: int = 1536, height: int = 384) -> Maps:
    surface = GreenhouseSurface(model.greenhouse)
    c = canvas(surface, width, height)
    maps = Maps((height, width))
    degrees = np.degrees(surface.angle(c.u))
    front_edge = 40.5 if model.kind != "bus" else 44.0
    rear_edge = model.rear_glass[0] if model.rear_glass else 178.0
    on_side = (degrees > 44) & (degrees < (140 if model.kind != "bus" else 176)) & (c.y > 0.3)
    _side_glass(maps, c, model, on_side)
    _screen(maps, c, (degrees - front_edge, degrees < 90), (0.10, 0.985))
    cowl = np.where(
        degrees < 90, np.maximum((degrees - front_edge) / 57.3 * 0.75, (c.v - 0.16) * 0.5), FAR
    )
    maps.put(cover(cowl), BLACK, 0.6)
    if model.rear_glass:
        _screen(maps, c, (rear_edge - degrees, degrees > 90), (model.rear_glass[1], 0.92))
    return maps


def _side_glass(maps: Maps, c: Canvas, model: Model, on_side: NDArray[np.bool_]) -> None:
    panes = np.minimum.reduce([polygon(c.x, c.z, w, 0.03) for w in model.windows])
    panes = np.where(on_side, panes, FAR)
    first, last = model.windows[0], model.windows[-1]
    outline = [*first[:-1], *(p for w in model.windows[1:] for p in w[1:-1]), last[-1]]
    whole = np.where(on_side, polygon(c.x, c.z, outline, 0.03), FAR)
    maps.put(cover(np.minimum(whole - 0.028, panes - 0.030)), BLACK, 0.35)
    if model.vehicle_class == "car":
        maps.put(cover(np.abs(whole - 0.030) - 0.006), CHROME, 0.14, 1.0)
    maps.put(cover(panes), GLASS, 0.0, 0.0, 1.0)


def _screen(
    maps: Maps, c: Canvas, edge: tuple[Grid, NDArray[np.bool_]], span: tuple[float, float]
) -> None:
    """A windscreen or rear window between heights `span`, with its black printed border."""
    beyond_degrees, here = edge
    d = np.maximum(
        beyond_degrees / 57.3 * 0.75, np.maximum(-(c.v - span[0]) * 0.55, (c.v - span[1]) * 0.55)
    )
    d = np.where(here, d, FAR)
    maps.put(cover(d - 0.012), (0.006, 0.006, 0.006), 0.3)
    maps.put(cover(d + 0.028), GLASS, 0.0, 0.0, 1.0)
