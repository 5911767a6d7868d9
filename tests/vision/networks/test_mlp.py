"""vision.networks.mlp: size by hand, layers in order."""

from tests.vision.networks.counting import dense
from vision import classifiers


def test_size_and_layers() -> None:
    model = classifiers.build("mlp", (28, 28, 3), classes=10, seed=0)
    assert model.count_params() == dense(2352, 512) + dense(512, 256) + dense(256, 10)
    names = [layer.name for layer in model.layers]
    assert names == ["images", "rescale", "flatten", "fc1", "dropout1", "fc2", "dropout2", "logits"]
