"""Reads plates off pictures with PP-OCR: one path a line in, one JSON line out.

Run by central/second_reading.py in an environment of its own (`scripts/install reader`), so nothing
of this project is imported here. It knows how plates look, not which exist: what it reads is held
against the grammar by who asked.
"""

import json
import re
import sys
from typing import Any

import cv2
import numpy as np
from rapidocr_onnxruntime import RapidOCR

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PLATE = re.compile(
    f"应急[{PROVINCES}][0-9]{{3}}[XS]|[{PROVINCES}][XS][0-9]{{4}}应急|京[0-9]{{5}}应急"
    f"|WJ[{PROVINCES}]?[0-9]{{4}}[0-9A-Z]|使[0-9]{{6}}|[0-9]{{6}}使"
    f"|[{PROVINCES}][A-Z][A-Z0-9]{{4,5}}[警学挂领港澳临]?[A-Z0-9]?"
)
ALIKE = str.maketrans({"I": "1", "O": "0"})
"""Neither letter is on plates, apart from the O of the police, which is white and rare."""
LARGE_PX = 160
"""A picture that is higher than this shows more than a plate: the text is found first."""
SATURATED, DARK, BRIGHT = 70, 70, 130
_HUES = ((35, "yellow"), (90, "green"), (135, "blue"))


def read(engine: RapidOCR, path: str) -> dict[str, object]:
    """Plate, colour and confidence; the plate None where none is in the picture."""
    image = cv2.imread(path)
    if image is None:
        return {"plate": None, "colour": None, "confidence_pm": 0}
    best: tuple[float, str, Any] = (0.0, "", image)
    for text, score, part in _lines(engine, image):
        clean = re.sub(r"[\s·.•:：・\-]", "", text).upper()
        clean = clean[:2] + clean[2:].translate(ALIKE)
        found = PLATE.search(clean)
        if found is not None and score > best[0]:
            best = (score, found.group(), part)
    score, plate, part = best
    return {
        "plate": plate or None,
        "colour": colour(part) if plate else None,
        "confidence_pm": int(1000 * min(1.0, max(0.0, score))),
    }


def _lines(engine: RapidOCR, image: Any) -> list[tuple[str, float, Any]]:
    """Lines of text with their scores and where they are."""
    if image.shape[0] <= LARGE_PX:
        whole = cv2.resize(image, None, fx=48 / image.shape[0], fy=48 / image.shape[0])
        result, _ = engine(whole, use_det=False, use_cls=False)
        return [(row[0], float(row[1]), image) for row in result or []]
    result, _ = engine(image)
    lines = []
    for box, text, score in result or []:
        points = np.asarray(box)
        left, top = points.min(0).astype(int).clip(0)
        right, bottom = points.max(0).astype(int)
        lines.append((text, float(score), image[top : bottom + 1, left : right + 1]))
    return lines


def colour(image: Any) -> str | None:
    """The colour that most of the plate has, by its middle; None where none is clear."""
    height, width = image.shape[:2]
    middle = image[height // 6 : height - height // 6, width // 12 : width - width // 12]
    if middle.size == 0:
        return None
    hsv = cv2.cvtColor(middle, cv2.COLOR_BGR2HSV).reshape(-1, 3).astype(int)
    vivid = hsv[(hsv[:, 1] > SATURATED) & (hsv[:, 2] > 40)]
    if len(vivid) < len(hsv) * 0.3:
        light = float(np.median(hsv[:, 2]))
        return "black" if light < DARK else "white" if light > BRIGHT else None
    shares = {name: 0 for _, name in _HUES}
    low = 10
    for high, name in _HUES:
        shares[name] = int(((vivid[:, 0] >= low) & (vivid[:, 0] < high)).sum())
        low = high
    best = max(shares, key=lambda name: shares[name])
    if shares[best] < len(vivid) * 0.6:
        mixed = shares["yellow"] + shares["green"] > len(vivid) * 0.8
        return "yellow-green" if mixed and min(shares["yellow"], shares["green"]) else None
    return best


def main() -> int:
    cv2.setNumThreads(1)
    engine = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        try:
            answer = read(engine, line.rstrip("\n"))
        except cv2.error:
            answer = {"plate": None, "colour": None, "confidence_pm": 0}
        print(json.dumps(answer, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
