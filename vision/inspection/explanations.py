"""Explanations of a classifier's answers: Grad-CAM and guided backpropagation, in TensorFlow operations only.

Both differentiate the logit of one class, run the network as for prediction (training=False) and leave it as it is. They work
eagerly, in a `tf.function`, and inside an exported graph.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

POOLING = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)
"""Layers whose output is only a smaller form of the feature map before."""


def explainer(model: keras.Model) -> Callable[..., dict[str, Any]]:
    """Make a function that explains the answers of a classifier, for pixels 0 to 255 as `model` takes them.

    It takes images float32 (b, h, w, 3) and, optionally, classes int (b,), the class of each to explain; the winner when absent.
    It returns `logits` float32 (b, classes), `guided_backprop` float32 (b, h, w, 3) and, where the network has a feature map of
    more than one pixel, `grad_cam` float32 (b, h, w).

    grad_cam: where the evidence is, 0 to 1 (Selvaraju et al., 2016, arXiv 1610.02391). The feature maps of the last convolution,
    weighted by the spatial mean of the logit's gradient, are summed, clipped at 0, divided by their maximum (a map without evidence
    stays 0), and resized bilinearly. They are taken before a pooling layer; of a nested model (a backbone) they are its output.

    guided_backprop: which pixels speak for the class (Springenberg et al., 2014, arXiv 1412.6806). The gradient of the logit with
    respect to the pixels, where each ReLU passes back only what is positive, and only where it fires. ReLU and ReLU6 are guided,
    as layers, operations and activations of other layers; other activations (SiLU, GELU, leaky ReLU) pass back their plain
    gradient, so a network without any ReLU gets the plain gradient.
    """
    body, head, weights, rule = _parts(model)

    def explain(images: Any, classes: Any = None) -> dict[str, Any]:
        watch = {"watch_accessed_variables": False}
        with tf.GradientTape(**watch) as whole, keras.StatelessScope(state_mapping=weights()):
            whole.watch(images)
            features = images if body is None else body(images, training=False)
            with tf.GradientTape(**watch) as end:
                end.watch(features)
                logits = head(features, training=False)
                winners = tf.argmax(logits, axis=-1, output_type=tf.int32) if classes is None else classes
                chosen = tf.gather(logits, winners, axis=1, batch_dims=1)
        answer = {"logits": logits}
        if body is not None:
            answer["grad_cam"] = _evidence(features, end.gradient(chosen, features), size=tf.shape(images)[1:3])
        with rule:
            answer["guided_backprop"] = whole.gradient(chosen, images)
        return answer

    return explain


class _Rule:
    """Which gradient the ReLUs of one copy pass back: that of guided backpropagation inside the `with` block, else their own."""

    def __init__(self) -> None:
        self.guided = False

    def __enter__(self) -> None:
        self.guided = True

    def __exit__(self, *_: object) -> None:
        self.guided = False

    def relu(self, ceiling: float | None) -> Callable[[Any], Any]:
        """Make the function min(max(x, 0), ceiling) of x."""

        @tf.custom_gradient
        def relu(x: Any) -> Any:
            y = tf.nn.relu(x) if ceiling is None else tf.clip_by_value(x, 0.0, ceiling)
            fires = x > 0 if ceiling is None else (x > 0) & (x < ceiling)

            def gradient(upstream: Any) -> Any:
                # Python runs this while a gradient is built, also that of a graph.
                passes = fires & (upstream > 0) if self.guided else fires
                return tf.where(passes, upstream, tf.zeros_like(upstream))

            return y, gradient

        return relu


def _parts(
    model: keras.Model,
) -> tuple[keras.Model | None, keras.Model, Callable[[], list[tuple[Any, Any]]], _Rule]:
    """Copy the network in two parts, before and after its last feature map (None without one), with its weights and the rule of its ReLUs.

    The copy has the structure alone: its weights are read from the model at each call, so that an exported graph holds them once.
    """
    rule = _Rule()
    # Without optimizer and loss, which need not be Keras' own and then could not be copied.
    bare = keras.Model(model.inputs[0], model.outputs[0])
    copy = keras.models.clone_model(bare, clone_function=lambda layer: _copied(layer, rule), recursive=True)

    def weights() -> list[tuple[Any, Any]]:
        return list(zip(copy.weights, [weight.value for weight in model.weights], strict=True))

    features = _last_feature_map(copy)
    if features is None:
        return None, copy, weights, rule
    return keras.Model(copy.inputs[0], features), keras.Model(features, copy.outputs[0]), weights, rule


def _evidence(features: Any, gradient: Any, *, size: Any) -> Any:
    """Compute Grad-CAM's map from feature maps (b, h, w, c) and their gradient: float32 (b, *size), 0 to 1."""
    weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
    evidence = tf.nn.relu(tf.reduce_sum(weights * features, axis=-1, keepdims=True))
    shares = tf.math.divide_no_nan(evidence, tf.reduce_max(evidence, axis=(1, 2, 3), keepdims=True))
    return tf.image.resize(shares, size)[..., 0]


def _last_feature_map(model: keras.Model) -> Any:
    """Find the symbolic output (None, h, w, channels) of the last layer that has one, in the outermost model; None without any."""
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


def _copied(layer: Any, rule: _Rule) -> Any:
    """Copy a layer without its weights, with a ReLU that follows the rule."""
    if _is_relu(layer):
        ceiling = 6.0 if type(layer).__name__ == "Relu6" else getattr(layer, "max_value", None)
        return keras.layers.Activation(rule.relu(ceiling), name=layer.name)
    config = layer.get_config()
    # Never used, and an initialiser that is a function of ours cannot be read back.
    config |= {name: "zeros" for name in config if name.endswith("_initializer")}
    copy = layer.__class__.from_config(config)
    if getattr(copy, "activation", None) is keras.activations.relu:
        copy.activation = rule.relu(None)
    elif getattr(copy, "activation", None) is keras.activations.relu6:
        copy.activation = rule.relu(6.0)
    return copy


def _is_relu(operation: Any) -> bool:
    """Whether it is the ReLU layer, or the operation behind keras.ops.relu or keras.activations.relu, and not leaky or shifted."""
    # The three share nothing but this name.
    named = type(operation).__name__.lower() in ("relu", "relu6")
    return named and not getattr(operation, "negative_slope", 0) and not getattr(operation, "threshold", 0)
