"""scripts/stills N: domain-randomised pictures with boxes, classes, plate corners and plate
texts.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from scripts.scene.catalogue import LIGHT, MODELS
from scripts.scene.compose import read_picture
from scripts.scene.effects import Weather
from scripts.scene.invent import SIZE, Still, invented_portrait, invented_stage, invented_still
from scripts.scene.model import LightKind, Scene
from scripts.scene.optics import NIGHT_NOISE, Light, Picture, Sensor, expose, to_light
from scripts.scene.outline import View
from scripts.scene.plates import STYLES, draw, invent, soiled
from scripts.scene.truth import FrameTruth, VehicleTruth, Witness

BATCH, PORTRAITS = 12, 20
"""Stills, and portraits, that share one stage (ground, façade, pool of vehicles)."""
CLASSES = ("car", "truck", "bus", "ebike")
CLASS_INDEX = {"car": 0, "truck": 1, "fire_engine": 1, "bus": 2, "ebike": 3}
LEAST_VISIBLE, LEAST_HEIGHT_PX = 0.2, 8
MIDDLE_LIGHT = 0.2
"""What a camera's exposure aims at, as a share of full scale."""


def yolo_lines(vehicles: list[VehicleTruth], size: tuple[int, int]) -> list[str]:
    """`class cx cy width height`, shares of the picture; without what is nearly hidden or tiny."""
    lines = []
    for v in vehicles:
        x0, y0, x1, y1 = v.box
        if v.visible < LEAST_VISIBLE or y1 - y0 < LEAST_HEIGHT_PX:
            continue
        values = (
            (x0 + x1) / 2 / size[0],
            (y0 + y1) / 2 / size[1],
            (x1 - x0) / size[0],
            (y1 - y0) / size[1],
        )
        lines.append(
            f"{CLASS_INDEX[v.vehicle_class]} " + " ".join(f"{value:.5f}" for value in values)
        )
    return lines


def metered(light: Light, kind: LightKind) -> Light:
    """A camera exposes for what it sees by day, though not all the way and not without limit."""
    if kind in ("lamps", "ir"):
        return light
    gain = float(np.clip(MIDDLE_LIGHT / max(float(light.mean()), 1e-4), 0.7, 4.0)) ** 0.7
    return np.asarray(light * np.float32(gain), np.float32)


def developed(raw: Picture, scene: Scene, still: Still, view: View) -> Picture:
    shown = scene.model_copy(update={"effects": list(still.effects), "camera": still.camera})
    light = metered(Weather(shown, view).apply(to_light(raw), 5.0), still.light.kind)
    dark = still.light.kind in ("lamps", "ir")
    shot, read = NIGHT_NOISE if dark else Sensor().noise
    noise = (shot * still.noise_gain, read * still.noise_gain)
    sensor = Sensor(still.light.kind == "ir", noise, still.blur_px, 0.45)
    return expose(light, sensor, np.random.default_rng(scene.seed * 1000 + still.index))


def record(
    name: str, scene: Scene, still: Still, truth: FrameTruth, lane: NDArray[np.float64]
) -> dict[str, object]:
    return {
        "image": f"images/{name}.jpg",
        "size": list(SIZE),
        "light": still.light.kind,
        "wet": scene.wet,
        "effects": [e.kind for e in still.effects],
        "lane": [[round(float(x), 1), round(float(y), 1)] for x, y in lane],
        "vehicles": [v.model_dump(mode="json") for v in truth.vehicles],
        "people": truth.people,
    }


