"""One peer of `scripts/bench edge`, run in the peer's own environment: prints CPU-seconds per
camera-hour. It decodes every frame with OpenCV, detects five times a second with the project's
model on the whole picture, tracks, and times the vehicles in the zone, as the peer's examples do.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
DETECTIONS_HZ = 5
Update = Callable[[Any, float], None]


def main() -> int:
    name, stream, lane = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    sys.path.insert(0, str(ROOT))
    from edge.config import DetectorConfig
    from edge.detector import open_detector

    detector = open_detector(DetectorConfig(tiles=1))
    capture = cv2.VideoCapture(stream)
    size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    fps = capture.get(cv2.CAP_PROP_FPS)
    polygon = np.array([[x * size[0], y * size[1]] for x, y in lane]).astype(int)
    update = {"supervision": _supervision, "norfair": _norfair}[name](polygon)
    every, number = round(fps / DETECTIONS_HZ), 0
    cv2.setNumThreads(1)
    begin = time.process_time()
    while True:
        read, image = capture.read()
        if not read:
            break
        if number % every == 0:
            update(detector.detect(np.asarray(image, np.uint8)), number / fps)
        number += 1
    spent_s = time.process_time() - begin
    print(spent_s / (number / fps) * 3600)
    return 0


def _supervision(polygon: Any) -> Update:
    import supervision as sv

    tracker = sv.ByteTrack(frame_rate=DETECTIONS_HZ)
    zone = sv.PolygonZone(polygon=polygon)
    since: dict[int, float] = {}

    def update(found: Any, t_s: float) -> None:
        boxes = np.array([[d.box.x1, d.box.y1, d.box.x2, d.box.y2] for d in found], float)
        detections = sv.Detections(
            xyxy=boxes.reshape(-1, 4),
            confidence=np.array([d.score for d in found], float),
            class_id=np.zeros(len(found), int),
        )
        detections = tracker.update_with_detections(detections)
        inside = detections[zone.trigger(detections)]
        for track in inside.tracker_id:
            since.setdefault(int(track), t_s)

    return update


def _norfair(polygon: Any) -> Update:
    import norfair

    tracker = norfair.Tracker(distance_function="iou", distance_threshold=0.7)
    since: dict[int, float] = {}
    contour = polygon.reshape(-1, 1, 2).astype(np.int32)

    def update(found: Any, t_s: float) -> None:
        detections = [
            norfair.Detection(
                points=np.array([[d.box.x1, d.box.y1], [d.box.x2, d.box.y2]]),
                scores=np.array([d.score, d.score]),
            )
            for d in found
        ]
        for track in tracker.update(detections=detections):
            (x1, _), (x2, y2) = track.estimate
            if cv2.pointPolygonTest(contour, (float((x1 + x2) / 2), float(y2)), False) >= 0:
                since.setdefault(track.id, t_s)

    return update


if __name__ == "__main__":
    sys.exit(main())
