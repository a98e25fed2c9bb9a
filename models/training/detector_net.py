"""The network of both detectors: plain dense 3x3 convolutions, anchor free, strides 8, 16 and 32.

Dense convolutions rather than depthwise ones, by measurement: on the two AVX-512 cores that it was
trained on, a dense network in bfloat16 runs at a far higher share of the machine's peak, in
training as in int8 with XNNPACK, than a depthwise one of the same latency.

Every activation is ReLU6: its range is known beforehand, which suits quantization.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

STRIDES = (8, 16, 32)
TYPES = ("car", "truck", "bus", "motorcycle")
# Per cell the vehicle network gives 4 log distances to the box's sides in strides, 1 vehicle logit
# and 4 type logits; the plate network 8 corner offsets and 1 plate logit.


class Conv(nn.Module):
    """Convolution without bias, batch norm, ReLU6."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu6(self.norm(self.conv(x)))


class Residual(nn.Module):
    """Two 3x3 convolutions through a narrower middle, added to the input."""

    def __init__(self, channels: int, middle: int) -> None:
        super().__init__()
        self.first = Conv(channels, middle)
        self.second = Conv(middle, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.first(x))


def stage(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(
        Conv(inputs, outputs, stride=2), *(Residual(outputs, outputs // 2) for _ in range(blocks))
    )


class Head(nn.Module):
    """One 3x3 tower and two 1x1 outputs: box and cls."""

    def __init__(self, inputs: int, width: int, outputs: tuple[int, int]) -> None:
        super().__init__()
        self.tower = Conv(inputs, width)
        self.box = nn.Conv2d(width, outputs[0], 1)
        self.cls = nn.Conv2d(width, outputs[1], 1)
        nn.init.normal_(self.box.weight, std=0.01)
        nn.init.normal_(self.cls.weight, std=0.01)
        nn.init.constant_(self.box.bias, 0.7 if outputs[0] == 4 else 0.0)
        nn.init.zeros_(self.cls.bias)
        with torch.no_grad():
            self.cls.bias[0] = -4.6

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.tower(x)
        return self.box(x), self.cls(x)


class DetectorNet(nn.Module):
    """RGB (N, 3, S, S) in 0..1 to three (box, cls) pairs; S a multiple of 32."""

    def __init__(self, widths: tuple[int, ...], neck: int, outputs: tuple[int, int]) -> None:
        super().__init__()
        a, b, c, d, e = widths
        self.stem = Conv(3, a, stride=2)
        self.stage2 = stage(a, b, 1)
        self.stage3 = stage(b, c, 2)
        self.stage4 = stage(c, d, 3)
        self.stage5 = stage(d, e, 2)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.context = Conv(e * 3, neck, 1)
        self.lateral4 = Conv(d, neck, 1)
        self.lateral3 = Conv(c, neck, 1)
        self.narrow3 = Conv(neck, c, 1)
        self.top4 = Conv(neck, neck)
        self.top3 = Conv(c, c)
        self.down4 = Conv(c, neck, stride=2)
        self.out4 = Conv(neck, neck)
        self.down5 = Conv(neck, neck, stride=2)
        self.out5 = Conv(neck, neck)
        self.heads = nn.ModuleList([Head(n, 64, outputs) for n in (c, neck, neck)])

    def forward(self, x: Tensor) -> list[tuple[Tensor, Tensor]]:
        c3 = self.stage3(self.stage2(self.stem(x)))
        c4 = self.stage4(c3)
        c5 = self.stage5(c4)
        once = self.pool(c5)
        p5 = self.context(torch.cat([c5, once, self.pool(once)], 1))
        p4 = self.top4(self.lateral4(c4) + double(p5))
        p3 = self.top3(self.narrow3(self.lateral3(c3) + double(p4)))
        n4 = self.out4(self.down4(p3) + p4)
        n5 = self.out5(self.down5(n4) + p5)
        return [head(level) for head, level in zip(self.heads, (p3, n4, n5), strict=True)]


def vehicle_net() -> DetectorNet:
    """2.45 million weights, 1.0 billion multiplications at 416x416."""
    return DetectorNet((16, 32, 64, 128, 224), 96, (4, 1 + len(TYPES)))


def plate_corners_net() -> DetectorNet:
    """Finds plates and their four corners at 320x320."""
    return DetectorNet((16, 24, 48, 96, 128), 64, (8, 1))


def double(x: Tensor) -> Tensor:
    """Twice the height and width, nearest neighbour."""
    return nn.functional.interpolate(x, scale_factor=2, mode="nearest")


def decode(outputs: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes (N, A, 4) x1 y1 x2 y2 in input pixels, class logits (N, A, 5), cell centres (A, 3).

    A side's distance from the cell's centre is exp(raw) strides; a centre is (x, y, stride).
    """
    boxes, logits, cells = [], [], []
    for stride, (box, cls) in zip(STRIDES, outputs, strict=True):
        h, w = box.shape[2:]
        ys, xs = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        centre = torch.stack([xs, ys], -1).reshape(-1, 2).float().add(0.5).mul(stride)
        reach = box.float().flatten(2).transpose(1, 2).clamp(-4, 4).exp() * stride
        boxes.append(torch.cat([centre - reach[..., :2], centre + reach[..., 2:]], -1))
        logits.append(cls.float().flatten(2).transpose(1, 2))
        cells.append(torch.cat([centre, torch.full((h * w, 1), float(stride))], 1))
    return torch.cat(boxes, 1), torch.cat(logits, 1), torch.cat(cells)
