"""What in an image a classifier answers to: Grad-CAM and guided backpropagation, in TensorFlow operations only.

Both differentiate the logit of one class, run the network as for prediction (training=False) and leave it as it is. They work
eagerly, in a `tf.function`, and inside an exported graph.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

POOLING = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)
"""Layers whose output is no feature map of its own, only a smaller one of the map before."""


def explainer(model: keras.Model) -> Callable[[Any], dict[str, Any]]:
    """A function of images float32 (b, h, w, 3), 0 to 255, that explains the winning class of each.

    It returns `logits` float32 (b, classes), `guided_backprop` float32 (b, h, w, 3) and, where the network has a feature map,
    `grad_cam` float32 (b, h, w).
    """
    guided = guided_backprop(model)
    cam = grad_cam(model) if has_feature_map(model) else None

    def explain(images: Any) -> dict[str, Any]:
        logits = model(images, training=False)
        winners = tf.argmax(logits, axis=-1, output_type=tf.int32)
        maps = {} if cam is None else {"grad_cam": cam(images, winners)}
        return {"logits": logits, **maps, "guided_backprop": guided(images, winners)}

    return explain


def has_feature_map(model: keras.Model) -> bool:
    """Whether Grad-CAM can explain the network: it has a convolution whose output has more than one pixel."""
    return _last_feature_map(model) is not None


def grad_cam(model: keras.Model) -> Callable[[Any, Any], Any]:
    """Grad-CAM (Selvaraju et al., 2016, arXiv 1610.02391): where the evidence for a class lies.

    Returns a function of images (b, h, w, 3) as the model takes them and classes int (b,) that gives float32 (b, h, w), 0 to 1:
    the feature maps of the last convolution, weighted by the spatial mean of the logit's gradient, summed, cut at 0, divided by
    their maximum (a map without evidence stays 0), and resized bilinearly. The map is taken before a pooling layer; of a nested
    model (a backbone) it is the output. Raises ValueError for a network without a feature map, such as a linear one.
    """
    features = _last_feature_map(model)
    if features is None:
        raise ValueError(f"{model.name} has no feature map of a convolution, so Grad-CAM has nothing to show")
    probe = keras.Model(model.inputs[0], [features, model.outputs[0]])

    def explain(images: Any, classes: Any) -> Any:
        with tf.GradientTape() as tape:
            maps, logits = probe(images, training=False)
            chosen = tf.gather(logits, classes, axis=1, batch_dims=1)
        weights = tf.reduce_mean(tape.gradient(chosen, maps), axis=(1, 2), keepdims=True)
        evidence = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1, keepdims=True))
        shares = tf.math.divide_no_nan(evidence, tf.reduce_max(evidence, axis=(1, 2, 3), keepdims=True))
        return tf.image.resize(tf.cast(shares, tf.float32), tf.shape(images)[1:3])[..., 0]

    return explain


def guided_backprop(model: keras.Model) -> Callable[[Any, Any], Any]:
    """Guided backpropagation (Springenberg et al., 2014, arXiv 1412.6806): which pixels speak for a class.

    Returns a function of images (b, h, w, 3) as the model takes them and classes int (b,) that gives float32 (b, h, w, 3): the
    gradient of the logit with respect to the pixels, where each ReLU passes back only what is positive and only where it fires.
    ReLU and ReLU6 are guided, as layers, operations and activations of other layers; other activations (SiLU, GELU, leaky ReLU)
    pass back their plain gradient, so a network without any ReLU gets the plain gradient.
    """
    # Cloned without its optimizer and loss, which need not be Keras' own. The copy lends the structure; the weights are read
    # from the model itself at each call, so that an exported graph holds them once.
    copy = keras.models.clone_model(
        keras.Model(model.inputs[0], model.outputs[0]), clone_function=_guided_copy, recursive=True
    )

    def explain(images: Any, classes: Any) -> Any:
        weights = zip(copy.weights, [weight.value for weight in model.weights], strict=True)
        with tf.GradientTape() as tape, keras.StatelessScope(state_mapping=list(weights)):
            tape.watch(images)
            logits = copy(images, training=False)
            chosen = tf.gather(logits, classes, axis=1, batch_dims=1)
        return tf.cast(tape.gradient(chosen, images), tf.float32)

    return explain


def _last_feature_map(model: keras.Model) -> Any:
    """The symbolic output (None, h, w, channels) of the last layer that gives one, of the outermost model; None without any."""
    # Keras has no public way to list the calls of one given model. The output that a nested layer has by itself belongs to
    # another graph: that is the "graph disconnected" of many Grad-CAM examples.
    depths = model._nodes_by_depth
    found, convolved = None, False
    for node in (node for depth in sorted(depths, reverse=True) for node in depths[depth] if not node.is_input):
        output = node.output_tensors[0]
        convolved = convolved or any(len(weight.shape) == 4 for weight in getattr(node.operation, "weights", ()))
        is_map = len(output.shape) == 4 and output.shape[1:3] != (1, 1)
        if convolved and is_map and not isinstance(node.operation, POOLING):
            found = output
    return found


def _guided_copy(layer: Any) -> Any:
    """The same layer without its weights, its ReLU guided."""
    if _is_relu(layer):
        ceiling = 6.0 if type(layer).__name__ == "Relu6" else getattr(layer, "max_value", None)
        return keras.layers.Activation(_guided_relu(ceiling), name=layer.name)
    copy = layer.__class__.from_config(layer.get_config())
    if getattr(copy, "activation", None) is keras.activations.relu:
        copy.activation = _guided_relu(None)
    elif getattr(copy, "activation", None) is keras.activations.relu6:
        copy.activation = _guided_relu(6.0)
    return copy


def _is_relu(operation: Any) -> bool:
    """Whether it is the ReLU layer, or the operation behind keras.ops.relu or keras.activations.relu, and not leaky or shifted."""
    # The three share nothing but this name.
    named = type(operation).__name__.lower() in ("relu", "relu6")
    return named and not getattr(operation, "negative_slope", 0) and not getattr(operation, "threshold", 0)


def _guided_relu(ceiling: float | None) -> Callable[[Any], Any]:
    """min(max(x, 0), ceiling), passing back only positive gradients, and only where 0 < x < ceiling."""

    @tf.custom_gradient
    def relu(x: Any) -> Any:
        y = tf.nn.relu(x) if ceiling is None else tf.clip_by_value(x, 0.0, ceiling)
        passes = x > 0 if ceiling is None else (x > 0) & (x < ceiling)

        def gradient(upstream: Any) -> Any:
            return tf.where(passes & (upstream > 0), upstream, tf.zeros_like(upstream))

        return y, gradient

    return relu
