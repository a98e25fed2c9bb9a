"""scripts/evaluate detector|events|plates|agreement: which evaluation to run."""

import sys

from scripts.evaluation import agreement, detector, events, plates


def main() -> int:
    kinds = {
        "detector": detector.main,
        "events": events.main,
        "plates": plates.main,
        "agreement": agreement.main,
    }
    if len(sys.argv) < 2 or sys.argv[1] not in kinds:
        print(f"usage: scripts/evaluate {'|'.join(kinds)} [options]", file=sys.stderr)
        return 2
    return kinds[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
