"""The Blender scene of one firelane scene: built once, posed and photographed many times."""

import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from scripts.scene.blender import ebikes
from scripts.scene.blender.ground import add_ground
from scripts.scene.blender.lights import Lighting
from scripts.scene.blender.nodes import Palette
from scripts.scene.blender.orders import Built, Order, PlateLook
from scripts.scene.blender.paint import Lacquer, lacquer_material
from scripts.scene.blender.people import Person
from scripts.scene.blender.solids import box, empty, family
from scripts.scene.blender.surroundings import add_surroundings
from scripts.scene.blender.vehicle import VehicleBuilder
from scripts.scene.catalogue import LIGHT, MODELS, PAINTS
from scripts.scene.model import Actor, Camera, Light, Scene
from scripts.scene.outline import Solid, View
from scripts.scene.plates import draw, layout, soiled
from scripts.scene.timeline import Placed

OUTLINE_PARTS = (
    "_skin",
    "_frame",
    "underrun",
    "_tyre",
    "cargo",
    "body",
    "bed_side",
    "tailgate",
    "_side",
    "_shield",
    "_head",
    "_hips",
    "_mirror",
    "_boot",
)


class Stage:
    def __init__(self, scene: Scene, threads: int, fine: bool = True) -> None:
        self.scene, self.fine = scene, fine
        bpy.ops.wm.read_factory_settings(use_empty=True)
        _engine(scene, threads)
        self.camera = _camera(scene)
        self.palette = Palette()
        rng = np.random.default_rng(scene.seed)
        _, far = add_ground(scene.lane, scene.wet, self.palette, rng)
        add_surroundings(scene.surroundings, far, self.palette, rng)
        self.lighting = Lighting()
        self._light: Light | None = None
        self.actors: dict[str, Built] = {}
        self.people: dict[str, Person] = {}
        for actor in scene.actors:
            self._add(actor, rng)
        bpy.context.view_layer.update()
        self.solids = {name: _solid(built) for name, built in self.actors.items()}

    def _add(self, actor: Actor, rng: np.random.Generator) -> None:
        rgb, metal, rough = PAINTS[actor.paint]
        lacquer = Lacquer(rgb, metal, rough, actor.dust)
        if actor.model == "person":
            shirt = tuple(float(c) for c in rng.uniform(0.02, 0.5, 3))
            trousers = tuple(float(c) for c in rng.uniform(0.01, 0.12, 3))
            person = Person(actor.id, shirt, trousers, self.palette)
            self.people[actor.id] = person
            self.actors[actor.id] = Built(person.root)
        elif actor.model in LIGHT:
            make = ebikes.ebike if actor.model == "ebike" else ebikes.tricycle
            root, wheels = make(actor.id, lacquer_material(actor.id, lacquer), self.palette)
            self.actors[actor.id] = Built(root, wheels=wheels)
        else:
            order = Order(
                actor.id,
                MODELS[actor.model],
                lacquer,
                self._plate(actor, rng),
                actor.tint,
                actor.lamps,
                self.fine,
            )
            self.actors[actor.id] = VehicleBuilder(order, self.palette).build()
            if actor.door_open:
                self.actors[actor.id].door = _open_door(
                    actor, self.actors[actor.id].root, lacquer, self.palette
                )

    def _plate(self, actor: Actor, rng: np.random.Generator) -> PlateLook | None:
        if actor.plate is None:
            return None
        pixels = soiled(
            draw(actor.plate.text, actor.plate.style, 2.0 if self.fine else 1.5),
            actor.plate.dirt,
            rng,
        )
        plan = layout(actor.plate.text, actor.plate.style)
        glow = 0.12 if any(light.kind == "ir" for light in self.scene.lights) else 0.0
        return PlateLook(pixels, (plan.width_mm / 1000, plan.height_mm / 1000), glow)

    def aim(self, plan: Camera) -> None:
        """Move the camera; keeps the picture size. The infrared lamp goes with it."""
        _point(self.camera, plan)
        if self._light is not None and self._light.kind == "ir":
            self._light = None

    @property
    def view(self) -> View:
        width, height = self.scene.camera.size
        matrix = np.array(self.camera.matrix_world.inverted())
        focal = width / 2 / math.tan(self.camera.data.angle / 2)
        return View(matrix[:3, :3], matrix[:3, 3], focal, (width, height))

    def pose(self, light: Light, placed: Mapping[str, Placed]) -> None:
        if light != self._light:
            self.lighting.set(light)
            self._light = light
        for name, built in self.actors.items():
            where = placed.get(name)
            for item in family(built.root):
                item.hide_render = where is None
            if where is None:
                continue
            built.root.location = (where.x, where.y, 0)
            built.root.rotation_euler = (0, 0, where.heading)
            for wheel in built.wheels:
                turn = where.travelled / max(wheel.location[2], 0.1)
                flipped = wheel.get("side", 1) < 0
                wheel.rotation_euler = (0, -turn if flipped else turn, math.pi if flipped else 0)
            if name in self.people:
                self.people[name].step(where.travelled)
            if built.door is not None:
                for item in family(built.door):
                    item.hide_render = not where.door_open
        bpy.context.view_layer.update()

    def photograph(self, path: Path, border: tuple[int, int, int, int] | None) -> None:
        """Write a PNG of the whole view, or of `border` (x0, y0, x1, y1 in pixels from the
        upper left).
        """
        render = bpy.context.scene.render
        width, height = self.scene.camera.size
        render.use_border = render.use_crop_to_border = border is not None
        if border:
            x0, y0, x1, y1 = border
            render.border_min_x, render.border_max_x = x0 / width, x1 / width
            render.border_min_y, render.border_max_y = 1 - y1 / height, 1 - y0 / height
        bpy.context.scene.cycles.samples = (
            self.scene.samples if border is None else max(3, self.scene.samples // 2)
        )
        render.resolution_percentage = (
            100 if border is None else round(100 * self.scene.moving_scale)
        )
        render.filepath = str(path.with_suffix(".part.png"))
        with _silent():
            bpy.ops.render.render(write_still=True)
        path.with_suffix(".part.png").replace(path)


@contextmanager
def _silent() -> Iterator[None]:
    """Blender writes a line for every step to file descriptor 1, past Python's stdout."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _engine(scene: Scene, threads: int) -> None:
    world = bpy.context.scene
    world.render.engine = "CYCLES"
    cycles = world.cycles
    cycles.device, cycles.samples, cycles.seed = "CPU", scene.samples, scene.seed
    world.render.threads_mode, world.render.threads = "FIXED", threads
    cycles.use_adaptive_sampling, cycles.adaptive_threshold = True, 0.03
    cycles.adaptive_min_samples = min(8, scene.samples)
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 5, 2, 3
    cycles.transmission_bounces, cycles.transparent_max_bounces = 2, 12
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect, cycles.blur_glossy = 4, 0.5
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_input_passes, cycles.denoising_prefilter = "RGB_ALBEDO_NORMAL", "FAST"
    world.render.use_persistent_data = True
    world.view_settings.view_transform, world.view_settings.look = (
        "AgX",
        "AgX - Medium High Contrast",
    )
    world.render.image_settings.file_format = "PNG"
    world.render.image_settings.compression = 15


def _camera(scene: Scene) -> Any:
    plan, world = scene.camera, bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    world.collection.objects.link(camera)
    world.camera = camera
    _point(camera, plan)
    world.render.resolution_x, world.render.resolution_y = plan.size
    world.render.resolution_percentage = 100
    bpy.context.view_layer.update()
    return camera


def _point(camera: Any, plan: Camera) -> None:
    camera.data.sensor_fit, camera.data.angle = "HORIZONTAL", math.radians(plan.hfov_deg)
    camera.location = plan.at
    way = Vector(plan.aim) - Vector(plan.at)
    camera.rotation_euler = way.to_track_quat("-Z", "Y").to_euler()
    bpy.context.view_layer.update()


def _solid(built: Built) -> Solid:
    """Outline triangles and plate corners of an actor, in its own coordinates."""
    inverse = np.array(built.root.matrix_world.inverted())
    parts = []
    for item in family(built.root):
        if item.type not in ("MESH", "CURVE") or not any(
            part in item.name for part in OUTLINE_PARTS
        ):
            continue
        evaluated = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
        data = evaluated.to_mesh()
        points = np.empty(len(data.vertices) * 3, np.float32)
        data.vertices.foreach_get("co", points)
        data.calc_loop_triangles()
        triangles = np.empty(len(data.loop_triangles) * 3, np.int32)
        data.loop_triangles.foreach_get("vertices", triangles)
        matrix = inverse @ np.array(item.matrix_world)
        parts.append(
            ((points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]), triangles.reshape(-1, 3))
        )
        evaluated.to_mesh_clear()
    offset, points, triangles = 0, [], []
    for vertices, faces in parts:
        points.append(vertices)
        triangles.append(faces + offset)
        offset += len(vertices)
    plates = {}
    for side, plate in built.plates.items():
        matrix = inverse @ np.array(plate.matrix_world)
        corners = np.array([v.co for v in plate.data.vertices])[[3, 2, 1, 0]]
        plates[side] = corners @ matrix[:3, :3].T + matrix[:3, 3]
    return Solid(np.concatenate(points), np.concatenate(triangles), plates)


def _open_door(actor: Actor, root: Any, lacquer: Lacquer, palette: Palette) -> Any:
    """A front door standing open on the left: drawn beside the closed body."""
    model = MODELS[actor.model]
    x, half = model.doors[0], model.body.width / 2
    length, low, belt = (
        model.doors[0] - model.doors[1],
        model.sill_black_z + 0.08,
        model.handle_z + 0.1,
    )
    hinge = empty(actor.id + "_door", root, (x, half - 0.03, 0))
    hinge.rotation_euler = (0, 0, -math.radians(62))
    paint = lacquer_material(actor.id + "_door", lacquer)
    box(
        actor.id + "_skin_door",
        (-length / 2, 0.0, (low + belt) / 2),
        (length, 0.07, belt - low),
        paint,
        hinge,
        0.03,
    )
    frame = palette.black()
    top = belt + 0.38
    box(
        actor.id + "_pillar",
        (-length + 0.04, -0.01, (belt + top) / 2),
        (0.06, 0.04, top - belt),
        frame,
        hinge,
        0.01,
    )
    box(
        actor.id + "_rail",
        (-length / 2 - 0.12, -0.01, top),
        (length * 0.72, 0.04, 0.05),
        frame,
        hinge,
        0.01,
    )
    box(
        actor.id + "_trim",
        (-length / 2, -0.045, (low + belt) / 2),
        (length * 0.9, 0.03, (belt - low) * 0.85),
        frame,
        hinge,
        0.01,
    )
    return hinge
