"""The image sets of `keras.datasets`, read by Keras' own code from its cache folder; they are downloaded into it once."""

import os
import socket
from pathlib import Path
from typing import Any, NamedTuple

import keras

from vision import spelling
from vision.datasets.arrays import LabelledArrays, from_parts
from vision.errors import DataError

PREFIX = "keras:"
"""The prefix of a name on the command line."""

_GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_TORONTO = "https://www.cs.toronto.edu/~kriz/"
_IDX = tuple(f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))


class _Set(NamedTuple):
    load: Any
    """Keras' function."""
    origin: str
    """The address that Keras downloads from."""
    files: dict[str, str]
    """Name at the origin to path below the cache folder."""
    classes: str = ""
    """Names in the order of the labels, commas between; the numbers themselves when empty."""


_SETS = {
    "mnist": _Set(keras.datasets.mnist.load_data, _GOOGLE, {"mnist.npz": "datasets/mnist.npz"}),
    "fashion_mnist": _Set(
        keras.datasets.fashion_mnist.load_data,
        _GOOGLE,
        {name: f"datasets/fashion-mnist/{name}" for name in _IDX},
        "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot",
    ),
    "cifar10": _Set(
        keras.datasets.cifar10.load_data,
        _TORONTO,
        {"cifar-10-python.tar.gz": "datasets/cifar-10-batches-py-target_archive"},
        "airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck",
    ),
    "cifar100": _Set(
        keras.datasets.cifar100.load_data,
        _TORONTO,
        {"cifar-100-python.tar.gz": "datasets/cifar-100-python-target_archive"},
        "apple,aquarium_fish,baby,bear,beaver,bed,bee,beetle,bicycle,bottle,bowl,boy,bridge,bus,butterfly,camel,can,castle,"
        "caterpillar,cattle,chair,chimpanzee,clock,cloud,cockroach,couch,crab,crocodile,cup,dinosaur,dolphin,elephant,flatfish,"
        "forest,fox,girl,hamster,house,kangaroo,keyboard,lamp,lawn_mower,leopard,lion,lizard,lobster,man,maple_tree,motorcycle,"
        "mountain,mouse,mushroom,oak_tree,orange,orchid,otter,palm_tree,pear,pickup_truck,pine_tree,plain,plate,poppy,porcupine,"
        "possum,rabbit,raccoon,ray,road,rocket,rose,sea,seal,shark,shrew,skunk,skyscraper,snail,snake,spider,squirrel,streetcar,"
        "sunflower,sweet_pepper,table,tank,telephone,television,tiger,tractor,train,trout,tulip,turtle,wardrobe,whale,"
        "willow_tree,wolf,woman,worm",
    ),
}
NAMES = tuple(_SETS)
"""Sets that can be read; classes are called as in the sets' own documentation."""
_SILENCE_SECONDS = 30


def read(name: str) -> LabelledArrays:
    """Read one of `NAMES`; it is downloaded when Keras' cache folder (`KERAS_HOME`, else `~/.keras`) does not hold it.

    Raises DataError for an unknown name, and where neither cache nor network has the set: it names the file and its place.
    """
    if name not in _SETS:
        known = [PREFIX + each for each in NAMES]
        hint = spelling.hint(PREFIX + name, known)
        raise DataError(f"--data {PREFIX}{name}: unknown set; expected one of {', '.join(known)}{hint}")
    before = socket.getdefaulttimeout()
    try:
        socket.setdefaulttimeout(_SILENCE_SECONDS)
        (train_images, train_labels), (test_images, test_labels) = _SETS[name].load()
    except Exception as error:  # Keras wraps a failed download in a bare Exception; a damaged file fails in many ways.
        raise DataError(_by_hand(name, error)) from error
    finally:
        socket.setdefaulttimeout(before)
    return from_parts(
        {"train": (train_images, train_labels), "test": (test_images, test_labels)},
        where=PREFIX + name,
        names=_SETS[name].classes.split(",") if _SETS[name].classes else None,
    )


def _by_hand(name: str, error: Exception) -> str:
    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    files = {f"{_SETS[name].origin}{file}": folder / place for file, place in _SETS[name].files.items()}
    absent = {source: place for source, place in files.items() if not place.is_file()}
    wanted = "; ".join(f"{source} as {place}" for source, place in (absent or files).items())
    what = "is not in Keras' cache and cannot be downloaded" if absent else "is damaged in Keras' cache"
    return f"--data {PREFIX}{name}: the set {what} ({error}). Without network, put by hand: {wanted} (or under another KERAS_HOME)"
