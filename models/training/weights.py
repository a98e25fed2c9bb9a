"""Averaged weights of a run as .npz: for the process that has TensorFlow and not torch, and, in
half the size, to go on from later.

    python -m models.training.weights RUN/last.pt RUN/weights.npz
    python -m models.training.weights RUN/last.pt models/training/weights/NAME.npz --half
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--half", action="store_true", help="as float16")
    options = parser.parse_args()
    state = torch.load(options.source, weights_only=True)
    kind = np.float16 if options.half else np.float32
    np.savez_compressed(
        options.target, **{name: value.numpy().astype(kind) for name, value in state.items()}
    )


if __name__ == "__main__":
    main()
