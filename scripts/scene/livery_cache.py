"""Livery maps cost seconds to draw and depend only on the model: keep them on disk between
renders.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np

from scripts.scene.catalogue import Model
from scripts.scene.livery import Maps, body_maps, greenhouse_maps


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "firelane-scene"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _stamp() -> str:
    here = Path(__file__).parent
    drawn_by = ("livery.py", "catalogue.py", "shell.py", "curves.py")
    return hashlib.sha256(b"".join((here / n).read_bytes() for n in drawn_by)).hexdigest()[:12]


def maps_of(model: Model, fine: bool) -> tuple[Maps, Maps]:
    """Maps of the body and of the greenhouse; half the resolution when not `fine`."""
    path = cache_folder() / f"{model.kind}-{'fine' if fine else 'plain'}-{_stamp()}.npz"
    if not path.exists():
        divide = 1 if fine else 2
        body = body_maps(model, 2048 // divide, 448 // divide)
        glass = greenhouse_maps(model, 1536 // divide, 384 // divide)
        _write(path, (body, glass))
    with np.load(path) as stored:
        return _read(stored, "body"), _read(stored, "glass")


def _write(path: Path, both: tuple[Maps, Maps]) -> None:
    arrays = {}
    for name, maps in zip(("body", "glass"), both, strict=True):
        for field in ("colour", "gloss", "relief"):
            arrays[f"{name}_{field}"] = getattr(maps, field).astype(np.float16)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
        np.savez(file, **arrays)
    Path(file.name).replace(path)


def _read(stored: "np.lib.npyio.NpzFile", name: str) -> Maps:
    maps = Maps((1, 1))
    maps.colour = stored[f"{name}_colour"].astype(np.float32)
    maps.gloss = stored[f"{name}_gloss"].astype(np.float32)
    maps.relief = stored[f"{name}_relief"].astype(np.float32)
    return maps
