"""vision.pretrained.weights: own files, bare backbones, ImageNet from a cache folder; what does not fit; batch norm stays as it was."""

import functools
import hashlib
import urllib.error
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from vision import classifiers
from vision.errors import DataError, WeightsError
from vision.pretrained import backbones, weights


def build(name: str = "MobileNet", *, classes: int = 3, seed: int = 0) -> keras.Model:
    return classifiers.build(name, (32, 32, 3), classes=classes, seed=seed)


def randomised(model: keras.Model) -> keras.Model:
    """Statistics and all: a fresh network's are 0 and 1."""
    rng = np.random.default_rng(5)
    model.set_weights([np.asarray(rng.uniform(0.5, 1, value.shape), value.dtype) for value in model.get_weights()])
    return model


def calibrated(network: keras.Model) -> keras.Model:
    """With the statistics of some images: with those of a fresh network, a deep one answers nearly nothing, whatever it is shown."""
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    network(pixels(), training=True)
    return network


def pixels() -> NDArray[np.float32]:
    return np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.float32)


def equal(found: keras.Model, expected: keras.Model) -> bool:
    pairs = zip(found.get_weights(), expected.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def statistics(model: keras.Model) -> list[NDArray[np.float32]]:
    norms = [x for x in model.get_layer("backbone").layers if isinstance(x, keras.layers.BatchNormalization)]
    assert norms
    return [np.array(value) for norm in norms for value in (norm.moving_mean, norm.moving_variance)]


def fit(model: keras.Model) -> None:
    model.compile(keras.optimizers.SGD(0.01), keras.losses.CategoricalCrossentropy(from_logits=True), jit_compile=False)
    model.fit(pixels(), np.eye(3, dtype=np.float32)[[0, 1, 2, 0]], batch_size=2, verbose=0)


@pytest.mark.parametrize("name", ["lenet", "MobileNet"])
def test_a_runs_own_file_comes_back(name: str, tmp_path: Path) -> None:
    source, target = randomised(build(name)), build(name, seed=1)
    source.compile(keras.optimizers.Adam(), keras.losses.CategoricalCrossentropy())
    source.optimizer.build(source.trainable_variables)
    source.save_weights(tmp_path / "best.weights.h5")
    weights.load(tmp_path / "best.weights.h5", target)
    assert equal(target, source)


@pytest.mark.parametrize("top", [{"include_top": False}, {"include_top": True, "classes": 5}], ids=["bare", "top"])
def test_a_backbones_file_comes_back_in_both_forms(top: dict[str, Any], tmp_path: Path) -> None:
    source = randomised(keras.applications.MobileNet(**{"weights": None, "input_shape": (32, 32, 3)} | top))
    source.save_weights(tmp_path / "new.weights.h5")
    source.save(tmp_path / "old.h5")
    target = build(seed=1)
    start = target.get_weights()
    for name in ("new.weights.h5", "old.h5"):
        target.set_weights(start)
        head = target.get_layer("logits").get_weights()[0]
        weights.load(tmp_path / name, target)
        backbone = target.get_layer("backbone")
        for found, expected in zip(backbone.get_weights(), source.get_weights(), strict=False):
            np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(target.get_layer("logits").get_weights()[0], head)


def test_fit_does_not_move_the_statistics_of_loaded_weights(tmp_path: Path) -> None:
    path, model = tmp_path / "bare.weights.h5", build()
    fresh = statistics(model)
    fit(model)
    assert not any(np.array_equal(a, b) for a, b in zip(statistics(model), fresh, strict=True))

    calibrated(backbones.application("MobileNet", shape=(32, 32, 3), weights=None)).save_weights(path)
    weights.load(path, model)
    before, kernel = statistics(model), np.array(model.get_layer("backbone").get_layer("conv1").kernel)
    fit(model)
    assert all(np.array_equal(a, b) for a, b in zip(statistics(model), before, strict=True))
    assert not np.array_equal(model.get_layer("backbone").get_layer("conv1").kernel, kernel)


def refused(path: Path, model: keras.Model, match: str) -> None:
    before = [np.array(value) for value in model.get_weights()]
    with pytest.raises(WeightsError, match=match):
        weights.load(path, model)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), before, strict=True))


def test_files_of_other_networks_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.weights.h5"
    build(classes=3).save_weights(path)
    message = r"own.weights.h5 holds weights of another network than MobileNet: layer logits: found \(1024, 3\), expected \(1024, 5\)"
    five = build(classes=5)
    refused(path, five, message + r".*expected weights of MobileNet for 5 classes and images of \(32, 32\)$")
    refused(
        path, build("lenet"), r"another network than lenet: layer conv1: found nothing, expected \(5, 5, 3, 6\) \(6,\)"
    )
    build("lenet").save_weights(path)
    refused(path, five, r"layer conv1: found \(5, 5, 3, 6\) \(6,\), expected \(3, 3, 3, 32\)")
    build("nin").save_weights(path)
    refused(path, build("linear"), r"than linear: layer logits: found \(128, 3\), expected \(3072, 3\)")


