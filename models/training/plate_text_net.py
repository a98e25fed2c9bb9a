"""The plate text network: a stretched plate to two rows of character columns, read by CTC.

The height is brought down to two rows, never one, so that two-line plates need no splitting: the
rows are read one after another, and on single-line plates the network is free in which it writes.
"""

from __future__ import annotations

from torch import Tensor, nn

from models.training.plate_grammar import CHARACTERS, COLOURS
from models.training.plate_text_shape import BLANK, LAYERS, SYMBOLS


class Conv(nn.Module):
    """3x3 convolution, batch norm, ReLU6; the stride is (rows, columns)."""

    def __init__(
        self, inputs: int, outputs: int, stride: tuple[int, int] = (1, 1), kernel: int = 3
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu6(self.norm(self.conv(x)))


class PlateTextNet(nn.Module):
    """RGB (N, 3, 64, 160) in 0..1 to characters (N, SYMBOLS, 2, 40) and colours (N, K), logits."""

    def __init__(self) -> None:
        super().__init__()
        for name, inputs, outputs, stride, _ in LAYERS:
            self.add_module(name, Conv(inputs, outputs, stride))
        self.drop = nn.Dropout(0.1)
        self.text = nn.Conv2d(128, SYMBOLS, 1)
        self.colour = nn.Linear(48, len(COLOURS))
        self.frozen: frozenset[str] = frozenset()

    def freeze(self, count: int) -> None:
        """Leave the first layers as they are: what they see serves, and a step costs half."""
        self.frozen = frozenset(name for name, *_ in LAYERS[:count])
        for name in self.frozen:
            self.get_submodule(name).requires_grad_(requires_grad=False)

    def train(self, mode: bool = True) -> PlateTextNet:
        super().train(mode)
        for name in self.frozen:
            self.get_submodule(name).eval()
        return self

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        colour = x
        for name, _, _, _, added in LAYERS:
            y = self.get_submodule(name)(x)
            x = x + y if added else y
            if name == "c3":
                colour = self.colour(x.mean((2, 3)))
        return self.text(self.drop(x)), colour


def columns(text: Tensor) -> Tensor:
    """Character logits as a sequence (T, N, SYMBOLS): the upper row's columns, then the lower's."""
    return text.float().flatten(2).permute(2, 0, 1)


def read(logits: Tensor) -> list[str]:
    """Greedy CTC reading of (T, N, SYMBOLS)."""
    texts = []
    for line in logits.argmax(-1).T.tolist():
        kept = [
            s
            for s, before in zip(line, [BLANK, *line[:-1]], strict=True)
            if s not in (BLANK, before)
        ]
        texts.append("".join(CHARACTERS[s - 1] for s in kept))
    return texts
