"""Shell vehicles: skin, glass, seats, wheels, mirrors, plates, lamps and load bodies."""

import math
from itertools import pairwise
from typing import Any

import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from scripts.scene.blender.cab import add_cab
from scripts.scene.blender.cargo import add_cargo
from scripts.scene.blender.coach import add_coach, add_hatch
from scripts.scene.blender.nodes import Palette
from scripts.scene.blender.orders import Built, Order
from scripts.scene.blender.paint import lacquer_material, plate_material, skin_material
from scripts.scene.blender.solids import box, empty, lathe, link, mesh, pillow, tube
from scripts.scene.blender.wheels import wheel
from scripts.scene.curves import smooth_at
from scripts.scene.livery_cache import maps_of
from scripts.scene.shell import BodySurface, GreenhouseSurface, Resolution, under_glass


class VehicleBuilder:
    def __init__(self, order: Order, palette: Palette) -> None:
        self.order, self.model, self.palette = order, order.model, palette
        self.name = order.name
        self.root = empty(order.name)
        self.built = Built(self.root)
        self.paint = lacquer_material(self.name + "_paint", order.lacquer)
        self.axles = self._axles()

    def _axles(self) -> tuple[float, ...]:
        m = self.model
        rear = m.front_axle_x - m.wheelbase
        return (m.front_axle_x,) if rear < -m.body.length / 2 + 0.2 else (m.front_axle_x, rear)

    def build(self) -> Built:
        self._skins()
        self._underside()
        self._cabin()
        self._wheels()
        self._mirrors()
        if self.model.cargo is None or self.model.kind == "pickup":
            self._trim()
        if self.model.cargo:
            variety = f"{self.name} {self.order.lacquer}"
            add_cargo(self.root, self.model, self.paint, self.palette, variety)
        if self.model.cargo and self.model.kind != "pickup":
            add_cab(self.root, self.model, self.paint, self.palette)
        if self.model.kind == "bus":
            add_coach(self.root, self.model, self.palette)
        if self.model.kind == "van":
            add_hatch(self.root, self.model, self.palette)
        for side in ("front", "rear"):
            self._plate(side)
        if self.order.lamps != "off":
            self._lamps()
        return self.built

    def _skins(self) -> None:
        model, order = self.model, self.order
        body_maps, glass_maps = maps_of(model, order.fine)
        resolution = Resolution() if order.fine else Resolution(100, 24, 4, 14)
        body = BodySurface(model.body).skin(resolution)
        glass = GreenhouseSurface(model.greenhouse).skin(resolution)
        wall = skin_material(
            self.name + "_body", body_maps, order.lacquer, arches=(model, self.axles)
        )
        pane = skin_material(self.name + "_glass", glass_maps, order.lacquer, tint=order.tint)
        keep = ~under_glass(model, body)
        faces = [f for f, k in zip(body.faces, keep, strict=True) if k]
        uv = [c for f, k in zip(body.uv, keep, strict=True) if k for c in f]
        mesh(
            self.name + "_skin",
            body.vertices,
            faces,
            [wall, self.paint],
            self.root,
            uv=uv,
            material_of_face=body.part[keep],
        )
        corners = [c for f in glass.uv for c in f]
        mesh(
            self.name + "_skin2",
            glass.vertices,
            glass.faces,
            [pane, self.paint],
            self.root,
            uv=corners,
            material_of_face=glass.part,
        )
        self.tree = BVHTree.FromPolygons([Vector(v) for v in body.vertices], faces)
        self.glass_tree = BVHTree.FromPolygons([Vector(v) for v in glass.vertices], glass.faces)

    def _hit(
        self,
        start: tuple[float, float, float],
        way: tuple[float, float, float],
        glass: bool = False,
    ) -> Any:
        tree = self.glass_tree if glass else self.tree
        return tree.ray_cast(Vector(start), Vector(way))[0]

    def on_top(self, x: float, y: float, glass: bool = False) -> Any:
        return self._hit((x, y, 6), (0, 0, -1), glass)

    def on_flank(self, x: float, z: float, side: int) -> Any:
        return self._hit((x, 4 * side, z), (0, -side, 0))

    def on_end(self, y: float, z: float, end: int) -> Any:
        return self._hit((9 * end, y, z), (-end, 0, 0))

    def _underside(self) -> None:
        m, black = self.model, self.palette.black()
        floor = smooth_at(0, m.body.sill)
        half = m.body.width / 2
        box(
            self.name + "_under",
            (0, 0, floor + 0.18),
            (m.body.length * 0.86, half * 1.2, 0.36),
            black,
            self.root,
        )
        arch = m.wheel_radius + 0.055
        if len(self.axles) == 2:
            middle, length = sum(self.axles) / 2, m.wheelbase - 2 * arch - 0.06
            box(
                self.name + "_pan",
                (middle, 0, floor + 0.10),
                (length, half * 1.86, 0.14),
                black,
                self.root,
            )
        for axle in self.axles:
            angles = np.linspace(-0.15, math.pi + 0.15, 30)
            for side in (1, -1):
                rim = [
                    (
                        axle + (arch + 0.025) * math.cos(a),
                        side * y,
                        m.wheel_radius + 0.01 + (arch + 0.025) * math.sin(a),
                    )
                    for a in angles
                    for y in (0.30, 0.955 * half)
                ]
                strip = [(2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2) for i in range(29)]
                mesh(self.name + "_well", rim, strip, [black], self.root)

    def _cabin(self) -> None:
        m, name, root = self.model, self.name, self.root
        seat = self.palette.plain("seat", (0.14, 0.125, 0.11), 0.8)
        dash = self.palette.plain("dash", (0.045, 0.045, 0.045), 0.7)
        for row, x in enumerate(m.seats_x):
            for y in (-0.38, 0.38) if row == 0 else (-0.42, 0.0, 0.42):
                pillow(
                    name + "_seat",
                    (x - 0.05, y, m.seat_z + 0.02),
                    (0.20, 0.48, 0.70),
                    seat,
                    root,
                    (0, -0.20, 0),
                )
                pillow(
                    name + "_rest",
                    (x - 0.17, y, m.seat_z + 0.47),
                    (0.11, 0.27, 0.19),
                    seat,
                    root,
                    (0, -0.15, 0),
                )
            pillow(name + "_bench", (x + 0.25, 0, m.seat_z - 0.22), (0.5, 1.3, 0.2), seat, root)
        screen_x = smooth_at(0.2, m.greenhouse.windscreen)
        top = smooth_at(screen_x, m.body.shoulder) - 0.01
        wide = m.body.width * 0.74
        pillow(name + "_dash", (screen_x - 0.32, 0, top - 0.06), (0.62, wide, 0.26), dash, root)
        circle = [
            (0, 0.18 * math.cos(a), 0.18 * math.sin(a))
            for a in np.linspace(0, 2 * math.pi, 24)[:-1]
        ]
        rim = tube(name + "_steering", circle, 0.015, dash, root, loop=True)
        rim.location, rim.rotation_euler = (
            (screen_x - 0.60, m.body.width * 0.2, top + 0.02),
            (0, 0.45, 0),
        )

    def _wheels(self) -> None:
        m = self.model
        x_rear = m.front_axle_x - m.wheelbase
        for x in (m.front_axle_x, x_rear):
            behind_cab = m.cargo is not None and x == x_rear
            wide = m.tyre_width * (1.5 if behind_cab and m.kind != "pickup" else 1)
            out = m.half_width if behind_cab else m.body.width / 2
            for side in (1, -1):
                face = "steel" if (m.cargo and m.kind != "pickup") or m.kind == "bus" else "spokes"
                hub = wheel(
                    f"{self.name}_wheel", m.wheel_radius, wide, self.root, self.palette, face
                )
                hub.location = (x, side * (out - 0.015 - wide / 2), m.wheel_radius)
                hub["side"] = side
                self.built.wheels.append(hub)
        if m.kind in ("truck", "fire_engine"):
            return
        lip = self.palette.black() if m.cladding else self.paint
        arch = m.wheel_radius + 0.055
        for axle in self.axles:
            for side in (1, -1):
                points = []
                for a in np.linspace(-0.12, math.pi + 0.12, 40):
                    hit = self.on_flank(
                        axle + arch * math.cos(a), m.wheel_radius + 0.01 + arch * math.sin(a), side
                    )
                    if hit:
                        points.append((hit[0], hit[1] - 0.004 * side, hit[2]))
                if len(points) > 5:
                    tube(self.name + "_lip", points, 0.013, lip, self.root)

    def _mirrors(self) -> None:
        m, root = self.model, self.root
        tall = m.vehicle_class != "car" and m.kind != "pickup"
        screen = smooth_at(0.22, m.greenhouse.windscreen)
        x = screen + 0.05 if tall else screen - 0.30
        z = smooth_at(x, m.body.shoulder) + (0.42 if tall else 0.12)
        half = m.body.width / 2
        housing = self.palette.black() if tall else self.paint
        for side in (1, -1):
            at = (x, side * (half + 0.06), z)
            size = (0.12, 0.18, 0.34) if tall else (0.10, 0.23, 0.135)
            pillow(self.name + "_mirror", at, size, housing, root, (0, 0.1, -0.22 * side))
            glass = (x - 0.05, side * (half + 0.06), z)
            box(
                self.name + "_mirror_glass",
                glass,
                (0.02, size[1] * 0.75, size[2] * 0.72),
                self.palette.chrome(),
                root,
                0.008,
            )
            box(
                self.name + "_mirror_arm",
                (x + 0.01, side * (half - 0.05), z - 0.05),
                (0.07, 0.20, 0.035),
                self.palette.black(),
                root,
                0.01,
            )

    def _trim(self) -> None:
        if self.model.kind != "bus":
            self._handles()
            self._bonnet()
        if self.model.kind == "sedan":
            self._boot_lid()
        blade = smooth_at(0.14, self.model.greenhouse.windscreen)
        for y0, y1 in ((0.62, 0.05), (0.0, -0.55)):
            wiper = [(blade - 0.02, y0), (blade - 0.10, y1)]
            self._drape(wiper, 0.008, self.palette.black(), lower=-0.012, glass=True)
        if self.model.rails:
            self._rails()

    def _handles(self) -> None:
        m = self.model
        rear = 0.95 if m.kind == "van" else 0.20
        for x in (m.doors[1] + 0.14, m.doors[2] + rear):
            for side in (1, -1):
                hit = self.on_flank(x, m.handle_z, side)
                if hit:
                    at, size = (hit[0], hit[1] + 0.016 * side, hit[2]), (0.20, 0.022, 0.026)
                    box(self.name + "_handle", at, size, self.paint, self.root, 0.009)

    def _bonnet(self) -> None:
        """Shut lines and two creases."""
        m, gap = self.model, self.palette.plain("gap", (0.003, 0.003, 0.003), 0.9)
        nose, foot = m.body.length / 2, m.greenhouse.windscreen[0][1]
        wide = m.body.width / 2 / 0.915
        for side in (1, -1):
            ends = ((foot - 0.02, 0.83), (nose - 0.50, 0.76), (nose - 0.27, 0.62))
            self._drape([(x, y * side * wide) for x, y in ends], 0.0024, gap)
            crease = [(foot + 0.05, 0.46 * side), (nose - 0.34, 0.34 * side)]
            self._drape(crease, 0.007, self.paint, lower=0.004)

    def _boot_lid(self) -> None:
        gap = self.palette.plain("gap", (0.003, 0.003, 0.003), 0.9)
        tail = -self.model.body.length / 2
        for side in (1, -1):
            self._drape([(tail + 0.33, 0.74 * side), (tail + 0.16, 0.66 * side)], 0.0035, gap)
        self._drape([(tail + 0.33, 0.74), (tail + 0.33, -0.74)], 0.0035, gap)

    def _rails(self) -> None:
        for side in (1, -1):
            hits = [self.on_top(x, side * 0.60, glass=True) for x in np.linspace(0.25, -1.75, 20)]
            hits = [h for h in hits if h]
            rail = [
                (h[0], h[1], h[2] + (0.035 if 0 < i < len(hits) - 1 else 0))
                for i, h in enumerate(hits)
            ]
            tube(self.name + "_rail", rail, 0.014, self.palette.chrome(), self.root)

    def _drape(
        self, path: Any, radius: float, material: Any, *, lower: float = 0.0, glass: bool = False
    ) -> None:
        """A thin line laid over the skin from above."""
        points = []
        for (x0, y0), (x1, y1) in pairwise(path):
            for t in np.linspace(0, 1, 14):
                hit = self.on_top(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, glass)
                if hit:
                    points.append((hit[0], hit[1], hit[2] - lower))
        if len(points) > 2:
            tube(self.name + "_line", points, radius, material, self.root)

    def _plate(self, side: str) -> None:
        look, m = self.order.plate, self.model
        if look is None:
            return
        end = 1 if side == "front" else -1
        z = (m.front if end > 0 else m.rear).plate_z
        width, height = look.size_m
        lean = 0.0
        if end < 0 and m.cargo:
            x = m.cargo.x[0] - 0.03
        else:
            hits = [self.on_end(y, z + dz, end) for y in (-0.2, 0, 0.2) for dz in (-0.06, 0, 0.06)]
            x = end * max(end * h[0] for h in hits if h)
            above, below = self.on_end(0, z + 0.07, end), self.on_end(0, z - 0.07, end)
            lean = math.atan2(above[0] - below[0], 0.14) * 0.7
        frame = empty(f"{self.name}_plate_{side}", self.root, (x + 0.022 * end, 0, z))
        frame.rotation_euler = (0, lean, 0)
        h, v = width / 2, height / 2
        left, right = (-h, h) if end > 0 else (h, -h)
        corners = [(0, left, -v), (0, right, -v), (0, right, v), (0, left, v)]
        material = plate_material(f"{self.name}_plate_{side}", look.pixels, look.glow)
        plate = mesh(
            f"{self.name}_plate",
            corners,
            [(0, 1, 2, 3)],
            [material],
            frame,
            smooth=False,
            uv=[(0, 0), (1, 0), (1, 1), (0, 1)],
        )
        plate.location = (0.004 * end, 0, 0)
        box(
            self.name + "_frame",
            (-0.008 * end, 0, 0),
            (0.02, width + 0.024, height + 0.024),
            self.palette.plain("frame", (0.02, 0.02, 0.02), 0.4),
            frame,
            0.004,
        )
        self.built.plates[side] = plate

    def _lamps(self) -> None:
        m, night = self.model, self.order.lamps == "beam"
        white = self.palette.plain("lamp_on", (1.0, 0.95, 0.85), 0.3, glow=40 if night else 6)
        across, z = m.front.bulbs[0]
        for side in (1, -1):
            hit = self.on_end(across * side, z, 1)
            if not hit:
                continue
            disc = lathe(
                self.name + "_lamp",
                [(0.0001, 0), (0.045, 0)],
                white,
                self.root,
                sides=16,
                axis="z",
                at=(hit[0] + 0.012, across * side, z),
            )
            disc.rotation_euler = (0, math.pi / 2, 0)
            if night:
                self._beam((hit[0] + 0.06, across * side, z))
        red = self.palette.plain("tail_on", (0.9, 0.02, 0.01), 0.3, glow=4)
        for side in (1, -1):
            hit = self.on_end(m.body.width * 0.38 * side, m.rear.plate_z + 0.13, -1)
            if hit and m.cargo is None:
                box(
                    self.name + "_tail",
                    (hit[0] - 0.01, hit[1], hit[2]),
                    (0.02, 0.16, 0.05),
                    red,
                    self.root,
                    0.005,
                )

    def _beam(self, at: tuple[float, float, float]) -> None:
        data = bpy.data.lights.new(self.name + "_beam", "SPOT")
        data.energy, data.spot_size, data.spot_blend, data.shadow_soft_size = 420, 1.0, 0.7, 0.05
        data.color = (1.0, 0.94, 0.84)
        lamp = link(bpy.data.objects.new(self.name + "_beam", data), self.root, at)
        lamp.rotation_euler = (0, -math.pi / 2 + 0.06, 0)
        self.built.lamps.append(lamp)
