"""The trained networks rebuilt in Keras with batch norm folded, and turned into TFLite.

Runs in a process of its own: it reads weights that `export` wrote as .npz, so that torch and
TensorFlow, which each bring their own thread pools and protobuf, are never loaded together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

Weights = dict[str, np.ndarray]
Layers = Sequence[tuple[str, int, int, tuple[int, int], bool]]
EPS = 1e-3  # of every batch norm in detector_net


@dataclass(frozen=True, slots=True)
class Builder:
    """Adds layers that take their weights by torch's names."""

    weights: Weights

    def conv(self, x: tf.Tensor, name: str, stride: int | tuple[int, int] = 1) -> tf.Tensor:
        """Conv of the torch networks: batch norm folded into weights (to HWIO) and bias, ReLU6."""
        kernel = self.weights[f"{name}.conv.weight"]
        scale = self.weights[f"{name}.norm.weight"] / np.sqrt(
            self.weights[f"{name}.norm.running_var"] + EPS
        )
        bias = self.weights[f"{name}.norm.bias"] - self.weights[f"{name}.norm.running_mean"] * scale
        kernel = (kernel * scale[:, None, None, None]).transpose(2, 3, 1, 0)
        x = self._plain(x, kernel, bias, stride)
        return tf.keras.layers.ReLU(6.0)(x)

    def output(self, x: tf.Tensor, name: str) -> tf.Tensor:
        kernel = self.weights[f"{name}.weight"].transpose(2, 3, 1, 0)
        return self._plain(x, kernel, self.weights[f"{name}.bias"], 1)

    def residual(self, x: tf.Tensor, name: str) -> tf.Tensor:
        y = self.conv(self.conv(x, f"{name}.first"), f"{name}.second")
        return tf.keras.layers.Add()([x, y])

    def stage(self, x: tf.Tensor, name: str) -> tf.Tensor:
        x = self.conv(x, f"{name}.0", stride=2)
        block = 1
        while f"{name}.{block}.first.conv.weight" in self.weights:
            x = self.residual(x, f"{name}.{block}")
            block += 1
        return x

    def _plain(
        self,
        x: tf.Tensor,
        kernel: np.ndarray,
        bias: np.ndarray,
        stride: int | tuple[int, int],
    ) -> tf.Tensor:
        rows, columns = (stride, stride) if isinstance(stride, int) else stride
        padding = "same"
        if (rows, columns) != (1, 1):
            # torch pads above and left, TensorFlow's "same" at a stride of 2 below and right
            x = tf.keras.layers.ZeroPadding2D(((1, 2 - rows), (1, 2 - columns)))(x)
            padding = "valid"
        layer = tf.keras.layers.Conv2D(kernel.shape[-1], kernel.shape[0], (rows, columns), padding)
        y = layer(x)
        layer.set_weights([kernel, bias])
        return y


def detector(weights: Weights, side: int) -> tf.keras.Model:
    """The network of detector_net on NHWC RGB in 0..1; outputs box and cls of strides 8, 16, 32."""
    b = Builder(weights)
    picture = tf.keras.Input((side, side, 3), 1)
    double = tf.keras.layers.UpSampling2D
    add = tf.keras.layers.Add
    c3 = b.stage(b.stage(b.conv(picture, "stem", 2), "stage2"), "stage3")
    c4 = b.stage(c3, "stage4")
    c5 = b.stage(c4, "stage5")
    pool = tf.keras.layers.MaxPool2D
    once = pool(5, 1, "same")(c5)
    twice = pool(5, 1, "same")(once)
    p5 = b.conv(tf.keras.layers.Concatenate()([c5, once, twice]), "context")
    p4 = b.conv(add()([b.conv(c4, "lateral4"), double()(p5)]), "top4")
    p3 = add()([b.conv(c3, "lateral3"), double()(p4)])
    p3 = b.conv(b.conv(p3, "narrow3"), "top3")
    n4 = b.conv(add()([b.conv(p3, "down4", 2), p4]), "out4")
    n5 = b.conv(add()([b.conv(n4, "down5", 2), p5]), "out5")
    outputs = []
    for level, grid in enumerate((p3, n4, n5)):
        x = b.conv(grid, f"heads.{level}.tower")
        outputs += [b.output(x, f"heads.{level}.box"), b.output(x, f"heads.{level}.cls")]
    return tf.keras.Model(picture, outputs)


def plate_text(weights: Weights, layers: Layers, size: tuple[int, int]) -> tf.keras.Model:
    """The network of plate_text_net on NHWC RGB in 0..1; outputs character and colour logits."""
    b = Builder(weights)
    plate = tf.keras.Input((*size, 3), 1)
    x = colour = plate
    for name, _, _, stride, added in layers:
        y = b.conv(x, name, stride)
        x = tf.keras.layers.Add()([x, y]) if added else y
        if name == "c3":
            colour = tf.keras.layers.GlobalAveragePooling2D()(x)
    dense = tf.keras.layers.Dense(len(weights["colour.bias"]))
    colour = dense(colour)
    dense.set_weights([weights["colour.weight"].T, weights["colour.bias"]])
    return tf.keras.Model(plate, [b.output(x, "text"), colour])


Pictures = Callable[[], Iterator[list[np.ndarray]]]


def to_tflite(model: tf.keras.Model, calibration: Pictures | None) -> bytes:
    """Float32, or full int8 (uint8 in, int8 out) calibrated on pictures in 0..1."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if calibration is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = calibration
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def load_weights(path: Path) -> Weights:
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}
