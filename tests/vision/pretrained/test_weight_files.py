"""vision.pretrained.weight_files: both forms of a file read back layer by layer, against networks that fit and that do not."""

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from vision.pretrained import weight_files


def network(filters: int = 4, *, top: bool = False) -> keras.Model:
    """Normalisation, a convolution with batch norm, a separable one; with a top, a dense layer."""
    inputs = keras.Input((6, 6, 3))
    x = keras.layers.Normalization(name="standard")(inputs)
    x = keras.layers.Conv2D(filters, 3, name="first")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.SeparableConv2D(5, 3, name="second")(x)
    if top:
        x = keras.layers.Dense(7, name="top")(keras.layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, x)


def randomised(model: keras.Model, seed: int = 0) -> keras.Model:
    rng = np.random.default_rng(seed)
    model.set_weights([np.asarray(rng.uniform(0.5, 1, value.shape), value.dtype) for value in model.get_weights()])
    return model


@pytest.fixture(scope="module", params=["new.weights.h5", "old.h5"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of each form, of a network with a top; only to be read."""
    path, model = tmp_path_factory.mktemp("weights") / str(request.param), randomised(network(top=True))
    if path.name.startswith("new"):
        model.save_weights(path)
    else:
        model.save(path)
    return path


def test_a_file_fits_the_network_it_was_written_from(written: Path) -> None:
    with h5py.File(written) as file:
        slots, more = weight_files.compare(file, network(top=True))
        assert weight_files.is_old(file) == written.name.startswith("old")
        assert not weight_files.is_nested(file)
    assert [slot.layer for slot in slots] == ["standard", "first", "norm", "second", "top"]
    assert [slot.difference() for slot in slots] == [""] * 5
    assert slots[1].expected == ((3, 3, 3, 4), (4,)) == slots[1].found
    assert more == 0


def test_layers_beyond_the_network_are_counted(written: Path) -> None:
    with h5py.File(written) as file:
        slots, more = weight_files.compare(file, network())
    assert [slot.difference() for slot in slots] == [""] * 4
    assert more == 1


def test_what_differs_is_named(written: Path) -> None:
    with h5py.File(written) as file:
        slots, _ = weight_files.compare(file, network(filters=9, top=True))
    assert slots[1].difference() == "layer first: found (3, 3, 3, 4), expected (3, 3, 3, 9)"
    assert slots[2].difference() == "layer norm: found (4,), expected (9,)"
    assert slots[4].difference() == ""


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    small, large = network(), network(top=True)
    small.save_weights(tmp_path / "a.weights.h5")
    small.save(tmp_path / "a.h5")
    for name in ("a.weights.h5", "a.h5"):
        with h5py.File(tmp_path / name) as file:
            slots, more = weight_files.compare(file, large)
        assert slots[-1].difference() == "layer top: found nothing, expected (5, 7) (7,)"
        assert more == 0


def test_another_number_of_variables_is_named() -> None:
    slot = weight_files.Slot(layer="c", expected=((3, 4),), found=((3, 4), (4,)))
    assert slot.difference() == "layer c: found (3, 4) (4,), expected (3, 4)"


def test_an_old_file_is_assigned_without_its_top(tmp_path: Path) -> None:
    source, target = randomised(network(top=True)), network()
    source.save(tmp_path / "old.h5")
    with h5py.File(tmp_path / "old.h5") as file:
        weight_files.assign_old(file, target)
    for found, expected in zip(target.get_weights(), source.get_weights(), strict=False):
        np.testing.assert_array_equal(found, expected)
    # Normalisation computes with copies of its variables.
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 6, 6, 3)).astype(np.float32)
    mean, variance = (np.asarray(value).ravel() for value in target.get_weights()[:2])
    found = keras.Model(target.input, target.get_layer("standard").output)(pixels)
    np.testing.assert_allclose(found, (pixels - mean) / np.sqrt(variance), rtol=1e-5)


def test_networks_within_networks_are_noticed(tmp_path: Path) -> None:
    inputs = keras.Input((6, 6, 3))
    keras.Model(inputs, network()(inputs)).save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5") as file:
        assert weight_files.is_nested(file)
        assert not weight_files.is_old(file)


def test_as_bytes_is_what_keras_writes_to_a_file(tmp_path: Path) -> None:
    source, target = randomised(network()), network()
    (tmp_path / "a.weights.h5").write_bytes(weight_files.as_bytes(source))
    target.load_weights(tmp_path / "a.weights.h5")
    for found, expected in zip(target.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
