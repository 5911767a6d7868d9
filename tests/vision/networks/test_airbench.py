"""airbench: whitening against NumPy, identity kernels, fast biases, and the shapes it takes."""

import tracemalloc
from collections.abc import Sequence

import keras
import numpy as np
import pytest

from vision import classifiers
from vision.datasets import Examples
from vision.networks import airbench


def _patches(x: np.ndarray) -> np.ndarray:
    """Every 2x2 patch, one at a time: (n, 4 x channels)."""
    n, height, width, _ = x.shape
    return np.stack(
        [x[i, y : y + 2, z : z + 2].ravel() for i in range(n) for y in range(height - 1) for z in range(width - 1)]
    )


def _examples(count: int, *, side: int) -> Examples:
    pool = np.random.default_rng(2).integers(0, 256, (count, side, side, 3)).astype(np.uint8)
    index = np.arange(count)
    return Examples(pool=pool, index=index, labels=index % 2, names=tuple(map(str, index)))


def _coloured_noise() -> np.ndarray:
    """Images whose neighbouring pixels and channels are alike: float32 (20, 9, 9, 3), mean about 0.4."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(20, 10, 10, 4))
    smooth = noise[:, 1:, 1:] + noise[:, :-1, 1:] + noise[:, 1:, :-1]
    return np.asarray(smooth @ rng.normal(size=(4, 3)) * 0.3 + 0.4, np.float32)


def test_whitened_patches_have_mean_zero_and_no_correlation() -> None:
    x = _coloured_noise()
    kernel, bias = airbench.whitening(x, axes=12)
    whitened = _patches(x) @ kernel.reshape(12, 24) + bias
    np.testing.assert_allclose(whitened.mean(axis=0), 0, atol=1e-3)
    covariance = np.cov(whitened[:, :12], rowvar=False)
    variances = np.sort(np.linalg.eigvalsh(np.cov(_patches(x), rowvar=False)))[::-1]
    np.testing.assert_allclose(covariance, np.diag(variances / (variances + 5e-4)), atol=1e-3)
    np.testing.assert_allclose(whitened[:, 12:], -whitened[:, :12], atol=1e-4)


def test_grey_images_repeat_the_axes_that_vary() -> None:
    grey = np.repeat(_coloured_noise()[..., :1], 3, axis=-1)
    kernel, bias = airbench.whitening(grey, axes=12)
    whitened = _patches(grey) @ kernel.reshape(12, 24) + bias
    assert whitened.std(axis=0).min() > 0.5
    np.testing.assert_allclose(whitened[:, 4:8], whitened[:, :4], atol=1e-3)


def test_the_layer_convolves_without_padding_and_is_not_trained() -> None:
    x = _coloured_noise()
    layer = airbench.PatchWhitening()
    layer(x)
    layer.adapt(x)
    kernel, bias = airbench.whitening(x, axes=12)
    np.testing.assert_allclose(layer(x), (_patches(x) @ kernel.reshape(12, 24) + bias).reshape(20, 8, 8, 24), atol=1e-3)
    assert layer.trainable_variables == []


def test_the_first_filters_pass_their_input_on() -> None:
    keras.utils.set_random_seed(1)
    kernel = np.asarray(airbench.partly_identity((3, 3, 4, 6)))
    x = np.random.default_rng(0).normal(size=(1, 5, 5, 4)).astype(np.float32)
    np.testing.assert_array_equal(keras.ops.nn.conv(x, kernel, padding="same")[..., :4], x)
    assert 0 < np.abs(kernel[..., 4:]).max() <= 1 / 6
    assert np.abs(np.asarray(airbench.partly_identity((3, 3, 4, 6))) - kernel).max() > 0


def test_a_fast_bias_moves_its_output_64_times_as_far() -> None:
    inputs = keras.Input((2,))
    model = keras.Model(inputs, airbench.FastBias()(inputs))
    model.compile(keras.optimizers.SGD(0.01), loss="mse")
    x, target = np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32)
    model.fit(x, target, verbose=0)
    # The loss's gradient with respect to the sum of both outputs' errors: -2 / 2 each; a plain bias would move by 0.01.
    np.testing.assert_allclose(model.predict(x, verbose=0), 0.64, rtol=1e-5)


@pytest.mark.parametrize("side", [8, 28, 33])
def test_features_of_every_size(side: int) -> None:
    inputs = keras.Input((side, side, 3))
    assert airbench.airbench(inputs).shape == (None, airbench.WIDTHS[-1])


@pytest.mark.parametrize("chunk", [1, 200, 10_000])
def test_mean_and_covariance_are_numpys_however_they_are_cut(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 patches an image: one image at a time, three and at last two, all twenty."""
    x = _coloured_noise()
    monkeypatch.setattr(airbench, "_CHUNK", chunk)
    mean, covariance = airbench._moments(x)
    np.testing.assert_allclose(mean, _patches(x).astype(np.float64).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(_patches(x), rowvar=False), rtol=1e-11)


def test_whitening_holds_a_few_patches_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 images of 1,024 patches, 12 x 8 bytes each, are 10 MB; ten of them 1 MB."""
    x = np.random.default_rng(0).normal(size=(100, 33, 33, 3)).astype(np.float32)
    monkeypatch.setattr(airbench, "_CHUNK", 10 * 1024)
    tracemalloc.start()
    airbench.whitening(x, axes=12)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 5e6


@pytest.mark.parametrize(
    ("count", "height", "width", "expected"),
    [
        (54_000, 28, 28, range(5000)),
        (45_000, 32, 32, range(5000)),
        (9_000, 16, 64, range(5000)),
        (40, 12, 12, range(40)),
        (555, 96, 96, range(555)),  # 5000 x 1024 / 9216 = 555.6
        (203, 224, 224, range(0, 203, 2)),  # 102 images
        (9, 3000, 2000, [0]),
    ],
)
def test_as_many_images_as_5000_small_ones_have_pixels(
    count: int, height: int, width: int, expected: Sequence[int]
) -> None:
    assert airbench.patched(count, height=height, width=width).tolist() == list(expected)


def test_the_images_lie_evenly_among_the_examples() -> None:
    found = airbench.patched(10_000, height=96, width=96)
    assert (len(found), found[0], found[-1]) == (555, 0, 9_999)
    assert set(np.diff(found).tolist()) == {18, 19}


@pytest.mark.parametrize(("side", "used"), [(12, range(5)), (40, (0, 20, 40))])
def test_adapting_a_classifier_uses_its_training_images(
    side: int, used: Sequence[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airbench, "PATCHED_IMAGES", 5)  # as many pixels as three images of 40 x 40 have
    found = _examples(41, side=side)
    model = classifiers.build("airbench", (side, side, 3), classes=2, seed=0)
    before = np.asarray(model.get_layer("whiten").kernel)
    classifiers.adapt(model, found)
    images = np.stack([found[i] for i in used]).astype(np.float32) / 127.5 - 1
    expected, _ = airbench.whitening(images, axes=12)
    assert np.abs(before - expected).max() > 0.01
    np.testing.assert_allclose(model.get_layer("whiten").kernel, expected, rtol=1e-3, atol=1e-3)


def test_other_networks_have_nothing_to_adapt() -> None:
    model = classifiers.build("lenet", (8, 8, 3), classes=2, seed=0)
    before = [variable.numpy() for variable in model.variables]
    classifiers.adapt(model, _examples(4, side=8))
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)
