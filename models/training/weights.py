"""Averaged weights of a run as .npz, for the process that has TensorFlow and not torch.

python -m models.training.weights RUN/best.pt RUN/best.npz
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch


def main() -> None:
    source, target = map(Path, sys.argv[1:3])
    state = torch.load(source, weights_only=True)
    np.savez(target, **{name: value.float().numpy() for name, value in state.items()})


if __name__ == "__main__":
    main()
