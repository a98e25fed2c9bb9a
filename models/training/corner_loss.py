"""Assignment and losses of the plate finder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.training.corner_batches import Finds
from models.training.detector_net import STRIDES

CORNER_SCALE = 4.0  # a corner's offset from its cell is raw * stride * CORNER_SCALE
# Widths of plates (input pixels) that each stride answers for; they overlap.
SPANS = ((0.0, 72.0), (44.0, 150.0), (96.0, 1e9))


def unfold(outputs: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """Corners (N, A, 4, 2) in input pixels, plate logits (N, A), cells (A, 3): x, y, stride."""
    corners, logits, cells = [], [], []
    for stride, (box, cls) in zip(STRIDES, outputs, strict=True):
        n, _, h, w = box.shape
        ys, xs = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        centre = torch.stack([xs, ys], -1).reshape(-1, 2).float().add(0.5).mul(stride)
        offset = box.float().flatten(2).transpose(1, 2).reshape(n, -1, 4, 2) * stride * CORNER_SCALE
        corners.append(centre[:, None] + offset)
        logits.append(cls.float().flatten(1))
        cells.append(torch.cat([centre, torch.full((h * w, 1), float(stride))], 1))
    return torch.cat(corners, 1), torch.cat(logits, 1), torch.cat(cells)


def corner_loss(
    outputs: list[tuple[Tensor, Tensor]], finds: Finds, warm: bool
) -> tuple[Tensor, float, float]:
    """(total, score part, corner part)."""
    corners, logits, cells = unfold(outputs)
    row, cell, plate = assign(cells, finds)
    target = torch.zeros_like(logits)
    chance = logits.detach().sigmoid()
    target[row, cell] = 1.0
    focus = torch.where(target > 0, 1 - chance, chance * 0.75) ** 1.5
    if warm:
        doubtful = (target == 0) & (chance > 0.4)
        focus = torch.where(doubtful, focus * finds.trust[:, None], focus)
    # Cells beside a plate's middle are neither plate nor ground.
    focus = focus * near_plates(cells, finds, target)
    bce = nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    score = (bce * focus).sum() / max(8, len(row) * 0.3)
    if len(row) == 0:
        return score, score.item(), 0.0
    want = finds.corners[plate]
    size = (want[:, 1] - want[:, 0]).norm(dim=-1).clamp(min=12)[:, None, None]
    miss = nn.functional.smooth_l1_loss(corners[row, cell] / size, want / size, beta=0.02)
    return score + 12.0 * miss, score.item(), miss.item()


def inner(cells: Tensor, corners: Tensor, share: float) -> Tensor:
    """(L, A): whether each cell lies within the plate's quadrilateral shrunk to a share."""
    middle = corners.mean(1, keepdim=True)
    quad = middle + (corners - middle) * share
    point = cells[None, :, :2]
    inside = torch.ones(len(corners), len(cells), dtype=torch.bool)
    for k in range(4):
        a, b = quad[:, k, None], quad[:, (k + 1) % 4, None]
        side = (b - a)[..., 0] * (point - a)[..., 1] - (b - a)[..., 1] * (point - a)[..., 0]
        inside &= side > 0
    return inside


def assign(cells: Tensor, finds: Finds) -> tuple[Tensor, Tensor, Tensor]:
    """(picture, cell, plate): the cells in each plate's middle, on the strides for its width."""
    if len(finds.rows) == 0:
        none = torch.zeros(0, dtype=torch.long)
        return none, none, none
    wide = (finds.corners[:, 1] - finds.corners[:, 0]).norm(dim=-1)[:, None]
    stride = cells[None, :, 2]
    fits = torch.zeros(len(wide), len(cells), dtype=torch.bool)
    for s, (low, high) in zip(STRIDES, SPANS, strict=True):
        fits |= (stride == s) & (wide >= low) & (wide < high)
    apart = (cells[None, :, :2] - finds.corners.mean(1)[:, None]).abs().amax(-1) / stride
    good = fits & (inner(cells, finds.corners, 0.5) | (apart <= 0.5))
    plate, cell = good.nonzero(as_tuple=True)
    return finds.rows[plate], cell, plate


def near_plates(cells: Tensor, finds: Finds, target: Tensor) -> Tensor:
    """1 everywhere, 0 on cells in a plate that are not its own."""
    weight = torch.ones_like(target)
    if len(finds.rows):
        plate, cell = inner(cells, finds.corners, 1.0).nonzero(as_tuple=True)
        rows = finds.rows[plate]
        weight[rows, cell] = torch.where(target[rows, cell] > 0, 1.0, 0.0)
    return weight
