"""The signatures of an exported classifier: from a request's tensors to labelled answers, preprocessing included."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from vision import decoding
from vision.datasets import Examples
from vision.inspection import explanations

TOP = 5
"""Most classes that a `serving_default` answer lists."""
EXPLAINED = 2
"""Most images of the request that proves `explain`: a server that warms up answers it too, and it takes four times as long."""

Signature = tuple[Callable[..., dict[str, Any]], dict[str, tf.TensorSpec]]
"""A function of named tensors, and the name, shape and dtype of each."""


def signatures(model: keras.Model, *, classes: Sequence[str], crop: bool = False) -> dict[str, Signature]:
    """Make the four signatures of a classifier, by name. crop: whether pictures are cut to the input's shape instead of stretched.

    `serving_default`: image_bytes string (b,) to classes string (b, k) and scores float32 (b, k), falling, k = min(5, classes).
    `tensor`: images float32 (b, height, width, 3), 0 to 255, to logits float32 (b, classes).
    `classify`: inputs string (b,), serialised tf.Example with a bytes feature `image_bytes`, to all classes and their scores.
    `explain`: image_bytes string (b,) to the winner's classes string (b,) and scores float32 (b,), with guided_backprop float32
    (b, height, width, 3) and, of a network with a feature map, grad_cam float32 (b, height, width), 0 to 1 (see `explanations.explainer`).
    """
    height, width = model.input_shape[1:3]
    names = tf.constant(list(classes))
    explained = _explained(model)
    # Traced once for all signatures: the graph of decoding is larger than that of a small network.
    decoded = tf.function(
        partial(decoding.decode_batch, height=height, width=width, crop=crop),
        input_signature=[tf.TensorSpec([None], tf.string)],
        autograph=False,
    )

    def probabilities(contents: Any) -> Any:
        return tf.nn.softmax(model(decoded(contents), training=False))

    def serving_default(image_bytes: Any) -> dict[str, Any]:
        scores, indices = tf.math.top_k(probabilities(image_bytes), k=min(TOP, len(classes)))
        return {"classes": tf.gather(names, indices), "scores": scores}

    def tensor(images: Any) -> dict[str, Any]:
        return {"logits": model(images, training=False)}

    def classify(inputs: Any) -> dict[str, Any]:
        contents = tf.io.parse_example(inputs, {"image_bytes": tf.io.FixedLenFeature([], tf.string)})["image_bytes"]
        scores = probabilities(contents)
        return {"classes": tf.broadcast_to(names, tf.shape(scores)), "scores": scores}

    def explanation(image_bytes: Any) -> dict[str, Any]:
        answer = explained(decoded(image_bytes))
        return {"classes": tf.gather(names, answer.pop("winners")), **answer}

    return {
        "serving_default": (serving_default, {"image_bytes": tf.TensorSpec([None], tf.string, "image_bytes")}),
        "tensor": (tensor, {"images": tf.TensorSpec([None, height, width, 3], tf.float32, "images")}),
        "classify": (classify, {"inputs": tf.TensorSpec([None], tf.string, "inputs")}),
        "explain": (explanation, {"image_bytes": tf.TensorSpec([None], tf.string, "image_bytes")}),
    }


def requests(
    model: keras.Model, examples: Examples, *, classes: Sequence[str], most: int = 8
) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Make requests for every signature of a classifier, with the answers of the Keras model: (signature, inputs, outputs)."""
    count = min(most, len(examples))
    images = np.stack([examples[i] for i in range(count)]).astype(np.float32)
    logits = np.asarray(model(images, training=False))
    scores = np.asarray(tf.nn.softmax(logits))
    files = [examples.encoded(i) for i in range(count)]
    # As a graph, like the served one: eagerly some values round to the other side of a ReLU, and gradients then differ by more.
    explained = tf.function(_explained(model), autograph=False)(tf.constant(images[:EXPLAINED]))
    explanation = {name: np.asarray(value) for name, value in explained.items()}
    winners = np.array([classes[i].encode() for i in explanation.pop("winners")], object)
    falling = -np.sort(-scores, axis=-1)[:, : min(TOP, len(classes))]
    return [
        ("serving_default", {"image_bytes": np.array(files, object)}, {"scores": falling}),
        ("tensor", {"images": images}, {"logits": logits}),
        ("classify", {"inputs": np.array([_example(file) for file in files], object)}, {"scores": scores}),
        ("explain", {"image_bytes": np.array(files[:EXPLAINED], object)}, {"classes": winners, **explanation}),
    ]


def _explained(model: keras.Model) -> Callable[[Any], dict[str, Any]]:
    """Make a function of images to the winners, their scores, and what explains them."""
    explainer = explanations.explainer(model)

    def explained(images: Any) -> dict[str, Any]:
        answer = explainer(images)
        probabilities = tf.nn.softmax(answer.pop("logits"))
        winners = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
        return {"winners": winners, "scores": tf.reduce_max(probabilities, axis=-1), **answer}

    return explained


def _example(contents: bytes) -> bytes:
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[contents]))
    serialised: bytes = tf.train.Example(
        features=tf.train.Features(feature={"image_bytes": feature})
    ).SerializeToString()
    return serialised
