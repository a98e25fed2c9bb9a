"""Replays every clip with a ground truth and compares the stays found with those that were there.

    scripts/evaluate events [--videos DIR] [--model FILE] [--out DIR] [--explain]

The clips are seconds long, so the times of the rules are scaled, by one formula for all: a vehicle
settles in a twentieth of the clip (1.5-10 s), is reported half a second later, has 5 s of grace.
A stay found belongs to a true one when it is at the same place at the same time. Moving cameras
have no lane that holds, so their clips run with the whole view as one lane and are only reported.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

_SETTLE_S = (1.5, 10.0)
_SETTLE_SHARE = 0.05
SAMPLE_HZ = "4"
_OVERLAP = 0.3
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Truth:
    """A stay that a person saw in the clip; `end_s` None where it outlasts the clip."""

    name: str
    begin_s: float
    end_s: float | None
    box: Box


@dataclass(frozen=True, slots=True)
class Found:
    """A stay that the replay reported."""

    begin_s: float
    end_s: float | None
    box: Box


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one clip. Errors in seconds, found minus true."""

    clip: str
    judged: bool
    expected: int
    found: int
    missed: tuple[str, ...]
    false: tuple[Found, ...]
    begin_errors: tuple[float, ...]
    end_errors: tuple[float, ...]
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    truths = yaml.safe_load((options.videos / "ground_truth.yaml").read_text(encoding="utf-8"))
    rows = []
    for video in truths["videos"]:
        if options.only and options.only not in video["file"]:
            continue
        rows.append(judge(video, replay(video, options)))
        print(rows[-1], file=sys.stderr)
    print(table(rows))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/evaluate events", description=__doc__)
    parser.add_argument("--videos", type=Path, default=Path("../shared/data/videos"))
    parser.add_argument("--model", type=Path, help="default: the project's own")
    parser.add_argument("--out", type=Path, default=Path("var/evaluate-events"))
    parser.add_argument("--only", help="part of a clip's name")
    parser.add_argument("--explain", action="store_true")
    return parser.parse_args(arguments)


def replay(video: dict[str, object], options: argparse.Namespace) -> list[Found]:
    """Run `firelane-edge replay` on the clip and read what it wrote."""
    out = options.out / Path(str(video["file"])).stem
    zone = video.get("zone") or [[0, 0], [0.999, 0], [0.999, 0.999], [0, 0.999]]
    lane = ",".join(str(number) for point in zone for number in point)  # type: ignore[attr-defined]
    command = [sys.executable, "-m", "edge", "replay", str(options.videos / str(video["file"]))]
    command += ["--lane", lane, "--out", str(out), "--sample-hz", SAMPLE_HZ]
    settings = [
        *settings_for(float(str(video["duration_s"]))),
        *([f"detector.model={options.model}"] if options.model else []),
    ]
    for setting in settings:
        command += ["--set", setting]
    subprocess.run([*command, *(["--explain"] if options.explain else [])], check=True)
    return read_events(out / "events.jsonl")


def settings_for(seconds: float) -> list[str]:
    """The times of the rules for a clip of this length."""
    settle_s = min(max(seconds * _SETTLE_SHARE, _SETTLE_S[0]), _SETTLE_S[1])
    return [
        f"stays.settle_s={settle_s:.2f}",
        f"stays.confirm_s={settle_s + 0.5:.2f}",
        "stays.grace_s=5",
        "stays.scan_s=2",
        "stays.max_gap_s=20",
    ]


def read_events(path: Path) -> list[Found]:
    """The stays of an events.jsonl, each by its last line."""
    last: dict[str, Found] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        last[event["stay"]] = Found(event["begin"], event["end"], tuple(event["box"]))
    return sorted(last.values(), key=lambda found: found.begin_s)


def judge(video: dict[str, object], found: Sequence[Found]) -> Row:
    """Pair each true stay with the best found one that no other claims."""
    truths = [_truth(one) for one in video.get("stationary_in_zone") or [] if isinstance(one, dict)]  # type: ignore[attr-defined]
    seconds = float(str(video["duration_s"]))
    left = list(found)
    begins, ends, missed = [], [], []
    for truth in truths:
        fits = [one for one in left if _same(truth, one, seconds)]
        if not fits:
            missed.append(truth.name)
            continue
        best = min(fits, key=lambda one: abs(one.begin_s - truth.begin_s))
        left.remove(best)
        begins.append(best.begin_s - truth.begin_s)
        if truth.end_s is not None:
            ends.append((seconds if best.end_s is None else best.end_s) - truth.end_s)
    whole = bool(video["fixed_camera"]) and "crowding" not in str(video.get("note", ""))
    judged = whole and "zone" in video
    return Row(
        str(video["file"]),
        judged,
        len(truths),
        len(truths) - len(missed),
        tuple(missed),
        tuple(left),
        tuple(begins),
        tuple(ends),
        seconds,
    )


def _truth(one: dict[str, object]) -> Truth:
    end = one["end_s"]
    box = [float(c) for c in one["box"]]  # type: ignore[attr-defined]
    return Truth(
        str(one["id"]),
        float(str(one["start_s"])),
        None if end == "end" else float(str(end)),
        (box[0], box[1], box[2], box[3]),
    )


def _same(truth: Truth, found: Found, seconds: float) -> bool:
    together = min(truth.end_s or seconds, found.end_s or seconds) - max(
        truth.begin_s, found.begin_s
    )
    return together > 0 and iou(truth.box, found.box) > _OVERLAP


def iou(a: Box, b: Box) -> float:
    """Shared area over joint area."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    joint = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / joint if joint > 0 else 0.0


def table(rows: Sequence[Row]) -> str:
    """The README's table."""
    lines = [
        "| clip | expected | found | missed | false | begin error, s | end error, s |",
        "| --- | --: | --: | --- | --- | --- | --- |",
    ]
    for row in rows:
        false = str(len(row.false)) if row.judged else f"{len(row.false)} others, not judged"
        cells = [
            row.clip,
            str(row.expected),
            str(row.found),
            ", ".join(row.missed) or "0",
            false,
            _errors(row.begin_errors),
            _errors(row.end_errors),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _errors(errors: Sequence[float]) -> str:
    return ", ".join(f"{error:+.1f}" for error in errors) or "–"


if __name__ == "__main__":
    sys.exit(main())
