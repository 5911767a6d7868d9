"""pipelines.classify.explanations: which images are shown, and that the pictures are those of the answers given."""

import html

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines.classify import explanations, folds
from pipelines.report import plots
from serving import draw
from vision import classifiers
from vision.inspection import explanations as explain

CLASSES = ("<ant>", "bee", "cat")


def test_the_surest_right_answers_of_each_class_and_the_most_confident_mistakes() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2, 2, 0])
    answered = np.array([0, 0, 0, 1, 1, 0, 1, 0])
    sure = np.array([0.9, 0.8, 0.95, 0.5, 0.6, 0.7, 0.99, 0.85])
    probabilities = np.full((8, 3), 0.0)
    probabilities[np.arange(8), answered] = sure
    assert explanations.examples(labels, probabilities) == [2, 4, 0, 7, 6, 5]
    right = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    assert explanations.examples(np.array([0, 1, 2, 0, 1, 2]), right) == [0, 1, 2, 3]
    assert explanations.examples(np.array([1, 2, 0, 1, 2, 0]), right) == [0, 1, 2, 3]


@pytest.mark.parametrize(("network", "convolution"), [("lenet", True), ("dense", False), ("folds", False)])
def test_the_answers_given_are_explained(network: str, convolution: bool) -> None:
    model = _network(network)
    images = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3)).astype(np.uint8)
    given = tf.constant(images, tf.float32)
    probabilities = np.asarray(tf.nn.softmax(model(given)))
    labels = np.array([0, 1, 2, 0, 1])
    body = explanations.section(model, images, labels, probabilities, CLASSES).body
    chosen = explanations.examples(labels, probabilities)
    maps = {name: np.asarray(value) for name, value in explain.explainer(model)(tf.gather(given, chosen)).items()}
    assert body.count("<tr>") == 1 + len(chosen)
    for place, i in enumerate(chosen):
        answer = int(probabilities[i].argmax())
        caption = f"is {CLASSES[labels[i]]}\nsaid {CLASSES[answer]} ({probabilities[i, answer]:.3f})"
        assert plots.thumbnail(images[i], alt=caption) in body
        assert html.escape(caption).replace("\n", "<br>") in body
        tiles = [draw.coloured(maps["guided_backprop"][place])]
        if convolution:
            tiles.append(draw.heated(images[i], maps["grad_cam"][place]))
        for tile in tiles:
            assert plots.thumbnail(tile, alt=caption) in body
    assert body.count("<img") == len(chosen) * (3 if convolution else 2)
    reason = "no feature map of a convolution that all of its answers pass through, so there is no Grad-CAM"
    assert (reason in body) is not convolution
    assert "<ant>" not in body


def _network(name: str) -> keras.Model:
    if name == "lenet":
        return classifiers.build("lenet", (16, 16, 3), classes=3, seed=0)
    if name == "folds":
        return folds.average([classifiers.build("lenet", (16, 16, 3), classes=3, seed=seed) for seed in range(2)])
    inputs = keras.Input((16, 16, 3))
    return keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Flatten()(inputs)))
