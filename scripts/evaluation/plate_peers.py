"""Other plate readers on the same held-out pictures, each in an environment of its own.

    PYTHON_WITH_TORCH scripts/evaluation/plate_peers.py lprnet --data ../shared/data --out FILE
    PYTHON_WITH_RAPIDOCR scripts/evaluation/plate_peers.py ppocr --data ../shared/data --out FILE

Writes predictions in the shared evaluator's form and prints exact shares. LPRNet reads crops only;
its authors chose their weights on the folder that lprnet_crops comes from. PP-OCR finds and reads
text of any kind: what looks like a plate is taken from it.
"""

import argparse
import csv
import hashlib
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

PROVINCES = "京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"
PLATE = re.compile(f"[{PROVINCES}][A-Z][A-Z0-9]{{5,6}}")
Reader = Callable[[Any], list[str]]


def held(text: str) -> bool:
    """As in models/training/splits.py, repeated because a peer's environment lacks the project."""
    return int(hashlib.sha256(f"plate {text}".encode()).hexdigest()[:8], 16) % 4 == 0


def lprnet(data: Path) -> Reader:
    """The published weights, on crops of 94x24; 68 symbols of which the last is CTC's blank."""
    import torch
    from torch import nn

    symbols = PROVINCES + "0123456789ABCDEFGHJKLMNPQRSTUVWXYZIO-"

    def block(inputs: int, outputs: int) -> nn.Module:
        narrow = outputs // 4
        holder = nn.Module()
        holder.block = nn.Sequential(
            nn.Conv2d(inputs, narrow, 1), nn.ReLU(),
            nn.Conv2d(narrow, narrow, (3, 1), padding=(1, 0)), nn.ReLU(),
            nn.Conv2d(narrow, narrow, (1, 3), padding=(0, 1)), nn.ReLU(),
            nn.Conv2d(narrow, outputs, 1),
        )  # fmt: skip
        holder.forward = holder.block.forward
        return holder

    backbone = nn.Sequential(
        nn.Conv2d(3, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool3d((1, 3, 3), (1, 1, 1)),
        block(64, 128), nn.BatchNorm2d(128), nn.ReLU(), nn.MaxPool3d((1, 3, 3), (2, 1, 2)),
        block(64, 256), nn.BatchNorm2d(256), nn.ReLU(),
        block(256, 256), nn.BatchNorm2d(256), nn.ReLU(), nn.MaxPool3d((1, 3, 3), (4, 1, 2)),
        nn.Dropout(), nn.Conv2d(64, 256, (1, 4)), nn.BatchNorm2d(256), nn.ReLU(),
        nn.Dropout(), nn.Conv2d(256, 68, (13, 1)), nn.BatchNorm2d(68), nn.ReLU(),
    )  # fmt: skip
    container = nn.Sequential(nn.Conv2d(448 + 68, 68, 1))
    file = data / "models" / "lprnet_pytorch" / "Final_LPRNet_model.pth"
    weights = torch.load(file, map_location="cpu", weights_only=True)
    for name, part in (("backbone.", backbone), ("container.", container)):
        part.load_state_dict(
            {k.removeprefix(name): v for k, v in weights.items() if k.startswith(name)}
        )
        part.eval()
    torch.set_num_threads(1)

    def read(image: Any) -> list[str]:
        small = cv2.resize(image, (94, 24)).astype(np.float32)
        x = torch.from_numpy(((small - 127.5) / 128).transpose(2, 0, 1))[None]
        kept = []
        with torch.no_grad():
            for at, layer in enumerate(backbone):
                x = layer(x)
                if at in (2, 6, 13, 22):
                    kept.append(x)
            kept[0], kept[1] = (nn.functional.avg_pool2d(f, 5, 5) for f in kept[:2])
            kept[2] = nn.functional.avg_pool2d(kept[2], (4, 10), (4, 2))
            logits = container(torch.cat([f / f.pow(2).mean() for f in kept], 1)).mean(2)[0]
        line = logits.argmax(0).tolist()
        before = [len(symbols) - 1, *line[:-1]]
        return ["".join(symbols[s] for s, b in zip(line, before, strict=True) if s not in (67, b))]

    return read


def ppocr(_: Path) -> Reader:
    from rapidocr_onnxruntime import RapidOCR

    engine = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    def read(image: Any) -> list[str]:
        if image.shape[0] < 60:  # a crop: the text alone, without finding it first
            result, _ = engine(image, use_det=False, use_cls=False)
            lines = [row[0] for row in result or []]
        else:
            result, _ = engine(image)
            lines = [row[1] for row in result or []]
        found = []
        for line in lines:
            clean = re.sub(r"[\s·.•:\-]", "", line).upper().replace("I", "1").replace("O", "0")
            match = PLATE.search(clean)
            found.append(match.group() if match else clean)
        return found

    return read


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=("lprnet", "ppocr"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    read = {"lprnet": lprnet, "ppocr": ppocr}[options.reader](options.data)
    boxes: dict[str, bool] = {}
    with (options.data / "plates" / "easypr_boxes.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            out = held(row["colour:plate"].split(":")[-1])
            boxes[row["file"]] = boxes.get(row["file"], False) or out
    with (options.data / "plates" / "labels.csv").open(encoding="utf-8-sig") as file:
        rows = [(row["file"], row["plate"].strip().upper()) for row in csv.DictReader(file)]
    right: dict[str, list[bool]] = {}
    spent: dict[str, list[float]] = {}
    lines = []
    for name, text in rows:
        source = name.split("/")[0]
        scene = source == "easypr_scenes"
        judged = boxes.get(name, False) if scene else held(text)
        if not text or not judged or source == "special_scenes":
            continue
        if scene and options.reader == "lprnet":
            continue
        image = cv2.imread(str(options.data / "plates" / name))
        begin = time.perf_counter()
        found = read(image)
        spent.setdefault(source, []).append((time.perf_counter() - begin) * 1e3)
        right.setdefault(source, []).append(text in found)
        line: dict[str, object] = {"file": name, "ms": spent[source][-1]}
        line |= (
            {"plates": [{"plate": f} for f in found]} if scene else {"plate": (found or [""])[0]}
        )
        lines.append(json.dumps(line, ensure_ascii=False))
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for source, flags in right.items():
        ms = sorted(spent[source])[len(flags) // 2]
        print(f"{options.reader} {source} n={len(flags)} {sum(flags) / len(flags):.3f} {ms:.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
