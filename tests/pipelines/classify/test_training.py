"""How a classification run learns: baseline, folds, losses and pretrained features, and what is refused before anything is written."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.classify import training
from pipelines.classify.config import Config
from pipelines.record.runs import RunError
from pipelines.training.options import TrainingOptions
from vision import classifiers, datasets, losses, neighbours
from vision.checks import findings
from vision.datasets import reading
from vision.errors import WeightsError

SHORT = TrainingOptions(epochs=2, batch_size=32)


@pytest.fixture(scope="module")
def digits() -> datasets.LabelledImages:
    return reading.read_labelled("digits", size=None, seed=0, most=300)


@pytest.fixture(scope="module")
def backbone_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights as `keras.applications` gives them out, drawn at random."""
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    keras.utils.set_random_seed(7)
    keras.applications.MobileNet(weights=None, include_top=False, input_shape=(32, 32, 3)).save_weights(path)
    return path


def _probabilities(model: keras.Model, examples: datasets.Examples) -> NDArray[np.float32]:
    images = np.stack([examples[i] for i in range(len(examples))]).astype(np.float32)
    return np.asarray(keras.ops.softmax(model(images, training=False)))


def test_the_baseline_has_answers_and_no_network(digits: datasets.LabelledImages, tmp_path: Path) -> None:
    trained = training.train(training.prepare(Config(model="knn"), digits), tmp_path)
    expected = neighbours.fit_predict(digits.train, digits.validation, digits.test, classes=10)
    assert trained.model is None
    assert trained.spread == {"neighbours": expected.k}
    np.testing.assert_array_equal(trained.probabilities, expected.probabilities)


def test_each_fold_is_scored_and_answers_for_what_it_did_not_learn(
    digits: datasets.LabelledImages, tmp_path: Path
) -> None:
    config = Config(model="lenet", folds=2, training=SHORT)
    trained = training.train(training.prepare(config, digits), tmp_path)
    assert trained.model is not None
    assert {"folds", "folds_accuracy_mean", "folds_accuracy_sd"} == trained.spread.keys()
    assert trained.data.test is digits.test
    assert len(trained.data.train) + len(trained.data.validation) == len(digits.train) + len(digits.validation)
    assert len(trained.data.train) != len(digits.train)
    # Read back from the folds' own checkpoints.
    model = classifiers.build("lenet", digits.shape, classes=10, seed=0)
    accuracies = []
    for number in (1, 2):
        model.load_weights(tmp_path / f"fold-{number}" / "checkpoints" / "best.weights.h5")
        answers = _probabilities(model, digits.test)
        accuracies.append(float((answers.argmax(-1) == digits.test.labels).mean()))
    assert trained.spread["folds_accuracy_mean"] == pytest.approx(np.mean(accuracies))
    assert trained.out_of_fold is not None
    examples, answers = trained.out_of_fold
    assert sorted(examples.index) == sorted([*digits.train.index, *digits.validation.index])
    second = examples.take(np.arange(len(examples) - len(examples) // 2, len(examples)))
    np.testing.assert_allclose(answers[-len(second) :], _probabilities(model, second), atol=1e-5)


def test_the_mean_of_the_folds_is_one_network(digits: datasets.LabelledImages, tmp_path: Path) -> None:
    config = Config(model="lenet", folds=2, average_folds=True, training=SHORT)
    trained = training.train(training.prepare(config, digits), tmp_path)
    assert trained.model is not None
    each = []
    for number in (1, 2):
        model = classifiers.build("lenet", digits.shape, classes=10, seed=0)
        model.load_weights(tmp_path / f"fold-{number}" / "checkpoints" / "best.weights.h5")
        each.append(_probabilities(model, digits.test))
    np.testing.assert_allclose(trained.probabilities, np.mean(each, axis=0), atol=1e-5)
    assert trained.rows == ()


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        (Config(folds=200), RunError, "--folds is 200, but class"),
        (Config(weights="none.weights.h5"), WeightsError, "no such file"),
        (Config(model="MobileNet"), RunError, "MobileNet takes images of 32 pixels or more per side, found 8x8"),
        (Config(model="MobileNet", folds=2), RunError, "MobileNet takes images of 32 pixels or more per side"),
        (Config(model="resnet", depth=9), RunError, "9"),
        (Config(folds=2, weights="none.weights.h5"), WeightsError, "no such file"),
        (Config(training=TrainingOptions(head_epochs=2)), RunError, "--training.head-epochs is 2, but airbench has no"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_written(
    digits: datasets.LabelledImages, config: Config, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        training.prepare(config, digits)


def test_weights_of_another_network_are_refused(digits: datasets.LabelledImages, tmp_path: Path) -> None:
    path = tmp_path / "lenet.weights.h5"
    classifiers.build("lenet", digits.shape, classes=10, seed=0).save_weights(path)
    with pytest.raises(WeightsError, match=r"holds weights of another network than mlp: .*; expected weights of mlp"):
        training.prepare(Config(model="mlp", weights=str(path)), digits)


def test_features_are_what_the_pretrained_backbone_pools(backbone_file: Path) -> None:
    images = reading.read_labelled("digits", size=32, seed=0, most=60)
    config = Config(model="MobileNet", weights=str(backbone_file), size=32)
    found: Any = training.features(config, images)
    reference = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
    reference.load_weights(backbone_file)
    everything = findings.everything(images)
    pixels = np.stack([everything[i] for i in range(len(everything))]).astype(np.float32)
    np.testing.assert_allclose(found, reference.predict(pixels / 127.5 - 1, verbose=0), atol=1e-4)


@pytest.mark.parametrize("flags", [{"model": "lenet"}, {"model": "MobileNet"}])
def test_no_features_without_a_pretrained_backbone(digits: datasets.LabelledImages, flags: dict[str, Any]) -> None:
    assert training.features(Config(**flags), digits) is None


def test_the_hinge_loss_is_ours() -> None:
    assert isinstance(training.training_loss(Config(loss="hinge")), losses.MulticlassHinge)
