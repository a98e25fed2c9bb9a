"""Sky, sun, lamp posts and the camera's infrared lamp; one light at a time, changed in place."""

import math
from typing import Any

import bpy
from mathutils import Matrix, Vector

from scripts.scene.blender.nodes import Nodes, Socket
from scripts.scene.blender.solids import link
from scripts.scene.model import Light

LAMP_PLACES = ((9.3, 4.5), (-14.0, 4.5), (-3.0, 6.8))
"""Two lamp posts and one lamp on the wall."""


class Lighting:
    def __init__(self) -> None:
        self._lamps: list[Any] = []

    def set(self, light: Light) -> None:
        for lamp in self._lamps:
            bpy.data.objects.remove(lamp, do_unlink=True)
        self._lamps = []
        scene = bpy.context.scene
        scene.view_settings.exposure = light.exposure
        world = bpy.data.worlds.new("sky")
        scene.world = world
        # The resolution that Blender chooses costs seconds with every change of light.
        world.cycles.sampling_method, world.cycles.sample_map_resolution = "MANUAL", 256
        n = Nodes("sky", world)
        background = n.add("ShaderNodeBackground")
        colour, strength = self._sky(n, light)
        n.feed(background.inputs[0], colour)
        background.inputs[1].default_value = strength
        n.finish(background.outputs[0])
        if light.kind == "sun":
            self._sun(light)
        if light.kind in ("lamps", "dusk", "ir"):
            self._lamp_posts(light)
        if light.kind == "ir":
            self._infrared(light)

    def _sky(self, n: Nodes, light: Light) -> tuple[Socket, float]:
        if light.kind in ("lamps", "ir"):
            return (0.02, 0.025, 0.04), 5.0 if light.kind == "lamps" else 6.0
        elevation = math.radians(light.elevation_deg if light.kind != "dusk" else 1.5)
        sky = n.add("ShaderNodeTexSky", sky_type="NISHITA", sun_disc=False, sun_elevation=elevation)
        sky.sun_rotation = math.pi / 2 - math.radians(light.azimuth_deg)
        sky.air_density, sky.dust_density = 1.2, 2.5
        veil = n.noise(3, 6, n.add("ShaderNodeTexCoord").outputs["Generated"])
        clouds = n.math("MULTIPLY", n.math("SUBTRACT", veil, 0.48), 3.0, clamp=True)
        if light.kind == "overcast":
            banks = n.mix(n.math("MULTIPLY", clouds, 0.5), (6.2, 6.5, 6.9), (9.0, 9.2, 9.4))
            return n.mix(0.92, sky.outputs[0], banks), 0.20 * light.strength
        if light.kind == "dusk":
            return n.mix(0.5, sky.outputs[0], (0.55, 0.62, 0.85)), 0.35 * light.strength
        return n.mix(
            n.math("MULTIPLY", clouds, 0.7), sky.outputs[0], (9, 9, 9)
        ), 0.13 * light.strength

    def _add(self, name: str, kind: str, energy: float) -> Any:
        data = bpy.data.lights.new(name, kind)
        data.energy = energy
        lamp = link(bpy.data.objects.new(name, data))
        self._lamps.append(lamp)
        return lamp

    def _sun(self, light: Light) -> None:
        sun = self._add("sun", "SUN", 3.6 * light.strength)
        sun.data.angle, sun.data.color = math.radians(0.8), (1, 0.95, 0.87)
        e, a = math.radians(light.elevation_deg), math.radians(light.azimuth_deg)
        toward = Vector((math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)))
        sun.rotation_euler = toward.to_track_quat("Z", "Y").to_euler()

    def _lamp_posts(self, light: Light) -> None:
        for x, y in LAMP_PLACES:
            lamp = self._add(
                "lamp", "SPOT", (1900 if light.kind != "dusk" else 500) * light.strength
            )
            lamp.data.spot_size, lamp.data.spot_blend, lamp.data.shadow_soft_size = 2.4, 0.5, 0.15
            lamp.data.color = (1, 0.82, 0.6)
            lamp.location = (x, y, 4.25)

    def _infrared(self, light: Light) -> None:
        lamp = self._add("infrared", "SPOT", 4800 * light.strength)
        lamp.data.spot_size, lamp.data.spot_blend, lamp.data.shadow_soft_size = 1.7, 1.0, 0.04
        lamp.matrix_world = bpy.context.scene.camera.matrix_world @ Matrix.Translation(
            (0.12, -0.05, 0)
        )
