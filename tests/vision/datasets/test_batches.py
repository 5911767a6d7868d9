"""vision.datasets.batches: order and draws are functions of (seed, epoch, index), and held-out images stay as they are."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.vision.augment.test_draws import EVERYTHING
from tests.vision.augment.test_geometry import padded
from vision.augment.options import Augmentation
from vision.datasets import Examples, batches

COUNT, CLASSES, SIDE = 50, 4, 6
MOVED = Augmentation(flip=True, shift=0.34)
Batch = tuple[NDArray[np.uint8], NDArray[np.float32]]


def examples(channels: int = 3) -> Examples:
    """Image i says i in its first row and column, which only a flip or a shift can move; labels i mod 4, pool upside down."""
    rng = np.random.default_rng(0)
    pool = rng.integers(100, 256, (2 * COUNT, SIDE, SIDE, channels)).astype(np.uint8)
    index = np.arange(2 * COUNT)[::-2]
    pool[index] = np.arange(COUNT)[:, None, None, None] + 50 * rng.integers(0, 2, (COUNT, SIDE, SIDE, channels))
    names = tuple(str(i) for i in range(2 * COUNT))
    return Examples(pool=pool, index=index, labels=np.arange(COUNT) % CLASSES, names=names)


def stream(epochs: range, *, seed: int = 0, how: Augmentation = MOVED, channels: int = 3) -> list[Batch]:
    data = batches.training(examples(channels), epochs, classes=CLASSES, batch_size=16, seed=seed, augmentation=how)
    return list(data.as_numpy_iterator())


def identity(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Which example each image is, after any move: every pixel is i or i + 50."""
    return (images[:, 0, 0, 0] % 50).astype(np.int64)


def joined(found: list[Batch]) -> Batch:
    return np.concatenate([images for images, _ in found]), np.concatenate([labels for _, labels in found])


def same(first: list[Batch], second: list[Batch]) -> bool:
    return len(first) == len(second) and all(
        np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1]) for a, b in zip(first, second, strict=True)
    )


@pytest.fixture(scope="module")
def six() -> list[Batch]:
    return stream(range(6))


def epoch(found: list[Batch], number: int) -> list[Batch]:
    return found[4 * number : 4 * number + 4]


def test_every_epoch_holds_every_example_once(six: list[Batch]) -> None:
    assert batches.steps(examples(), batch_size=16) == 4
    assert batches.steps(examples(), batch_size=25) == 2
    assert [len(images) for images, _ in six] == [16, 16, 16, 2] * 6
    for number in range(6):
        images, _ = joined(epoch(six, number))
        assert sorted(identity(images).tolist()) == list(range(COUNT))


def test_shapes_and_labels_that_stay_with_their_images(six: list[Batch]) -> None:
    images, labels = joined(six)
    assert images.dtype == np.uint8
    assert images.shape == (6 * COUNT, SIDE, SIDE, 3)
    assert labels.dtype == np.float32
    np.testing.assert_array_equal(labels, np.eye(CLASSES)[identity(images) % CLASSES])


def test_epochs_differ_in_order_and_in_draws(six: list[Batch]) -> None:
    (first, _), (second, _) = (joined(epoch(six, number)) for number in (0, 1))
    assert identity(first).tolist() != identity(second).tolist()
    assert identity(first).tolist() != list(range(COUNT))
    by_example = [images[np.argsort(identity(images))] for images in (first, second)]
    # Ten moves (2 x 5 x 5 = 50 in all): by chance a few examples are drawn alike.
    assert (by_example[0] == by_example[1]).all(axis=(1, 2, 3)).mean() < 0.2


def test_the_same_seed_gives_the_same_stream(six: list[Batch]) -> None:
    assert same(stream(range(6)), six)


def test_an_epoch_does_not_depend_on_those_before(six: list[Batch]) -> None:
    assert same(stream(range(3, 6)), six[12:])
    assert same(stream(range(5, 6)), six[20:])


def test_different_seeds_differ(six: list[Batch]) -> None:
    streams = [epoch(six, 0), *(stream(range(1), seed=seed) for seed in (1, 2, 3))]
    orders = {tuple(identity(joined(found)[0]).tolist()) for found in streams}
    assert len(orders) == 4
    # Neither is one seed's next epoch another seed's first.
    assert tuple(identity(joined(epoch(six, 1))[0]).tolist()) not in orders


