"""Small SavedModels with known answers, one for each task that the page draws; the answers are constants but for `classify`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

SIDE = 40
"""Height and width in pixels of the picture that the answers are about."""
MASK = np.repeat(np.array([[0, 0, 1, 2]], np.uint8), 10, axis=1).repeat(SIDE, axis=0)
"""Class indices, uint8 (40, 40): the left half background, then a quarter of class 1, then of class 2."""
RESTORED = np.full((SIDE, SIDE, 3), (0, 0, 255), np.uint8)
"""What `denoise` makes of every picture: blue."""
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "detect": (
        "image_bytes",
        {
            "detection_boxes": np.array([[0.25, 0.25, 0.75, 0.75], [0.0, 0.0, 0.2, 0.2], [0, 0, 1, 1]], np.float32),
            "detection_scores": np.array([0.9, 0.25, 0.0], np.float32),
            "detection_class_ids": np.array([1, 2, 1], np.float32),
            "detection_classes": np.array(["cat", "dog", "cat"]),
            "num_detections": np.float32(2),
        },
    ),
    "segment": (
        "image_bytes",
        {
            "mask_png_bytes": tf.io.encode_png(MASK[..., None]).numpy(),
            "class_pixels": np.array([800, 400, 400], np.int32),
        },
    ),
    "denoise": ("image_bytes", {"image_png_bytes": tf.io.encode_png(RESTORED).numpy()}),
    "ngram": (
        "text",
        {
            "log_prob": np.float32(-12.5),
            "perplexity": np.float32(34.25),
            "next_words": np.array(["sat", "</s>"]),
            "next_scores": np.array([0.6, 0.3], np.float32),
        },
    ),
    "word2vec": (
        "words",
        {
            "neighbours": np.array(["queen", "prince"]),
            "similarities": np.array([0.75, -0.125], np.float32),
            "vectors": np.zeros(4, np.float32),
            "in_vocabulary": np.bool_(True),
        },
    ),
    "translate": (
        "text",
        {
            "translations": np.array(["ein Hund läuft", "der Hund läuft"]),
            "scores": np.array([-0.5, -1.25], np.float32),
        },
    ),
    "mask_lm": (
        "text",
        {
            "tokens": np.array([["cat", "dog"], ["mat", "rug"]]),
            "scores": np.array([[0.7, 0.2], [0.5, 0.4]], np.float32),
        },
    ),
}
"""By task: the input's name, and the outputs for one row of a batch."""
HEAT = np.zeros((4, 4), np.float32)
HEAT[0, 0] = 1.0


def write(base: Path, task: str, *, version: int = 1) -> Path:
    """A bundle of the task as version `version` below `base`; returns `base`."""
    if task == "classify":
        signatures = {"serving_default": _signature(_classify, "image_bytes")}
        signatures["explain"] = _signature(_explain, "image_bytes")
    else:
        field, row = ROWS[task]
        signatures = {"serving_default": _signature(lambda **inputs: _repeated(row, inputs[field]), field)}
    _save(base / str(version), signatures)
    picture = {"height": 4, "width": 4, "resize": "crop"}
    entry = picture if "image_bytes" in str(signatures) else {"tokenizer": "words"}
    labels = ["background", "road", "sky"] if task == "segment" else None
    description = {"format": 1, "task": task, "labels": labels, "input": entry}
    extra = base / str(version) / "assets.extra"
    extra.mkdir()
    (extra / "model.json").write_text(json.dumps(description), encoding="utf-8")
    return base


def write_plain(base: Path) -> Path:
    """A SavedModel without model.json: `serving_default` y = 2 x for x float32 (b, 3); `odds`: the numbers that are no JSON."""
    double = tf.function(lambda x: {"y": 2 * x}).get_concrete_function(x=tf.TensorSpec([None, 3], tf.float32, "x"))
    odds = tf.function(lambda x: {"y": x / 0.0, "name": tf.strings.as_string(x)}).get_concrete_function(
        x=tf.TensorSpec([None], tf.float32, "x")
    )
    _save(base / "1", {"serving_default": double, "odds": odds})
    return base


def write_silent(base: Path) -> Path:
    """A SavedModel without a signature that can be called."""
    tf.saved_model.save(tf.Module(), str(base / "1"))
    return base


def _classify(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
    """`red` where the picture's mean red is above its mean blue, else `blue`; other bytes than a picture are an error."""
    spec = tf.TensorSpec([3], tf.float32)
    means = tf.map_fn(
        lambda one: tf.reduce_mean(tf.cast(tf.io.decode_png(one, 3), tf.float32), [0, 1]),
        image_bytes,
        fn_output_signature=spec,
    )
    red = (means[:, 0] > means[:, 2])[:, None]
    classes = tf.where(red, tf.constant([["red", "blue"]]), tf.constant([["blue", "red"]]))
    return {"classes": classes, "scores": tf.repeat([[0.875, 0.125]], tf.size(image_bytes), axis=0)}


def _explain(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
    """The winner, and a heat map of 4 x 4 that is 1 in the upper left corner, else 0."""
    answer = _classify(image_bytes)
    row = {"grad_cam": HEAT, "guided_backprop": np.zeros((4, 4, 3), np.float32)}
    return {"classes": answer["classes"][:, 0], "scores": answer["scores"][:, 0], **_repeated(row, image_bytes)}


def _repeated(row: dict[str, Any], batch: tf.Tensor) -> dict[str, tf.Tensor]:
    return {name: tf.repeat(tf.constant(value)[None], tf.size(batch), axis=0) for name, value in row.items()}


def _signature(function: Callable[..., Any], field: str) -> Any:
    return tf.function(function).get_concrete_function(**{field: tf.TensorSpec([None], tf.string, field)})


def _save(folder: Path, signatures: dict[str, Any]) -> None:
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)
