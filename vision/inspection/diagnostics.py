"""Looks into a trained Keras model without changing it: where gradients vanish or explode, which units never fire."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

BATCH_PIXELS = 64 * 96 * 96
"""Pixels that go through the model at once: the outputs of all layers for them are in memory together."""


def batch_size(height: int, width: int) -> int:
    """Return how many images of this size may go through the model at once, 1 to 64."""
    return min(max(BATCH_PIXELS // (height * width), 1), 64)


def gradient_norms(
    model: keras.Model, loss: Callable[[Any, Any], Any], images: NDArray[Any], labels: NDArray[Any]
) -> dict[str, float]:
    """Compute the L2 norm of the loss gradient over all trainable weights of each layer, by its path, first layer first.

    images and labels are one batch as `model` and `loss(labels, outputs)` take it; a loss per sample is averaged.
    The model runs as for prediction (training=False): batch norm statistics and random generators stay as they are.
    Regularisation losses do not take part. Layers without trainable weights are left out.
    """
    weights = model.trainable_weights
    variables = [weight.value for weight in weights]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(variables)
        value = tf.reduce_mean(loss(labels, model(images, training=False)))
    gradients = tape.gradient(value, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    squares: dict[str, float] = {}
    for weight, gradient in zip(weights, gradients, strict=True):
        path = weight.path.rpartition("/")[0]
        squares[path] = squares.get(path, 0.0) + float(tf.reduce_sum(tf.square(tf.cast(gradient, tf.float64))))
    return {path: float(np.sqrt(square)) for path, square in squares.items()}


def dead_units(model: keras.Model, images: NDArray[Any]) -> dict[str, float]:
    """Compute for each ReLU, by name, the share (0 to 1) of its channels that are 0 at every position of every image.

    images: (n, h, w, 3), n >= 1, as `model` takes them; channels are the last axis. A channel that is 0 on all of a few
    hundred varied images most likely learns nothing any more, as its gradient is 0 there too.

    Counts ReLU layers, ReLU activations inside other layers and `keras.ops.relu` of a functional or sequential model;
    names inside a nested model follow that model's name and a "/". What a subclassed layer or model does inside cannot
    be seen and is left out.
    """
    alive: dict[str, NDArray[np.bool_]] = {}
    step = batch_size(*images.shape[1:3])
    for start in range(0, len(images), step):
        for name, fires in _firing(model, [images[start : start + step]]).items():
            alive[name] = alive.get(name, np.False_) | fires
    return {name: 1.0 - float(fires.mean()) for name, fires in alive.items()}


def _firing(model: keras.Model, inputs: Sequence[Any]) -> dict[str, NDArray[np.bool_]]:
    """Find for each ReLU, by name, the channels that are above 0 anywhere, bool (channels,); nested models recursively."""
    # Keras has no public way to see which tensors enter and leave a layer inside one given model.
    graph = getattr(model, "_functional", model)
    depths = getattr(graph, "_nodes_by_depth", {})
    nodes = [node for depth in sorted(depths, reverse=True) for node in depths[depth] if not node.is_input]
    relus = [node for node in nodes if _is_relu(node.operation)]
    nested = [node for node in nodes if isinstance(node.operation, keras.Model)]
    if not relus and not nested:
        return {}
    probe = keras.Model(
        graph.inputs, [[node.output_tensors for node in relus], [node.input_tensors for node in nested]]
    )
    outputs, entries = probe(list(inputs), training=False)
    fires: dict[str, NDArray[np.bool_]] = {}
    for node, (output,) in zip(relus, outputs, strict=True):
        values = keras.ops.convert_to_numpy(output)
        own = (values != 0).reshape(-1, values.shape[-1]).any(axis=0)
        fires[node.operation.name] = fires.get(node.operation.name, np.False_) | own  # a layer may be called twice
    for node, entry in zip(nested, entries, strict=True):
        inner = _firing(node.operation, entry)
        fires |= {f"{node.operation.name}/{name}": own for name, own in inner.items()}
    return fires


def _is_relu(operation: Any) -> bool:
    if getattr(operation, "activation", None) in (keras.activations.relu, keras.activations.relu6):
        return True
    # The layer, the op behind keras.ops.relu and the one behind keras.activations.relu share nothing but this name.
    return type(operation).__name__.lower() in ("relu", "relu6") and not getattr(operation, "negative_slope", 0)
