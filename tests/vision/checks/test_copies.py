"""vision.checks.copies: equal and nearly equal images among others, and hashes by hand."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.vision import pictures
from vision.checks import copies

Image = NDArray[np.uint8]


def _others(count: int) -> list[Image]:
    return [pictures.pixels(32, 32, seed=seed) for seed in range(count)]


def _jpeg(image: Image) -> Image:
    return np.asarray(
        cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1], cv2.IMREAD_COLOR), np.uint8
    )


def _darker(image: Image) -> Image:
    return (image * 0.8 + 10).astype(np.uint8)


def _scaled(image: Image) -> Image:
    return np.asarray(cv2.resize(cv2.resize(image, (24, 24), interpolation=cv2.INTER_AREA), (32, 32)), np.uint8)


def test_exact() -> None:
    images = _others(6)
    images += [images[4].copy(), images[1].copy(), images[4].copy()]
    changed = images[0].copy()
    changed[31, 31, 2] ^= 1
    assert copies.exact([*images, changed]) == [[1, 7], [4, 6, 8]]
    assert copies.exact(images[:6]) == []


@pytest.mark.parametrize("count", [40, 400])
def test_near_copies_and_nothing_else(count: int) -> None:
    images = _others(count)
    images += [_jpeg(images[3]), _darker(images[5]), _scaled(images[7]), images[9].copy()]
    found = copies.near(images)
    assert {(pair.first, pair.second) for pair in found} == {(3, count), (5, count + 1), (7, count + 2), (9, count + 3)}
    assert (found[0].first, round(found[0].similarity, 6)) == (9, 1.0)
    assert [pair.similarity for pair in found] == sorted((pair.similarity for pair in found), reverse=True)


def test_what_all_images_share_makes_no_copies() -> None:
    """One bright shape on black everywhere, as clothes are: correlated by 0.9 and more, and still different images."""
    rng = np.random.default_rng(0)
    images = []
    for _ in range(300):
        image = np.zeros((32, 32, 3), np.uint8)
        image[4:28, 10:22] = 200
        detail = cv2.resize(rng.integers(-50, 50, (6, 4, 3)).astype(np.float32), (12, 24))
        image[4:28, 10:22] = np.clip(image[4:28, 10:22] + detail, 0, 255).astype(np.uint8)
        images.append(image)
    first, second = (image.astype(float).ravel() for image in images[:2])
    assert np.corrcoef(first, second)[0, 1] > 0.9
    assert not copies.near(images)
    assert [(pair.first, pair.second) for pair in copies.near([*images, _jpeg(images[8])])] == [(8, 300)]


def test_hash_by_hand() -> None:
    # Brighter from left to right in the upper half, darker in the lower one.
    image = np.zeros((8, 9, 3), np.uint8)
    image[:4], image[4:] = np.arange(9)[None, :, None] * 20, 200 - np.arange(9)[None, :, None] * 20
    assert int(copies.difference_hash(image)).bit_count() == 32
    assert int(copies.difference_hash(image[:, ::-1].copy()) ^ copies.difference_hash(image)).bit_count() == 64


def test_too_few() -> None:
    assert copies.near(_others(1)) == []
    assert copies.near([]) == []
