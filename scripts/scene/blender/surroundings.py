"""Façades, hedge, trees, lamp posts, bins."""

from typing import Any

import numpy as np

from scripts.scene.blender.nodes import Nodes, Palette, Rgb, picture
from scripts.scene.blender.solids import box, boxes, lathe, leaves, mesh, tube
from scripts.scene.markings import BAY_M, STOREY_M, facade
from scripts.scene.model import Surroundings

BAYS, STOREYS = 6, 3


def add_surroundings(
    plan: Surroundings, far: float, palette: Palette, rng: np.random.Generator
) -> None:
    _facades(plan, palette, rng)
    leaf = _leaf_material("leaf", (0.075, 0.15, 0.03))
    other = _leaf_material("leaf2", (0.075, 0.13, 0.03))
    count = int(75000 * plan.leaves) + 4000
    if plan.hedge:
        _hedge(far + 1.8, count, leaf, palette, rng)
    grass = np.stack(
        [
            rng.uniform(-20, 45, count // 3),
            rng.uniform(far + 2.8, far + 5.5, count // 3),
            rng.uniform(0.16, 0.24, count // 3),
        ],
        1,
    )
    leaves("grass", grass, 0.06, other, rng)
    for i, tree in enumerate(plan.trees):
        _tree(tree, leaf if i % 2 else other, int(240 * plan.leaves) + 30, palette, rng)
    _furniture(far, palette)


def _leaf_material(name: str, rgb: Rgb) -> Any:
    n = Nodes(name)
    each = n.add("ShaderNodeNewGeometry").outputs["Random Per Island"]
    colour = n.mix(each, tuple(c * 0.55 for c in rgb), tuple(min(1, c * 1.45) for c in rgb))
    diffuse, through = n.add("ShaderNodeBsdfDiffuse"), n.add("ShaderNodeBsdfTranslucent")
    n.feed(diffuse.inputs[0], colour)
    n.feed(through.inputs[0], colour)
    return n.finish(n.mix_shader(0.35, diffuse.outputs[0], through.outputs[0]))


def _hedge(y: float, count: int, leaf: Any, palette: Palette, rng: np.random.Generator) -> None:
    """Leaves near the surface of a clipped hedge 0.9 m wide, denser near the camera, over a
    dark core.
    """
    x = np.where(rng.random(count) < 0.75, rng.uniform(-16, 16, count), rng.uniform(16, 60, count))
    top = 0.88 + 0.06 * np.sin(x * 1.7) + 0.05 * np.sin(x * 4.1 + 1) + 0.03 * np.sin(x * 11)
    lump = 0.05 * np.sin(x * 5.3) + 0.04 * np.sin(x * 9.1 + 2)
    face = rng.integers(0, 3, count)
    depth = np.abs(rng.normal(0, 0.05, count))
    middle = rng.uniform(y + 0.03, y + 0.93, count)
    across = np.where(
        face == 0, middle, np.where(face == 1, y + lump + depth, y + 0.96 + lump - depth)
    )
    up = np.where(face == 0, top - depth, rng.uniform(0.17, 1, count) * top)
    leaves("hedge", np.stack([x, across, up], 1), 0.042, leaf, rng)
    box(
        "hedge_core",
        (20, y + 0.48, 0.40),
        (80, 0.62, 0.66),
        palette.plain("core", (0.02, 0.04, 0.01), 0.9),
    )


def _tree(
    tree: tuple[float, float, float],
    leaf: Any,
    per_clump: int,
    palette: Palette,
    rng: np.random.Generator,
) -> None:
    x, y, height = tree
    bark = palette.plain("bark", (0.09, 0.07, 0.05), 0.9)
    trunk = [(0.15, 0.1), (0.12, 0.8), (0.10, height * 0.6), (0.06, height + 0.6)]
    lathe("trunk", trunk, bark, sides=14, axis="z", at=(x, y, 0))
    spread = height * 0.53
    clumps = rng.normal(size=(46, 3)) * np.array([0.55, 0.55, 0.40]) * spread + np.array(
        [x, y, height + 0.9]
    )
    clumps = clumps[clumps[:, 2] > height * 0.62]
    cloud = np.concatenate([c + rng.normal(size=(per_clump, 3)) * 0.24 for c in clumps])
    leaves("crown", cloud, 0.06, leaf, rng)
    fork = np.array([x, y, height * 0.75])
    for clump in clumps[:14]:
        tube("branch", [fork, (fork + clump) / 2 + np.array([0, 0, 0.1]), clump], 0.018, bark)


def _facades(plan: Surroundings, palette: Palette, rng: np.random.Generator) -> None:
    wall, extra = facade(plan.lit_windows, rng, BAYS, STOREYS)
    wall = wall * np.array(plan.facade_tone, np.float32)
    n = Nodes("facade")
    uv = n.uv()
    colour = n.image(picture("facade", wall[::-1], colour=True), uv, "REPEAT")
    maps = np.concatenate([extra, np.zeros_like(extra[..., :1])], -1)
    glass, glow, _ = n.split(n.image(picture("facade_glass", maps[::-1]), uv, "REPEAT"))
    rough = n.math("SUBTRACT", 0.75, n.math("MULTIPLY", glass, 0.70))
    warm = n.mix(glow, (0, 0, 0), (1.0, 0.72, 0.42))
    material = n.finish(
        n.surface(Base_Color=colour, Roughness=rough, Emission_Color=warm, Emission_Strength=1.2)
    )
    width, tall = BAY_M * BAYS, STOREY_M * STOREYS
    for name, y, height, facing in (
        ("facade", plan.facade_y, 18.0, 1),
        ("opposite", -20.0, 15.0, -1),
    ):
        corners = [(-60, y, 0), (60, y, 0), (60, y, height), (-60, y, height)][::facing]
        uvs = [
            (-60 / width, 0),
            (60 / width, 0),
            (60 / width, height / tall),
            (-60 / width, height / tall),
        ][::facing]
        mesh(name, corners, [(0, 1, 2, 3)], [material], smooth=False, uv=uvs)
    _fittings(plan.facade_y, palette, rng)


def _fittings(y: float, palette: Palette, rng: np.random.Generator) -> None:
    """Window grilles, sills and air conditioners of the lower storeys."""
    metal = palette.plain("conditioner", (0.62, 0.62, 0.60), 0.5)
    dark = palette.plain("fan", (0.05, 0.05, 0.05), 0.6)
    stone = palette.plain("sill", (0.38, 0.37, 0.34), 0.8)
    sills, bars, cases = [], [], []
    for x in np.arange(-8 * BAY_M, 15 * BAY_M, BAY_M):
        sills.append(((x + 1.65, y - 0.10, 0.50), (2.2, 0.22, 0.07)))
        for base in (0.0, STOREY_M):
            if rng.random() < 0.7:
                bars += [
                    ((x + dx, y - 0.13, base + 1.35), (0.014, 0.014, 1.55))
                    for dx in np.arange(0.66, 2.66, 0.125)
                ]
                bars += [
                    ((x + 1.65, y - 0.13, base + z), (2.05, 0.014, 0.02))
                    for z in (0.62, 1.1, 1.6, 2.08)
                ]
            if rng.random() < 0.6:
                cases.append(((x + 2.95, y - 0.25, base + 0.9), (0.82, 0.32, 0.58)))
    boxes("sills", sills, stone, bevel=0.01)
    boxes("bars", bars, palette.steel())
    boxes("conditioners", cases, metal, bevel=0.02)
    for (x, _, z), _ in cases:
        lathe("fan", [(0.0001, 0), (0.21, 0)], dark, sides=20, at=(x - 0.12, y - 0.415, z))


def _furniture(far: float, palette: Palette) -> None:
    pole = palette.plain("pole", (0.35, 0.36, 0.37), 0.4, 0.6)
    for x in (9.3, -14.0):
        lathe("post", [(0.07, 0), (0.05, 4.2)], pole, sides=16, axis="z", at=(x, far + 1.2, 0.15))
        box("lamp_head", (x, far + 0.8, 4.35), (0.18, 0.9, 0.08), pole, bevel=0.02)
    for x, rgb in ((-4.4, (0.02, 0.13, 0.07)), (-3.75, (0.05, 0.05, 0.06))):
        profile = [(0.0001, 0.95), (0.26, 0.95), (0.28, 0.88), (0.24, 0.05), (0.0001, 0.05)]
        lathe(
            "bin",
            profile,
            palette.plain(f"bin{x}", rgb, 0.55),
            sides=20,
            axis="z",
            at=(x, far + 1.2, 0.15),
        )
