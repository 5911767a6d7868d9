"""vision.datasets.keras_sets: Keras' own loading code on a cache folder with few pictures in it, and without any network."""

import gzip
import io
import pickle
import struct
import tarfile
import urllib.error
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.vision import pictures
from vision.datasets import keras_sets
from vision.datasets.reading import read_labelled
from vision.errors import DataError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, and no network."""

    def no_network(*_: Any) -> None:
        raise urllib.error.URLError(OSError(-2, "Name or service not known"))

    folder = tmp_path / "cache"
    (folder / "datasets").mkdir(parents=True)
    monkeypatch.setenv("KERAS_HOME", str(folder))
    monkeypatch.setattr(keras.src.backend.config, "_KERAS_DIR", str(folder))
    monkeypatch.setattr(keras.src.utils.file_utils, "urlretrieve", no_network)
    return folder


def _any_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.src.utils.file_utils, "validate_file", lambda *_, **__: True)


def _grey(count: int, *, first: int) -> NDArray[np.uint8]:
    return np.stack([pictures.pixels(28, 28, 1, seed=first + i)[..., 0] for i in range(count)])


def _write_idx(folder: Path) -> None:
    folder.mkdir()
    for part, count in (("train", 100), ("t10k", 30)):
        images = struct.pack(">IIII", 2051, count, 28, 28) + _grey(count, first=count).tobytes()
        labels = struct.pack(">II", 2049, count) + bytes(i % 10 for i in range(count))
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))


def _write_archive(path: Path, files: dict[str, Any]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            data = pickle.dumps(content, protocol=4)
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def _batch(labels: list[int], key: str, *, seed: int) -> dict[bytes, Any]:
    images = np.stack(
        [pictures.pixels(32, 32, seed=seed + i).transpose(2, 0, 1).reshape(-1) for i in range(len(labels))]
    )
    return {b"data": images, key.encode(): labels}


def test_fashion_mnist(cache: Path) -> None:
    _write_idx(cache / "datasets" / "fashion-mnist")
    data = read_labelled("keras:fashion_mnist", size=None, seed=0)
    assert data.classes[:2] == ("T-shirt/top", "Trouser")
    assert len(data.classes) == 10
    assert (len(data.train), len(data.validation), len(data.test)) == (90, 10, 30)
    np.testing.assert_array_equal(data.test.pool[data.test.index][..., 0], _grey(30, first=30))
    assert data.test.labels.tolist() == [i % 10 for i in range(30)]
    assert data.test.name(0) == "keras:fashion_mnist[100]"
    # Every file was found where the message says that it belongs.
    (cache / "datasets" / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"tf-keras-datasets/t10k-labels-idx1-ubyte\.gz as .*fashion-mnist.t10k-labels"):
        keras_sets.read("fashion_mnist")


def test_mnist(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _any_hash(monkeypatch)
    labels = np.arange(60, dtype=np.uint8) % 10
    train, test = _grey(60, first=0), _grey(20, first=90)
    np.savez(cache / "datasets" / "mnist.npz", x_train=train, y_train=labels, x_test=test, y_test=labels[:20])
    data = read_labelled("keras:mnist", size=None, seed=0)
    assert data.classes == tuple("0123456789")
    np.testing.assert_array_equal(data.test.pool[data.test.index][..., 0], test)


def test_cifar10(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras copies each batch into a tenth of 50,000 rows; NumPy repeats the single picture of these."""
    _any_hash(monkeypatch)
    files = {f"cifar-10-batches-py/data_batch_{i}": _batch([i - 1], "labels", seed=i) for i in range(1, 6)}
    files["cifar-10-batches-py/test_batch"] = _batch([0, 1, 2, 3, 4], "labels", seed=50)
    _write_archive(cache / "datasets" / "cifar-10-batches-py-target_archive", files)
    given = keras_sets.read("cifar10")
    assert given.classes == ("airplane", "automobile", "bird", "cat", "deer")
    images, labels = given.parts["test"]
    assert labels.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(images[3], pictures.pixels(32, 32, seed=53))
    np.testing.assert_array_equal(given.parts["train"][0][20_000], pictures.pixels(32, 32, seed=3))


def test_cifar100(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _any_hash(monkeypatch)
    files = {
        f"cifar-100-python/{part}": _batch(list(range(100)), "fine_labels", seed=seed)
        for part, seed in (("train", 0), ("test", 200))
    }
    _write_archive(cache / "datasets" / "cifar-100-python-target_archive", files)
    given = keras_sets.read("cifar100")
    # Krizhevsky's list, which is in the order of the alphabet: some of it, with numbers as they are quoted everywhere.
    assert len(given.classes) == 100
    assert list(given.classes) == sorted(given.classes)
    assert [given.classes[i] for i in (0, 1, 2, 11, 49, 58, 99)] == [
        *("apple", "aquarium_fish", "baby", "boy", "mountain", "pickup_truck", "worm")
    ]
    assert given.parts["train"][1].tolist() == list(range(100))


@pytest.mark.parametrize(
    ("name", "source", "place"),
    [
        ("mnist", "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz", "mnist.npz"),
        ("cifar10", "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", "cifar-10-batches-py-target_archive"),
        ("cifar100", "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz", "cifar-100-python-target_archive"),
    ],
)
def test_without_network_and_cache(cache: Path, name: str, source: str, place: str) -> None:
    with pytest.raises(DataError) as error:
        read_labelled(f"keras:{name}", size=None, seed=0)
    words = str(error.value)
    assert words.startswith(f"--data keras:{name}: the set is not in Keras' cache and cannot be downloaded (URL fetch ")
    assert "Name or service not known" in words
    assert f"Without network, put by hand: {source} as {cache / 'datasets' / place}" in words


def test_a_damaged_file(cache: Path) -> None:
    folder = cache / "datasets" / "fashion-mnist"
    _write_idx(folder)
    whole = (folder / "train-images-idx3-ubyte.gz").read_bytes()
    (folder / "train-images-idx3-ubyte.gz").write_bytes(whole[:-100])
    with pytest.raises(
        DataError, match=r"fashion_mnist: the set is damaged in Keras' cache .*ended before.*put by hand: "
    ):
        keras_sets.read("fashion_mnist")


def test_unknown_names(cache: Path) -> None:
    message = (
        "--data keras:mnst: unknown set; expected one of keras:mnist, keras:fashion_mnist, .*; did you mean keras:mnist"
    )
    with pytest.raises(DataError, match=message):
        read_labelled("keras:mnst", size=None, seed=0)
    with pytest.raises(DataError, match="did you mean keras:cifar10"):
        read_labelled("cifar10", size=None, seed=0)
