"""`scripts/bench NAME`: run one measurement and print its table."""

import argparse
import sys
from collections.abc import Callable

from scripts.benchmarks import clone, delivery, edge, memory, server, site, soak, wear


def main() -> int:
    benches: dict[str, Callable[[int], str]] = {
        "site": site.measure,
        "demo": clone.measure,
        "central": server.measure,
        "delivery": delivery.measure,
        "edge": edge.measure,
        "wear": wear.measure,
        "memory": lambda runs: memory.measure(),
    }
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("name", choices=[*sorted(benches), "soak"])
    parser.add_argument("--runs", type=int, default=3, help="how often to measure (default 3)")
    parser.add_argument(
        "--minutes", type=float, default=120.0, help="how long the soak lasts (default 120)"
    )
    chosen = parser.parse_args()
    if chosen.runs < 1:
        parser.error(f"--runs must be 1 or more, got {chosen.runs}")
    if chosen.name == "soak":
        print(soak.measure(chosen.minutes))
        return 0
    print(benches[chosen.name](chosen.runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