def render_batch(options: argparse.Namespace) -> None:
    from scripts.scene.blender.stage import Stage

    seed, batch, out = options.seed, options.only_batch, options.out
    kinds: tuple[LightKind, ...] | None = tuple(options.light) if options.light else None
    scene = invented_stage(seed * 100_000 + batch, portraits=options.portraits or ())
    invented = invented_portrait if options.portraits else invented_still
    names = [f"s{seed}_{batch:04d}_{i:02d}" for i in range(options.count)]
    if all((out / "truth" / f"{name}.json").exists() for name in names):
        return
    stage = Stage(scene, threads=1, fine=False)
    for i, name in enumerate(names):
        if (out / "truth" / f"{name}.json").exists():
            continue
        still = invented(scene, i, kinds)
        stage.aim(still.camera)
        stage.pose(still.light, still.placed)
        raw_path = out / "raw" / f"{name}.png"
        stage.photograph(raw_path, None)
        shown = scene.model_copy(update={"lights": [still.light]})
        witness = Witness(shown, stage.solids, stage.view)
        truth = witness.frame(0, still.placed, frozenset(still.placed))
        picture = developed(read_picture(raw_path), scene, still, stage.view)
        raw_path.unlink()
        cv2.imwrite(
            str(out / "images" / f"{name}.jpg"),
            picture,
            [cv2.IMWRITE_JPEG_QUALITY, still.jpeg_quality],
        )
        lines = yolo_lines(truth.vehicles, SIZE)
        (out / "labels" / f"{name}.txt").write_text("".join(line + "\n" for line in lines))
        line = json.dumps(record(name, scene, still, truth, witness.lane_px), ensure_ascii=False)
        (out / "truth" / f"{name}.json").write_text(line, encoding="utf-8")


def gather(out: Path) -> int:
    """Writes truth.jsonl from what is there; returns the number of stills."""
    records = [p.read_text(encoding="utf-8") for p in sorted((out / "truth").glob("*.json"))]
    (out / "truth.jsonl").write_text("".join(r + "\n" for r in records), encoding="utf-8")
    return len(records)


def write_plates(out: Path, count: int, seed: int) -> None:
    """Flat plates under dirt, and their texts in plates.jsonl."""
    rng, noise = random.Random(seed), np.random.default_rng(seed)
    (out / "plates").mkdir(parents=True, exist_ok=True)
    lines = []
    for i in range(count):
        style = STYLES[i % len(STYLES)]
        text = invent(style, rng)
        pixels = soiled(draw(text, style, 1.0), rng.random() ** 2 * 0.7, noise)
        name = f"plates/p{seed}_{i:05d}.png"
        cv2.imwrite(str(out / name), pixels[..., ::-1])
        lines.append(json.dumps({"image": name, "text": text, "style": style}, ensure_ascii=False))
    (out / "plates.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def spread(options: argparse.Namespace) -> None:
    """Starts one process per batch, as many at once as there are workers: Blender is not safe
    in threads.
    """
    size = PORTRAITS if options.portraits else BATCH
    batches = [(b, min(size, options.count - b * size)) for b in range(-(-options.count // size))]
    running: list[subprocess.Popen[bytes]] = []
    bar = tqdm(total=options.count, desc="stills", unit="still", disable=None, mininterval=5)
    while batches or running:
        while batches and len(running) < options.workers:
            batch, count = batches.pop(0)
            command = [
                sys.executable,
                "-m",
                "scripts.scene.stills",
                str(count),
                "--only-batch",
                str(batch),
            ]
            command += ["--out", str(options.out), "--seed", str(options.seed)]
            command += ["--light", *options.light] if options.light else []
            command += ["--portraits", *options.portraits] if options.portraits else []
            running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        running[0].wait()
        for process in [p for p in running if p.poll() is not None]:
            running.remove(process)
            if process.returncode:
                raise SystemExit(
                    f"a batch ended with status {process.returncode}; run again to go on"
                )
        bar.update(len(list((options.out / "truth").glob(f"s{options.seed}_*.json"))) - bar.n)
        gather(options.out)
    bar.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/stills", description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--out", type=Path, default=Path("var/scene/stills"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--light", nargs="*", choices=["sun", "overcast", "dusk", "lamps", "ir"], default=None
    )
    parser.add_argument(
        "--portraits",
        nargs="*",
        choices=[*MODELS, *LIGHT],
        default=None,
        help="vehicles alone and near: these models in turn, or all",
    )
    parser.add_argument("--plates", type=int, default=0, help="also draw that many flat plates")
    parser.add_argument("--only-batch", type=int, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.portraits == []:
        options.portraits = [*MODELS, *LIGHT]
    for folder in ("images", "labels", "truth", "raw"):
        (options.out / folder).mkdir(parents=True, exist_ok=True)
    if options.only_batch is not None:
        render_batch(options)
        return 0
    started = time.monotonic()
    if options.plates:
        write_plates(options.out, options.plates, options.seed)
    spread(options)
    took = time.monotonic() - started
    print(
        f"{gather(options.out)} stills in {options.out}; {took:.0f} s,"
        f" {took / max(1, options.count):.1f} s each"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
