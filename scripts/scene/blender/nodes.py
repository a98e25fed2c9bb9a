"""Thin layer over Blender's shader nodes: a material is built as arithmetic on sockets."""

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np

Socket = Any
Rgb = tuple[float, float, float]


def picture(name: str, pixels: np.ndarray, colour: bool = False) -> Any:
    """A Blender image from (height, width[, 3]) floats, row 0 at the bottom (v = 0); linear values.

    Colours are stored as sRGB, data as they are.
    """
    height, width = pixels.shape[:2]
    image = bpy.data.images.new(name, width, height, alpha=False, float_buffer=not colour)
    image.colorspace_settings.name = "sRGB" if colour else "Non-Color"
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., :3] = pixels if pixels.ndim == 3 else pixels[..., None]
    if colour:
        c = np.clip(rgba[..., :3], 0, 1)
        rgba[..., :3] = np.where(
            c < 0.0031308, c * 12.92, 1.055 * np.maximum(c, 1e-6) ** (1 / 2.4) - 0.055
        )
    image.pixels.foreach_set(rgba.ravel())
    image.update()
    return image


class Nodes:
    """The nodes of one new material (or of a world)."""

    def __init__(self, name: str, owner: Any = None) -> None:
        self.owner = owner or bpy.data.materials.new(name)
        self.owner.use_nodes = True
        self.tree = self.owner.node_tree
        self.tree.nodes.clear()

    def add(self, kind: str, **settings: Any) -> Any:
        node = self.tree.nodes.new(kind)
        for key, value in settings.items():
            setattr(node, key, value)
        return node

    def feed(self, target: Socket, value: Any) -> None:
        if isinstance(value, (int, float)):
            default = target.default_value
            target.default_value = value if isinstance(default, float) else (value, value, value, 1)
        elif isinstance(value, tuple):
            target.default_value = (*value, 1)
        else:
            self.tree.links.new(value, target)

    def math(self, operation: str, a: Any, b: Any = None, clamp: bool = False) -> Socket:
        node = self.add("ShaderNodeMath", operation=operation, use_clamp=clamp)
        self.feed(node.inputs[0], a)
        if b is not None:
            self.feed(node.inputs[1], b)
        return node.outputs[0]

    def mix(self, factor: Any, a: Any, b: Any, blend: str = "MIX") -> Socket:
        node = self.add("ShaderNodeMixRGB", blend_type=blend)
        for slot, value in zip(node.inputs, (factor, a, b), strict=True):
            self.feed(slot, value)
        return node.outputs[0]

    def mix_shader(self, factor: Any, a: Any, b: Any) -> Socket:
        node = self.add("ShaderNodeMixShader")
        for slot, value in zip(node.inputs, (factor, a, b), strict=True):
            self.feed(slot, value)
        return node.outputs[0]

    def noise(self, scale: float, detail: float, at: Socket) -> Socket:
        node = self.add("ShaderNodeTexNoise")
        node.inputs["Scale"].default_value = scale
        node.inputs["Detail"].default_value = detail
        self.feed(node.inputs["Vector"], at)
        return node.outputs[0]

    def image(self, image: Any, at: Socket, extension: str = "EXTEND") -> Socket:
        node = self.add("ShaderNodeTexImage", image=image, extension=extension)
        self.feed(node.inputs[0], at)
        return node.outputs[0]

    def uv(self) -> Socket:
        return self.add("ShaderNodeUVMap", uv_map="uv").outputs[0]

    def place(self) -> Socket:
        return self.add("ShaderNodeNewGeometry").outputs["Position"]

    def on_object(self) -> Socket:
        return self.add("ShaderNodeTexCoord").outputs["Object"]

    def split(self, value: Socket) -> tuple[Socket, Socket, Socket]:
        node = self.add("ShaderNodeSeparateXYZ")
        self.feed(node.inputs[0], value)
        return node.outputs[0], node.outputs[1], node.outputs[2]

    def mapped(self, at: Socket, scale: Rgb, shift: Rgb = (0, 0, 0)) -> Socket:
        node = self.add("ShaderNodeMapping")
        node.inputs["Scale"].default_value = scale
        node.inputs["Location"].default_value = shift
        self.feed(node.inputs[0], at)
        return node.outputs[0]

    def bump(self, height: Socket, strength: float, distance: float) -> Socket:
        node = self.add("ShaderNodeBump")
        node.inputs["Strength"].default_value = strength
        node.inputs["Distance"].default_value = distance
        self.feed(node.inputs["Height"], height)
        return node.outputs[0]

    def surface(self, **inputs: Any) -> Socket:
        """Principled BSDF; keyword names with _ for spaces, e.g. Base_Color=..., Roughness=..."""
        node = self.add("ShaderNodeBsdfPrincipled")
        for key, value in inputs.items():
            if value is not None:
                self.feed(node.inputs[key.replace("_", " ")], value)
        return node.outputs[0]

    def finish(self, shader: Socket) -> Any:
        kind = (
            "ShaderNodeOutputWorld"
            if isinstance(self.owner, bpy.types.World)
            else "ShaderNodeOutputMaterial"
        )
        self.feed(self.add(kind).inputs[0], shader)
        return self.owner


class Palette:
    """Plain materials, made once per scene."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def get(self, name: str, build: Callable[[], Any]) -> Any:
        if name not in self._made:
            self._made[name] = build()
        return self._made[name]

    def plain(
        self, name: str, rgb: Rgb, rough: float = 0.5, metal: float = 0.0, glow: float = 0.0
    ) -> Any:
        def build() -> Any:
            n = Nodes(name)
            glowing = {"Emission_Color": rgb, "Emission_Strength": glow} if glow else {}
            return n.finish(n.surface(Base_Color=rgb, Roughness=rough, Metallic=metal, **glowing))

        return self.get(name, build)

    def rubber(self) -> Any:
        return self.plain("rubber", (0.018, 0.018, 0.019), 0.85)

    def alloy(self) -> Any:
        return self.plain("alloy", (0.55, 0.56, 0.58), 0.3, 0.9)

    def black(self) -> Any:
        return self.plain("black", (0.012, 0.012, 0.013), 0.6)

    def chrome(self) -> Any:
        return self.plain("chrome", (0.62, 0.63, 0.65), 0.1, 1.0)

    def steel(self) -> Any:
        return self.plain("steel", (0.30, 0.30, 0.31), 0.45, 0.7)
