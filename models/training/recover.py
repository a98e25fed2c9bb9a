"""Weights to go on from, out of a shipped int8 file: python -m models.training.recover NAME OUT.npz

The int8 weights are read back as real numbers. In the file every batch norm is folded into its
convolution; here they are parted again, so that training finds each norm doing nothing but what
its convolution's own statistics (of a few training batches) ask for. The network that results
computes what the file computes, but for the rounding.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.training.detector_net import Conv as DetectorConv
from models.training.detector_net import plate_corners_net, vehicle_net
from models.training.plate_text_net import Conv as TextConv
from models.training.plate_text_net import PlateTextNet

NETS = {"vehicle": vehicle_net, "plate_corners": plate_corners_net, "plate_text": PlateTextNet}
Layer = tuple[np.ndarray, np.ndarray]


def layers(path: Path) -> tuple[list[Layer], list[Layer]]:
    """Weights (out, in, high, wide) and biases of the convolutions in the order in which they were
    built, and of the fully connected layers."""
    from tflite_runtime.interpreter import Interpreter

    engine = Interpreter(str(path))
    tensors = {detail["index"]: detail for detail in engine.get_tensor_details()}
    convolutions: dict[int, Layer] = {}
    dense = []
    for operation in engine._get_ops_details():
        if operation["op_name"] not in ("CONV_2D", "FULLY_CONNECTED"):
            continue
        weight, bias = (real(engine, tensors[int(k)]) for k in operation["inputs"][1:3])
        if operation["op_name"] == "FULLY_CONNECTED":
            dense.append((weight, bias))
            continue
        name = tensors[int(operation["inputs"][1])]["name"]
        number = re.search(r"conv2d(?:_(\d+))?/Conv2D", name)
        assert number is not None, f"{path}: a convolution's weights are called {name}"
        convolutions[int(number[1] or 0)] = (weight.transpose(0, 3, 1, 2), bias)
    return [layer for _, layer in sorted(convolutions.items())], dense


def real(engine: Any, detail: dict[str, Any]) -> np.ndarray:
    """A constant tensor as real numbers; scales run along its first axis."""
    stored = engine.get_tensor(detail["index"]).astype(np.float32)
    scales = detail["quantization_parameters"]["scales"]
    return stored * scales.reshape(-1, *(1,) * (stored.ndim - 1))


def called(net: nn.Module, side: tuple[int, int]) -> list[nn.Conv2d]:
    """The convolutions in the order in which a picture passes them, as Keras numbered them."""
    order: list[nn.Conv2d] = []
    hooks = [
        part.register_forward_hook(lambda part, _, __: order.append(part))
        for part in net.modules()
        if isinstance(part, nn.Conv2d)
    ]
    with torch.no_grad():
        net.eval()(torch.zeros(1, 3, *side))
    for hook in hooks:
        hook.remove()
    return order


def recover(net: nn.Module, path: Path, side: tuple[int, int]) -> None:
    """Give the network the file's weights; every norm adds its convolution's bias alone."""
    convolutions, dense = layers(path)
    normed = {p.conv: p.norm for p in net.modules() if isinstance(p, DetectorConv | TextConv)}
    with torch.no_grad():
        for part, (weight, bias) in zip(called(net, side), convolutions, strict=True):
            part.weight.copy_(torch.from_numpy(weight))
            norm = normed.get(part)
            if norm is None:
                part.bias.copy_(torch.from_numpy(bias))
                continue
            norm.running_mean.zero_()
            norm.running_var.fill_(1 - norm.eps)
            norm.weight.fill_(1.0)
            norm.bias.copy_(torch.from_numpy(bias))
        linear = [part for part in net.modules() if isinstance(part, nn.Linear)]
        for part, (weight, bias) in zip(linear, dense, strict=True):
            part.weight.copy_(torch.from_numpy(weight))
            part.bias.copy_(torch.from_numpy(bias))


@torch.no_grad()
def part_norms(net: nn.Module, shown: list[Tensor]) -> None:
    """Let every norm know its convolution's mean and variance, and compute the same as before."""
    norms = [part for part in net.modules() if isinstance(part, nn.BatchNorm2d)]
    sums = {
        norm: [torch.zeros(norm.num_features, dtype=torch.float64) for _ in "12"] for norm in norms
    }
    counts = dict.fromkeys(norms, 0)

    def note(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        x = inputs[0].double().transpose(0, 1).flatten(1)
        sums[norm][0] += x.sum(1)
        sums[norm][1] += (x * x).sum(1)
        counts[norm] += x.shape[1]

    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    for images in shown:
        net.eval()(images)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        mean = sums[norm][0] / counts[norm]
        variance = (sums[norm][1] / counts[norm] - mean**2).clamp(min=1e-4)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.add_(mean)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)


def batches(name: str, data: Path, count: int) -> list[Tensor]:
    """A few training batches, as the network takes them."""
    from models.training.run import as_pixels

    if name == "plate_text":
        from models.training.train_plate_text import open_batches

        made = open_batches(data / "plates", 3, 64, range(count), 0.3)
        return [as_pixels(made.batch(step).images) for step in range(count)]
    if name == "plate_corners":
        from models.training.train_plate_corners import open_batches as open_finds

        finds = open_finds(data / "plates", data / "train", 3, 24, range(count))[0]
        return [as_pixels(made.images) for made in finds]
    from models.training.sources import pictures
    from models.training.vehicle_batches import Batches

    shown = [picture for picture in pictures(data / "train") if not picture.held]
    mixed = Batches(shown, 3, 16, range(count), [(count, 384)])
    return [as_pixels(images) for images, _ in mixed]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(NETS))
    parser.add_argument("out", type=Path)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--batches", type=int, default=8)
    options = parser.parse_args()
    net = NETS[options.name]()
    side = (64, 160) if options.name == "plate_text" else (320, 320)
    recover(net, options.models / f"{options.name}.tflite", side)
    shown = batches(options.name, options.data, options.batches)
    with torch.no_grad():
        before = flat(net.eval()(shown[0]))
    part_norms(net, shown)
    with torch.no_grad():
        after = flat(net.eval()(shown[0]))
    far = max(float((a - b).abs().max()) for a, b in zip(before, after, strict=True))
    print(f"norms parted; outputs moved by at most {far:.2g}")
    np.savez(options.out, **{name: value.numpy() for name, value in net.state_dict().items()})


def flat(outputs: Any) -> list[Tensor]:
    return [outputs] if isinstance(outputs, Tensor) else [t for part in outputs for t in flat(part)]


if __name__ == "__main__":
    main()
