"""Weights for a network from a file or from keras.applications; those that do not fit are refused, with layer and shapes."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import h5py
import keras
import numpy as np

from vision.errors import WeightsError
from vision.pretrained import backbones, weight_files

_EXPECTED = "expected a Keras weights file (.weights.h5 or .h5)"
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def load(path: Path, model: keras.Model) -> None:
    """Load a file of the whole network (a run's checkpoints/best.weights.h5) or of its bare backbone (keras.applications' own files).

    A file of a backbone may hold a top, which is left out. Raises WeightsError with the layer, and the shapes found and expected.
    """
    backbone = backbones.nested(model)
    with _opened(path) as file:
        whole = backbone is None or weight_files.is_nested(file)
        target = model if whole else backbone
        slots, more = weight_files.compare(file, target)
        differences = [slot.difference() for slot in slots if slot.difference()]
        if differences or (whole and more):
            first = differences[0] if differences else f"found {more} more layers than expected"
            raise WeightsError(
                f"{path} holds weights of another network than {model.name}: {first} ({len(differences)} of {len(slots)} layers "
                f"differ, {more} are unknown); expected weights of {model.name}{_same(model, whole=whole)}"
            )
        if weight_files.is_old(file):
            weight_files.assign_old(file, target)
        else:
            _load(path.read_bytes(), target)
    _settle(backbone)


def imagenet(model: keras.Model) -> None:
    """Load ImageNet weights into the backbone with keras.applications' own code, from Keras' cache folder or over the network.

    Raises WeightsError for a network that has none, or when they cannot be loaded.
    """
    backbone = backbones.nested(model)
    if backbone is None:
        raise WeightsError(
            f"there are no ImageNet weights for {model.name}; choose a network of keras.applications, such as MobileNetV2, "
            "or start without pretrained weights"
        )
    try:
        # Keras warns where weights learned at 224 pixels are taken for another size.
        with warnings.catch_warnings(action="ignore"):
            source = backbones.application(model.name, shape=backbone.input_shape[1:], weights="imagenet")
    except Exception as error:  # a failed download is a bare Exception
        raise WeightsError(
            f"the ImageNet weights of {model.name} could not be loaded ({error}); connect to the internet for the first run, "
            "put the file of that address into ~/.keras/models (or $KERAS_HOME/models), or give a weights file instead"
        ) from error
    _load(weight_files.as_bytes(source), backbone)
    _settle(backbone)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    if not path.is_file():
        raise WeightsError(f"weights {path}: no such file; {_EXPECTED}")
    try:
        file = h5py.File(path)
    except OSError as error:
        raise WeightsError(f"weights {path}: not a readable HDF5 file ({error}); {_EXPECTED}") from error
    with file:
        if not weight_files.is_old(file) and "layers" not in file:
            raise WeightsError(f"weights {path}: no layers in it, found {', '.join(file) or 'nothing'}; {_EXPECTED}")
        yield file


def _same(model: keras.Model, *, whole: bool) -> str:
    return f" for {model.output_shape[-1]} classes and images of {model.input_shape[1:3]}" if whole else ""


def _load(contents: bytes, network: keras.Model) -> None:
    with warnings.catch_warnings(action="ignore"):  # of optimiser state that is not taken over
        network.load_weights(weight_files.Memory(contents))


def _settle(backbone: keras.Model | None) -> None:
    """Let the network compute what its loaded weights were trained for, and keep its statistics in training.

    On a functional model's nested layers only `trainable = False` holds batch norm in inference mode (keras-team/keras#20285).
    """
    for layer in backbone.layers if backbone is not None else ():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
        if isinstance(layer, keras.layers.Normalization) and layer.input_mean is None:
            _correct_variance(layer)


def _correct_variance(layer: keras.layers.Normalization) -> None:
    """Square the deviations that EfficientNet's files hold as variances; keras.applications corrects that for "imagenet" only."""
    if np.allclose(layer.adapt_variance, _DEVIATION):
        layer.adapt_variance.assign(_DEVIATION**2)
        layer.finalize_state()
