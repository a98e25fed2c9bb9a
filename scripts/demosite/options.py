"""What can be asked of the demo."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from scripts.demosite.plan import ROOT


@dataclass(frozen=True, slots=True)
class Options:
    source: str | None
    lane: tuple[float, ...] | None
    model: Path | None
    once: bool
    stories: bool
    code: str
    home: Path
    limit_s: float


def lane(text: str) -> tuple[float, ...]:
    """`x,y,x,y,…` with at least three corners. Raises ArgumentTypeError with what was wrong."""
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"a lane is numbers with commas between, got {text!r}"
        ) from None
    if len(numbers) < 6 or len(numbers) % 2:
        raise argparse.ArgumentTypeError(
            f"a lane needs x,y for three corners or more, got {len(numbers)} numbers"
        )
    return numbers


def parse(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Run a whole site on this machine: broker, case server and one edge daemon.",
    )
    parser.add_argument("--source", metavar="FILE_OR_RTSP_URL", help="what to look at")
    parser.add_argument("--lane", type=lane, metavar="x,y,x,y,…", help="pixels, or shares if <= 1")
    parser.add_argument("--model", type=Path, metavar="FILE", help="another TFLite detector")
    parser.add_argument("--once", action="store_true", help="end when every case stands at central")
    parser.add_argument(
        "--no-stories", action="store_true", help="only the live camera, without the five led cases"
    )
    parser.add_argument(
        "--code", default="", metavar="ACCOUNT", help="tell the account's one-time code, and end"
    )
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "demo", metavar="DIR")
    parser.add_argument("--limit-s", type=float, default=420.0, help="with --once: give up after")
    chosen = parser.parse_args(arguments)
    return Options(
        source=chosen.source,
        lane=chosen.lane,
        model=chosen.model,
        once=chosen.once,
        stories=not chosen.no_stories,
        code=chosen.code,
        home=chosen.home.resolve(),
        limit_s=chosen.limit_s,
    )
