"""vision.networks.linear: the logits are one matrix on the pixels."""

import numpy as np

from vision import classifiers


def test_logits_are_a_matrix_on_the_pixels() -> None:
    model = classifiers.build("linear", (5, 4, 3), classes=2, seed=0)
    kernel, bias = model.get_weights()
    assert kernel.shape == (60, 2)
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3)).astype(np.float32)
    expected = (pixels / 127.5 - 1).reshape(6, 60) @ kernel + bias
    np.testing.assert_allclose(model(pixels), expected, atol=1e-5)
