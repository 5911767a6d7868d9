"""A tiny classifier whose answers NumPy can repeat: it names the strongest colour of a 12 x 16 image."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from serving.litert import classifier

LABELS = ["red", "grün", "deep blue"]
HEIGHT, WIDTH = 12, 16
SHARPNESS = 20.0


def images(n: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (n, 12, 16, 3), 20 to 199, and int (n,), the channel that is brightened."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    noise = rng.integers(20, 140, (n, HEIGHT, WIDTH, 3))
    return (noise + 60 * np.eye(3, dtype=int)[truth][:, None, None]).astype(np.uint8), truth


def probabilities(pixels: np.ndarray) -> np.ndarray:
    """float64 (n, 3): softmax of 20 times the mean of each channel, 0 to 1."""
    powers = np.exp(SHARPNESS * pixels.mean((1, 2)) / 255)
    return np.asarray(powers / powers.sum(1, keepdims=True))


def held_out(n: int = 24, *, wrong: int = 0) -> classifier.HeldOut:
    """Images with what the network answers to them; the first `wrong` have another label."""
    pixels, truth = images(n, seed=1)
    truth[:wrong] = (truth[:wrong] + 1) % 3
    return classifier.HeldOut(images=pixels, truth=truth, probabilities=probabilities(pixels).astype(np.float32))


def write_run(folder: Path) -> None:
    """The classifier as a run folder: export/1, and mobile/ compared on 24 images of which 3 have a wrong label."""
    exported = write(folder / "export" / "1")
    classifier.convert(exported, folder / "mobile", calibration=images(30)[0], held_out=held_out(wrong=3))


def write(folder: Path, *, labels: list[str] | None = None, task: str = "classify", channels: int = 3) -> Path:
    """The classifier as a bundle in `folder` (export/1)."""
    return _export(folder, _network(SHARPNESS), labels=labels or LABELS, task=task, channels=channels)


def write_diverged(folder: Path) -> Path:
    """A classifier whose last weights are NaN."""
    return _export(folder, _network(float("nan")))


def write_with_foreign_operators(folder: Path) -> Path:
    """A classifier with two operators that are not built into LiteRT: RGBToHSV and AdjustHue."""
    import tensorflow as tf

    def hue(pixels: Any) -> Any:
        return tf.raw_ops.AdjustHue(images=tf.raw_ops.RGBToHSV(images=pixels / 255), delta=0.1)

    return _export(folder, _network(SHARPNESS), before=hue)


def _network(sharpness: float) -> Any:
    """A convolution that changes nothing, the mean of each channel, and a dense layer that sharpens it."""
    import keras

    kernel = np.zeros((3, 3, 3, 3), np.float32)
    kernel[1, 1] = np.eye(3)
    model = keras.Sequential(
        [
            keras.Input((HEIGHT, WIDTH, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(3, 3, padding="same", activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3),
        ]
    )
    model.set_weights([kernel, np.zeros(3), sharpness * np.eye(3), np.zeros(3)])
    return model


def _export(
    folder: Path,
    model: Any,
    *,
    before: Callable[[Any], Any] = lambda pixels: pixels,
    labels: list[str] = LABELS,
    task: str = "classify",
    channels: int = 3,
) -> Path:
    """SavedModel with `serving_default` and `tensor`, and its model.json; pictures are decoded as in the pipelines."""
    import keras
    import tensorflow as tf

    from vision import decoding

    def sized(content: Any) -> Any:
        return tf.image.resize(decoding.decode(content), (HEIGHT, WIDTH))

    def named(image_bytes: Any) -> dict[str, Any]:
        decoded = tf.map_fn(sized, image_bytes, fn_output_signature=tf.TensorSpec((HEIGHT, WIDTH, 3), tf.float32))
        scores, order = tf.math.top_k(tf.nn.softmax(model(before(decoded))), len(labels))
        return {"classes": tf.gather(tf.constant(labels), order), "scores": scores}

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", named, [tf.TensorSpec((None,), tf.string, "image_bytes")])
    pixels = tf.TensorSpec((None, HEIGHT, WIDTH, 3), tf.float32, "images")
    archive.add_endpoint("tensor", lambda images: {"logits": model(before(images))}, [pixels])
    archive.write_out(str(folder), verbose=False)
    entry = {"height": HEIGHT, "width": WIDTH, "channels": channels, "range": [0, 255]}
    description = {"format": 1, "task": task, "labels": labels, "input": entry}
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "model.json").write_text(json.dumps(description), encoding="utf-8")
    return folder
