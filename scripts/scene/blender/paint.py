"""Materials of a vehicle's skin: lacquer with dust, glass, and everything drawn in its livery
maps.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.scene.blender.nodes import Nodes, Rgb, Socket, picture
from scripts.scene.catalogue import Model
from scripts.scene.livery import Maps

DUST: Rgb = (0.28, 0.25, 0.21)


@dataclass(frozen=True, slots=True)
class Lacquer:
    """rgb linear; metal and rough 0..1; dust 0 washed .. 1 grimy."""

    rgb: Rgb
    metal: float
    rough: float
    dust: float


def _lacquered(n: Nodes, lacquer: Lacquer) -> tuple[Socket, Socket]:
    """Base colour and dirt factor: darker at grazing angles, dusty toward the sill, spotted."""
    weight = n.add("ShaderNodeLayerWeight")
    weight.inputs[0].default_value = 0.35
    base = n.mix(weight.outputs[1], lacquer.rgb, tuple(c * 0.72 for c in lacquer.rgb))
    place = n.on_object()
    spots = n.noise(2.5, 6, place)
    low = n.math(
        "MULTIPLY", n.math("SUBTRACT", 0.75, n.split(place)[2]), 1.1 * lacquer.dust, clamp=True
    )
    dirt = n.math("MULTIPLY", n.math("ADD", low, 0.12 * lacquer.dust), spots, clamp=True)
    return n.mix(dirt, base, DUST), dirt


def lacquer_material(name: str, lacquer: Lacquer) -> Any:
    n = Nodes(name)
    base, dirt = _lacquered(n, lacquer)
    rough = n.math("ADD", lacquer.rough, n.math("MULTIPLY", dirt, 0.5))
    return n.finish(
        n.surface(
            Base_Color=base,
            Metallic=lacquer.metal,
            Roughness=rough,
            Coat_Weight=1.0,
            Coat_Roughness=0.03,
        )
    )


def _glass(n: Nodes, tint: Rgb) -> Socket:
    through = n.add("ShaderNodeBsdfTransparent")
    through.inputs[0].default_value = (*tint, 1)
    gloss = n.add("ShaderNodeBsdfGlossy")
    gloss.inputs["Roughness"].default_value = 0.0
    fresnel = n.add("ShaderNodeFresnel")
    fresnel.inputs[0].default_value = 1.6
    return n.mix_shader(fresnel.outputs[0], through.outputs[0], gloss.outputs[0])


def skin_material(
    name: str,
    maps: Maps,
    lacquer: Lacquer,
    *,
    arches: tuple[Model, tuple[float, ...]] | None = None,
    tint: float = 0.5,
) -> Any:
    """`arches`: the model and the x of axles whose wheel arches are cut out of the wall."""
    n = Nodes(name)
    uv = n.uv()
    colour = n.image(picture(name + "_colour", maps.colour[..., :3], colour=True), uv)
    drawn = n.image(picture(name + "_drawn", maps.colour[..., 3]), uv)
    gloss = n.split(n.image(picture(name + "_gloss", maps.gloss), uv))
    relief = n.image(picture(name + "_relief", np.clip(maps.relief * 20 + 0.5, 0, 1)), uv)
    base, _ = _lacquered(n, lacquer)
    solid = n.surface(
        Base_Color=n.mix(drawn, base, colour),
        Roughness=n.mix(drawn, (lacquer.rough,) * 3, gloss[0]),
        Metallic=n.mix(drawn, (lacquer.metal,) * 3, gloss[1]),
        Coat_Weight=n.math("SUBTRACT", 1.0, n.math("MULTIPLY", drawn, 0.75)),
        Coat_Roughness=0.03,
        Normal=n.bump(relief, 1.0, 0.05),
    )
    shader = n.mix_shader(
        n.math("GREATER_THAN", gloss[2], 0.5), solid, _glass(n, (tint, tint * 1.06, tint * 1.04))
    )
    if arches:
        model, axles = arches
        through = n.add("ShaderNodeBsdfTransparent").outputs[0]
        shader = n.mix_shader(_inside_arch(n, model, axles), shader, through)
    return n.finish(shader)


def _inside_arch(n: Nodes, model: Model, axles: tuple[float, ...]) -> Socket:
    x, y, z = n.split(n.on_object())
    radius = model.wheel_radius + 0.055
    hit: Socket = None
    for axle in axles:
        dx = n.math("SUBTRACT", x, float(axle))
        dz = n.math("SUBTRACT", z, model.wheel_radius + 0.01)
        square = n.math("ADD", n.math("MULTIPLY", dx, dx), n.math("MULTIPLY", dz, dz))
        inside = n.math("LESS_THAN", square, radius * radius)
        hit = inside if hit is None else n.math("MAXIMUM", hit, inside)
    return n.math("MULTIPLY", hit, n.math("GREATER_THAN", n.math("ABSOLUTE", y), 0.4))


def plate_material(name: str, pixels: np.ndarray, retroreflective: float) -> Any:
    """`pixels` sRGB uint8 rows from the top; retroreflection seen from the lamp beside the lens
    is added as glow.
    """
    linear = (pixels[::-1].astype(np.float32) / 255) ** 2.2
    n = Nodes(name)
    image = n.image(picture(name, linear, colour=True), n.uv())
    glow = (
        {"Emission_Color": image, "Emission_Strength": retroreflective} if retroreflective else {}
    )
    return n.finish(n.surface(Base_Color=image, Roughness=0.45, **glow))