def test_a_larger_network_that_begins_alike_is_refused(tmp_path: Path) -> None:
    inputs = keras.Input((4,))
    small = keras.Model(inputs, keras.layers.Dense(2)(inputs), name="small")
    keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Dense(2)(inputs))).save_weights(tmp_path / "a.weights.h5")
    refused(tmp_path / "a.weights.h5", small, "than small: found 1 more layers than expected")


def test_what_is_no_weights_file_is_refused(tmp_path: Path) -> None:
    import h5py

    model, path = build("linear"), tmp_path / "a.h5"
    refused(path, model, r"a.h5: no such file; expected a Keras weights file \(.weights.h5 or .h5\)")
    path.write_bytes(b"text")
    refused(path, model, "a.h5: not a readable HDF5 file")
    with h5py.File(path, "w") as file:
        file["table"] = np.zeros(3)
    refused(path, model, "a.h5: no layers in it, found table; expected a Keras weights file")
    assert issubclass(WeightsError, DataError)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models for Keras, and no network."""

    def no_network(url: str, *_: Any) -> None:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", no_network)
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


def test_imagenet_comes_from_the_cache_folder(cache: Path) -> None:
    source = randomised(backbones.application("MobileNet", shape=(32, 32, 3), weights=None))
    source.save(cache / "mobilenet_1_0_224_tf_no_top.h5")
    model = build(seed=1)
    weights.imagenet(model)
    assert equal(model.get_layer("backbone"), source)
    before = statistics(model)
    fit(model)
    assert all(np.array_equal(a, b) for a, b in zip(statistics(model), before, strict=True))


def test_imagenet_without_network_and_cache_says_what_to_do(cache: Path) -> None:
    message = (
        r"ImageNet weights of MobileNet could not be loaded \(URL fetch failure on .*mobilenet_1_0_224_tf_no_top.h5.*Name or service "
        r"not known\); connect to the internet for the first run, put the file of that address into ~/.keras/models"
    )
    with pytest.raises(WeightsError, match=message):
        weights.imagenet(build())


def test_imagenet_without_a_backbone_says_what_to_do() -> None:
    with pytest.raises(WeightsError, match="no ImageNet weights for lenet; choose a network of keras"):
        weights.imagenet(build("lenet"))


def test_efficientnet_computes_what_keras_computes_with_its_weights(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files hold deviations where Keras expects variances; Keras corrects that for weights="imagenet" alone."""
    efficientnet = keras.src.applications.efficientnet
    # The first of seven stages will do: what is compared lies before it.
    monkeypatch.setattr(efficientnet, "DEFAULT_BLOCKS_ARGS", efficientnet.DEFAULT_BLOCKS_ARGS[:1])
    source = backbones.application("EfficientNetB0", shape=(32, 32, 3), weights=None)
    standard = next(layer for layer in source.layers if isinstance(layer, keras.layers.Normalization))
    standard.set_weights([np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]), np.asarray(0)])
    standard.finalize_state()
    path = cache / "efficientnetb0_notop.h5"
    source.save(path)
    digest = hashlib.md5(path.read_bytes()).hexdigest()
    monkeypatch.setitem(efficientnet.WEIGHTS_HASHES, "b0", ("", digest))
    expected = stem(backbones.application("EfficientNetB0", shape=(32, 32, 3), weights="imagenet"))

    for load in (weights.imagenet, functools.partial(weights.load, path)):
        model = build("EfficientNetB0", seed=1)
        load(model)
        np.testing.assert_allclose(stem(model.get_layer("backbone")), expected, atol=1e-5)
    assert np.abs(stem(source) - expected).max() > 0.1


def stem(network: keras.Model) -> NDArray[np.float32]:
    """What the first convolution makes of the pixels."""
    found = keras.Model(network.input, network.get_layer("stem_conv").output)(pixels())
    return np.asarray(found)


def test_real_files(real_data: Path) -> None:
    folder = real_data / "pretrained"
    model = classifiers.build("MobileNetV2", (96, 96, 3), classes=2, seed=0)
    expected = keras.applications.MobileNetV2(
        include_top=False, weights=str(folder / "mobilenet_v2_1.0_224_notop.weights.h5"), input_shape=(96, 96, 3)
    ).get_weights()
    for kind in ("notop", "top"):
        weights.load(folder / f"mobilenet_v2_1.0_224_{kind}.weights.h5", model)
        assert all(
            np.array_equal(a, b) for a, b in zip(model.get_layer("backbone").get_weights(), expected, strict=True)
        )
    squeezenet = folder / "squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5"
    refused(squeezenet, model, r"layer Conv1: found \(3, 3, 3, 64\) \(64,\), expected \(3, 3, 3, 32\)")
    narrow = folder / "mobilenet_v1_0.25_128_notop.weights.h5"
    refused(narrow, build("MobileNet"), r"layer conv1: found \(3, 3, 3, 8\), expected \(3, 3, 3, 32\)")
