"""vision.datasets.samples against scikit-learn's own description of the digits."""

import numpy as np
import pytest
import sklearn.datasets

from vision.datasets import samples


def test_digits() -> None:
    digits = samples.read("digits")
    images, labels = digits.parts["all"]
    assert images.shape == (1797, 8, 8, 1)
    assert images.dtype == np.uint8
    assert digits.classes == tuple("0123456789")
    # The counts of each digit, from the data set's description (UCI test set: 178, 182, 177, ...).
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    original = sklearn.datasets.load_digits()
    assert (images.min(), images.max()) == (0, 255)
    np.testing.assert_array_equal(np.rint(images[..., 0].astype(float) * 16 / 255), original.images)
    np.testing.assert_array_equal(labels, original.target)


def test_unknown_name() -> None:
    with pytest.raises(ValueError, match="unknown built-in data 'letters'; expected one of digits"):
        samples.read("letters")
