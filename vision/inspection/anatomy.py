"""The cost of a network and how far it sees: parameters, operations for one image, receptive field."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
from keras import layers


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """The figures by which networks are compared."""

    parameters: int
    """Trained and not trained ones."""
    flops: int
    """Operations of one image's forward pass: 2 for each multiplication and addition of convolutions and dense layers. Biases,
    normalisation, activations and pooling are left out; papers that count multiply-accumulates name half of this."""
    receptive_field: int | None
    """Side, in input pixels, of what one unit of the last convolution or pooling depends on; it may exceed the image. None for a
    network that has neither: each unit sees the whole image."""


def describe(model: keras.Model) -> Anatomy:
    """Count and trace a functional network, nested ones included; its input has one fixed size."""
    return Anatomy(
        parameters=model.count_params(),
        flops=2 * sum(_multiplications(layer) for layer in _flat(model)),
        receptive_field=receptive_field(model),
    )


def receptive_field(model: keras.Model) -> int | None:
    """Compute the receptive field (Araujo et al., Computing receptive fields of convolutional neural networks, Distill, 2019).

    A layer with kernel k, stride s and dilation d widens a field r to r + (k - 1) * d * j, where j is the product of the strides
    before it. Where branches meet, the widest counts; averages over the whole image that only scale maps (squeeze and excitation)
    are left out.
    """
    fields: dict[int, _Field | None] = {}
    _trace(model, _Field(height=1, width=1, jump=1), fields)
    return max((max(field[:2]) for field in fields.values() if field is not None and field.windowed), default=None)


class _Field(NamedTuple):
    """The part of the image that one unit of a map sees."""

    height: int
    """In input pixels."""
    width: int
    jump: int
    """Input pixels between neighbouring units."""
    windowed: bool = False
    """Whether a convolution or pooling made it."""


def _trace(network: Any, field: _Field | None, fields: dict[int, _Field | None]) -> _Field | None:
    """Follow a field through the network into `fields`, by tensor; returns that of its output. None is the whole image."""
    graph = network._functional if isinstance(network, keras.Sequential) else network
    fields.update((id(tensor), field) for tensor in graph.inputs)
    for operation in graph.operations:
        # The one use of the operation in this graph; `operation.input` of a nested network would be its own, inner one.
        node = operation._inbound_nodes[-1]
        if not node.input_tensors:
            continue
        given = [fields[id(tensor)] for tensor in node.input_tensors]
        inside = isinstance(operation, keras.Model)
        found = _trace(operation, given[0], fields) if inside else _after(operation, given, node.outputs[0])
        fields.update((id(tensor), found) for tensor in node.outputs)
    return fields[id(graph.outputs[0])]


def _after(operation: Any, given: list[_Field | None], output: Any) -> _Field | None:
    """The field behind one operation; None once there are no maps any more."""
    spatial = [field for field in given if field is not None]
    if not spatial or len(output.shape) != 4:
        return None
    height, width, jump, windowed = (max(values) for values in zip(*spatial, strict=True))
    window, stride = _window(operation)
    if window is None:
        return _Field(height, width, jump, windowed)
    return _Field(height + (window[0] - 1) * jump, width + (window[1] - 1) * jump, jump * stride, windowed=True)


def _window(operation: Any) -> tuple[tuple[int, int] | None, int]:
    """Height and width of the window, dilation included, and stride; None for what looks at one place alone, as an activation does."""
    stride = max(getattr(operation, "strides", (1,)))
    if isinstance(operation, layers.MaxPooling2D | layers.AveragePooling2D):
        return operation.pool_size, stride
    kernel = getattr(operation, "kernel", getattr(operation, "depthwise_kernel", None))
    if kernel is None or len(kernel.shape) != 4:
        return None, 1
    height, width = (
        (k - 1) * d + 1 for k, d in zip(kernel.shape, getattr(operation, "dilation_rate", (1, 1)), strict=False)
    )
    return (height, width), stride


def _flat(network: keras.Model) -> Iterator[Any]:
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _flat(layer)
        else:
            yield layer


def _multiplications(layer: Any) -> int:
    """Count the multiplications for one image, each followed by an addition: every value of the kernels once per place of the output."""
    kernels = [getattr(layer, name, None) for name in ("kernel", "depthwise_kernel", "pointwise_kernel")]
    places = math.prod(layer.output.shape[1:-1])
    return sum(math.prod(kernel.shape) for kernel in kernels if kernel is not None) * places
