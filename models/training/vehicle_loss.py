"""What the vehicle network is trained to do: assignment of cells to labels, and the three losses.

Assignment follows the task-aligned idea (Feng et al., TOOD, 2021): a cell is good for a label when
the network already finds it there and boxes it well; a fixed prior for nearness and scale is
multiplied in, because at the beginning neither says anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.training.detector_net import STRIDES, TYPES, decode

REACH = 2  # cells on each side of a label's centre that may take it
TOP = 9  # cells that take one label


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels of a batch. `rows`: (L,) picture index; `boxes`: (L, 4) input pixels;
    `types`: (L,) 0-3, or -1 where the type is not known; `tight`: (L,) weight of the box loss;
    `trust`: (N, S/8, S/8) weight of "nothing is here" where the network disagrees strongly."""

    rows: Tensor
    boxes: Tensor
    types: Tensor
    tight: Tensor
    trust: Tensor


@dataclass(frozen=True, slots=True)
class Loss:
    total: Tensor
    score: float
    box: float
    kind: float


def vehicle_loss(
    outputs: list[tuple[Tensor, Tensor]], labels: Labels, side: int, warm: bool
) -> Loss:
    """Sum of the score, box and type losses; `warm` is False while scores mean nothing yet."""
    boxes, logits, cells = decode(outputs)
    score = logits[..., 0]
    with torch.no_grad():
        row, cell, label, quality = assign(boxes, score.sigmoid(), cells, labels, side)
    target = torch.zeros_like(score)
    target[row, cell] = quality
    weight = torch.ones_like(score)
    if warm:
        trust = spread(labels.trust, side)
        doubtful = (target == 0) & (score.detach().sigmoid() > 0.3)
        weight = torch.where(doubtful, trust, weight)
    normal = quality.sum().clamp(min=4.0)
    bce = nn.functional.binary_cross_entropy_with_logits(score, target, weight, reduction="sum")
    score_loss = bce / normal
    if len(row) == 0:
        return Loss(score_loss, score_loss.item(), 0.0, 0.0)
    taken = boxes[row, cell]
    miss = 1 - overlap(taken, labels.boxes[label], complete=True)
    box_loss = (miss * quality * labels.tight[label]).sum() / normal
    known = labels.types[label] >= 0
    kinds = nn.functional.cross_entropy(
        logits[row, cell, 1:][known], labels.types[label][known], reduction="none"
    )
    kind_loss = (kinds * quality[known]).sum() / normal
    total = score_loss + 4.0 * box_loss + 0.4 * kind_loss
    return Loss(total, score_loss.item(), box_loss.item(), kind_loss.item())


def assign(
    boxes: Tensor, scores: Tensor, cells: Tensor, labels: Labels, side: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(picture, cell, label, target quality) of every cell that takes a label."""
    if len(labels.rows) == 0:
        none = torch.zeros(0, dtype=torch.long)
        return none, none, none, torch.zeros(0)
    near = candidates(labels.boxes, side)  # (L, C), -1 where outside
    valid = near >= 0
    index = near.clamp(min=0)
    centre = cells[index]  # (L, C, 3)
    want = labels.boxes[:, None]
    x, y, stride = centre.unbind(-1)
    inside = (x > want[..., 0]) & (y > want[..., 1]) & (x < want[..., 2]) & (y < want[..., 3])
    middle = (want[..., :2] + want[..., 2:]) / 2
    size = (want[..., 2:] - want[..., :2]).clamp(min=1)
    apart = ((x - middle[..., 0]) ** 2 + (y - middle[..., 1]) ** 2) / stride**2
    octave = torch.log2(size.prod(-1).sqrt() / (stride * 4.5))
    prior = torch.exp(-apart / 6 - octave**2 / 3)
    valid &= inside | (apart < 0.6)
    fit = overlap(boxes[labels.rows[:, None], index], want.expand(*index.shape, 4)).clamp(min=0)
    found = scores[labels.rows[:, None], index]
    rank = (found.sqrt() * fit**4 + 1e-4) * prior * valid
    best, place = rank.topk(min(TOP, rank.shape[1]), dim=1)
    keep = best > 0
    label = torch.arange(len(rank))[:, None].expand_as(place)[keep]
    cell = index.gather(1, place)[keep]
    fit = fit.gather(1, place)
    top = best.amax(1, keepdim=True).clamp(min=1e-12)
    quality = (best / top).sqrt() * torch.maximum(fit.amax(1, keepdim=True), fit.new_tensor(0.2))
    quality, best = quality[keep], best[keep]
    # A cell wanted by two labels goes to the one it fits best.
    slot = labels.rows[label] * len(cells) + cell
    order = torch.argsort(best, descending=True)
    slots, where = torch.unique(slot[order], return_inverse=True)
    first = torch.full((len(slots),), len(order)).scatter_reduce(
        0, where, torch.arange(len(order)), "amin"
    )
    chosen = order[first]
    return labels.rows[label[chosen]], cell[chosen], label[chosen], quality[chosen]


def candidates(boxes: Tensor, side: int) -> Tensor:
    """Index (L, C) of the cells around each label's centre on every level, -1 where outside."""
    steps = torch.arange(-REACH, REACH + 1)
    dy, dx = (g.reshape(-1) for g in torch.meshgrid(steps, steps, indexing="ij"))
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    found, start = [], 0
    for stride in STRIDES:
        cells = side // stride
        x = (middle[:, 0] / stride).long()[:, None] + dx
        y = (middle[:, 1] / stride).long()[:, None] + dy
        good = (x >= 0) & (y >= 0) & (x < cells) & (y < cells)
        found.append(torch.where(good, start + y * cells + x, -1))
        start += cells * cells
    return torch.cat(found, 1)


def spread(trust: Tensor, side: int) -> Tensor:
    """The trust map (N, S/8, S/8) at the cells of all levels: (N, A)."""
    levels = [trust[:, :: s // 8, :: s // 8][:, : side // s, : side // s] for s in STRIDES]
    return torch.cat([level.flatten(1) for level in levels], 1)


def overlap(a: Tensor, b: Tensor, complete: bool = False) -> Tensor:
    """IoU of paired boxes, or complete IoU (Zheng et al., 2020): less centre and shape distance."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    both = (high - low).clamp(min=0).prod(-1)
    size_a, size_b = a[..., 2:] - a[..., :2], b[..., 2:] - b[..., :2]
    iou = both / (size_a.prod(-1) + size_b.prod(-1) - both + 1e-6)
    if not complete:
        return iou
    hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    apart = ((a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]) ** 2).sum(-1) / 4
    shape_a = torch.atan(size_a[..., 0] / size_a[..., 1].clamp(min=1e-3))
    shape_b = torch.atan(size_b[..., 0] / size_b[..., 1].clamp(min=1e-3))
    shape = 4 / math.pi**2 * (shape_a - shape_b) ** 2
    with torch.no_grad():
        weight = shape / (1 - iou + shape + 1e-6)
    return iou - apart / ((hull**2).sum(-1) + 1e-6) - weight * shape


assert len(TYPES) == 4
