"""scripts/render SCENE.yaml: pictures, clip and truth of a scene; goes on where it was broken
off.
"""

import argparse
import hashlib
import logging
import os
import sys
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from scripts.scene.compose import Album
from scripts.scene.effects import Mishaps, Weather
from scripts.scene.encode import encode_within
from scripts.scene.model import Scene, SceneError, load_scene
from scripts.scene.optics import (
    NIGHT_NOISE,
    Picture,
    Sensor,
    captioned,
    clock_text,
    drift,
    expose,
    to_light,
)
from scripts.scene.outline import View
from scripts.scene.shots import Tick, plan_ticks, wanted
from scripts.scene.truth import ClipTruth, FrameTruth, Witness, clip_truth

DARK = ("lamps", "ir")


def work_folder(scene: Scene, base: Path) -> Path:
    """Pictures are kept by what they depend on: a change of effects or length renders nothing
    again.
    """
    shown = scene.model_dump_json(
        exclude={"effects", "seconds", "fps", "motion_fps", "crf", "limit_mb", "name"},
        exclude_none=True,
    )
    return base / f"{scene.name}-{hashlib.sha256(shown.encode()).hexdigest()[:10]}"


def developed(scene: Scene, tick: Tick, album: Album, weather: Weather, t: float) -> Picture:
    """One frame as the sensor gives it, before mishaps and captions."""
    light = weather.apply(to_light(album.frame(tick)) * np.float32(drift(t)), t)
    kind = tick.moment.light.kind
    sensor = Sensor(grey=kind == "ir", noise=NIGHT_NOISE if kind in DARK else Sensor().noise)
    return expose(light, sensor, np.random.default_rng(scene.seed * 100_000 + round(t * 1000)))


def film(
    scene: Scene, ticks: list[Tick], view: View, folder: Path, witness: Witness
) -> tuple[list[Picture], ClipTruth]:
    album, weather, mishaps = Album(folder), Weather(scene, view), Mishaps(scene)
    pictures: list[Picture] = []
    frames: list[FrameTruth] = []
    last: object = None
    for n in tqdm(range(round(scene.seconds * scene.fps)), desc="frames", unit="f", disable=None):
        t = n / scene.fps
        tick = ticks[min(int(t * scene.motion_fps + 1e-6), len(ticks) - 1)]
        picture = mishaps.apply(developed(scene, tick, album, weather, t), t)
        pictures.append(captioned(picture, clock_text(scene.camera.clock, t), scene.camera.name))
        shown = (tick.moment.light.kind, tick.moment.placed, tick.moment.standing)
        if not frames or shown != last:
            frames.append(witness.frame(t, tick.moment.placed, tick.moment.standing))
        else:
            frames.append(frames[-1].model_copy(update={"t": round(t, 4)}))
        last = shown
    return pictures, clip_truth(scene, witness, frames)


def render(scene: Scene, out: Path, work: Path, threads: int) -> None:
    from scripts.scene.blender.stage import (
        Stage,
    )  # needs the bpy wheel; everything else here does not

    started = time.monotonic()
    stage = Stage(scene, threads)
    view = stage.view
    ticks = plan_ticks(scene, stage.solids, view)
    shots = wanted(ticks)
    folder = work_folder(scene, work)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [shot for shot in shots if not (folder / shot.name).exists()]
    print(
        f"{scene.name}: {scene.seconds:g} s, {len(shots)} pictures,"
        f" {len(shots) - len(missing)} already there; in {folder}"
    )
    for shot in tqdm(
        missing, desc="render", unit="picture", disable=None, smoothing=0.1, mininterval=5
    ):
        stage.pose(shot.moment.light, shot.moment.placed)
        stage.photograph(folder / shot.name, shot.border)
    rendered_s = time.monotonic() - started
    pictures, truth = film(scene, ticks, view, folder, Witness(scene, stage.solids, view))
    out.mkdir(parents=True, exist_ok=True)
    size, crf = encode_within(
        pictures, out / f"{scene.name}.mp4", scene.fps, scene.crf, int(scene.limit_mb * 1e6)
    )
    truth.write(out / f"{scene.name}.truth.json")
    cpu_s = sum(os.times()[:2])
    took_s = time.monotonic() - started
    print(
        f"{scene.name}: {size / 1e6:.2f} MB at CRF {crf};"
        f" {len(missing)} pictures in {rendered_s:.0f} s,"
        f" in all {took_s:.0f} s; {cpu_s:.0f} CPU-s, {cpu_s / scene.seconds:.1f} a clip second"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/render", description=__doc__)
    parser.add_argument("scene", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("var/scene"))
    parser.add_argument("--work", type=Path, default=Path("var/scene/work"))
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    try:
        scenes = [load_scene(path) for path in options.scene]
    except SceneError as fault:
        print(fault, file=sys.stderr)
        return 2
    for scene in scenes:
        render(scene, options.out, options.work, options.threads)
    return 0


if __name__ == "__main__":
    sys.exit(main())