def test_each_image_is_its_example_after_one_allowed_move(six: list[Batch]) -> None:
    data = examples()
    images, _ = joined(epoch(six, 0))
    moves = set()
    for found in images:
        original = data[int(found[0, 0, 0] % 50)]
        reflected = np.ascontiguousarray(original[:, ::-1])
        fitting = [
            (mirrored, rows, columns)
            for mirrored in (False, True)
            for rows in range(-2, 3)
            for columns in range(-2, 3)
            if np.array_equal(padded(reflected if mirrored else original, rows, columns), found)
        ]
        assert fitting
        moves.add(fitting[0])
    assert len(moves) > 20


@pytest.mark.parametrize("channels", [1, 3])
def test_without_augmentation_the_images_are_the_examples(channels: int) -> None:
    data = examples(channels)
    images, _ = joined(stream(range(1), how=Augmentation(shift=0), channels=channels))
    np.testing.assert_array_equal(images, np.stack([data[i] for i in identity(images)]))


def test_each_image_is_shown_once_in_each_orientation_in_two_epochs() -> None:
    data = examples()
    found = stream(range(3), how=Augmentation(flip=True, shift=0))
    mirrored = []
    for number in range(3):
        images, _ = joined(epoch(found, number))
        in_order = images[np.argsort(identity(images))]
        straight = np.stack([data[i] for i in range(COUNT)])
        changed = np.array([not np.array_equal(a, b) for a, b in zip(in_order, straight, strict=True)])
        np.testing.assert_array_equal(in_order[changed], straight[changed][:, :, ::-1])
        mirrored.append(changed)
    assert mirrored[0].sum() == COUNT // 2
    np.testing.assert_array_equal(mirrored[1], ~mirrored[0])
    np.testing.assert_array_equal(mirrored[2], mirrored[0])


def test_with_every_kind_an_epoch_does_not_depend_on_those_before() -> None:
    how = Augmentation(**EVERYTHING)
    whole = stream(range(3), how=how)
    assert same(stream(range(3), how=how), whole)
    assert same(stream(range(2, 3), how=how), epoch(whole, 2))
    assert not same(stream(range(3), how=how, seed=1), whole)
    images, labels = joined(epoch(whole, 0))
    assert images.shape == (COUNT, SIDE, SIDE, 3)
    assert images.dtype == np.uint8
    np.testing.assert_allclose(labels.sum(axis=1), 1, rtol=1e-6)
    # Some are mixed.
    assert (labels.max(axis=1) < 0.99).any()


@pytest.mark.parametrize("channels", [1, 3])
def test_scoring_is_in_order_and_unchanged(channels: int) -> None:
    data = examples(channels)
    scoring = batches.scoring(data, classes=CLASSES, batch_size=16)
    for _ in range(2):
        images, labels = joined(list(scoring.as_numpy_iterator()))
        np.testing.assert_array_equal(images, np.stack([data[i] for i in range(COUNT)]))
        np.testing.assert_array_equal(labels, np.eye(CLASSES)[data.labels])


def test_eager_iteration_works_twice() -> None:
    data = batches.training(examples(), range(2), classes=CLASSES, batch_size=16, seed=0, augmentation=MOVED)

    def read() -> list[Batch]:
        return [(images.numpy(), labels.numpy()) for images, labels in data]

    assert same(read(), read())
    assert same(read(), stream(range(2)))


def test_shapes_are_known_to_keras() -> None:
    def spec(data: Any) -> list[tuple[int | None, ...]]:
        return [tuple(each.shape) for each in data.element_spec]

    training = batches.training(examples(1), range(2), classes=9, batch_size=16, seed=0, augmentation=MOVED)
    assert spec(training) == [(None, SIDE, SIDE, 3), (None, 9)]
    assert spec(batches.scoring(examples(), classes=9, batch_size=16)) == [(None, SIDE, SIDE, 3), (None, 9)]


def test_training_leaves_the_examples_as_they_were() -> None:
    data = examples()
    before = data.pool.copy()
    list(batches.training(data, range(2), classes=CLASSES, batch_size=16, seed=0, augmentation=MOVED))
    np.testing.assert_array_equal(data.pool, before)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_pool_too_large_for_memory_gives_the_same_batches(monkeypatch: pytest.MonkeyPatch, channels: int) -> None:
    held = joined(stream(range(2), channels=channels))
    monkeypatch.setattr(batches, "IN_GRAPH_BYTES", 0)
    for found, expected in zip(joined(stream(range(2), channels=channels)), held, strict=True):
        np.testing.assert_array_equal(found, expected)
