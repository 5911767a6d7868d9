"""vision.inspection.diagnostics against gradients worked out by hand and units killed on purpose."""

from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from vision.inspection import diagnostics


@pytest.fixture
def images() -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(70, 6, 6, 3)).astype(np.float32)  # more than one batch of 64


def stateful_model() -> keras.Model:
    """Batch norm, dropout and augmentation: everything that a careless forward pass would change."""
    inputs = keras.Input((6, 6, 3))
    x = keras.layers.RandomFlip(seed=1)(inputs)
    x = keras.layers.Conv2D(4, 3, use_bias=False, name="first")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.ReLU(name="relu")(x)
    x = keras.layers.Dropout(0.5, seed=2)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="head")(x))


def state(model: keras.Model) -> list[Any]:
    return [np.asarray(variable.value) for variable in model.variables]


def test_gradient_norms_by_hand() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="line")])
    model.layers[0].set_weights([np.array([[1.0], [2.0]]), np.array([3.0])])
    x, y = np.array([[1.0, 0.0], [0.0, 2.0]], np.float32), np.array([[0.0], [5.0]], np.float32)
    # Residuals 4 and 2; d/dw mean(r^2) = (2*4*1/2, 2*2*2/2) = (4, 4); d/db = (2*4 + 2*2)/2 = 6.
    norms = diagnostics.gradient_norms(model, keras.losses.MeanSquaredError(), x, y)
    (path,) = norms
    assert path.endswith("line")
    assert norms[path] == pytest.approx(np.sqrt(16 + 16 + 36), rel=1e-5)


def test_gradient_norms_lists_layers_in_order_and_skips_the_weightless(images: NDArray[np.float32]) -> None:
    model = stateful_model()
    model.get_layer("norm").trainable = False
    norms = diagnostics.gradient_norms(
        model, keras.losses.SparseCategoricalCrossentropy(), images, np.arange(len(images)) % 3
    )
    assert list(norms) == ["first", "head"]
    assert all(norm > 0 for norm in norms.values())


def test_a_layer_that_the_loss_does_not_reach_has_norm_0() -> None:
    inputs = keras.Input((2,))
    stopped = keras.layers.Lambda(keras.ops.stop_gradient)(keras.layers.Dense(2, name="cut")(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1, name="end")(stopped))
    norms = diagnostics.gradient_norms(model, keras.losses.MeanSquaredError(), np.ones((4, 2)), np.ones((4, 1)))
    assert norms["cut"] == 0.0
    assert norms["end"] > 0


def test_nothing_is_changed(images: NDArray[np.float32]) -> None:
    model = stateful_model()
    loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile("adam", loss)
    model.fit(images, np.arange(len(images)) % 3, verbose=0)
    before, config = state(model), model.to_json()
    steps = int(model.optimizer.iterations.numpy())
    diagnostics.gradient_norms(model, loss, images, np.arange(len(images)) % 3)
    diagnostics.dead_units(model, images)
    for old, new in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.to_json() == config
    assert int(model.optimizer.iterations.numpy()) == steps


def killed(layer: Any, channels: list[int]) -> None:
    """No weight and a bias of -1: the unit is 0 for every input. The others: +1, always on."""
    kernel, bias = layer.get_weights()
    bias = np.where(np.isin(np.arange(len(bias)), channels), -1.0, 1.0)
    layer.set_weights([np.zeros_like(kernel), bias])


def test_dead_units_of_every_kind_of_relu(images: NDArray[np.float32]) -> None:
    inputs = keras.Input((6, 6, 3))
    x = inside = keras.layers.Conv2D(4, 1, activation="relu", name="inside")(inputs)
    x = keras.layers.ReLU(name="layer")(keras.layers.Conv2D(4, 1, name="a")(x))
    x = keras.layers.Activation("relu", name="activation")(keras.layers.Conv2D(4, 1, name="b")(x))
    x = keras.ops.relu(keras.layers.Conv2D(4, 1, name="c")(x))
    x = keras.activations.relu(keras.layers.Conv2D(4, 1, name="d")(x))
    x = keras.layers.LeakyReLU(name="leaky")(x + inside)
    x = keras.layers.Flatten()(x)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))
    for name, dead in {"inside": [0], "a": [0, 1], "b": [0, 1, 2], "c": [], "d": [0, 1, 2, 3]}.items():
        killed(model.get_layer(name), dead)
    shares = diagnostics.dead_units(model, images)
    assert list(shares.values()) == [0.25, 0.5, 0.75, 0.0, 1.0]
    assert list(shares)[:3] == ["inside", "layer", "activation"]


def test_one_firing_position_of_one_late_image_is_enough() -> None:
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.ReLU(name="relu")])
    dark = np.full((70, 6, 6, 1), -1, np.float32)
    assert diagnostics.dead_units(model, dark) == {"relu": 1.0}
    dark[69, 5, 5] = 1
    assert diagnostics.dead_units(model, dark) == {"relu": 0.0}


def test_nested_models_and_shared_layers(images: NDArray[np.float32]) -> None:
    core = keras.Sequential(
        [keras.Input((6, 6, 3)), keras.layers.Conv2D(4, 1, activation="relu", name="conv")], name="core"
    )
    killed(core.get_layer("conv"), [3])
    shared, inputs = keras.layers.ReLU(name="shared"), keras.Input((6, 6, 3))
    x = core(keras.layers.Rescaling(2.0)(inputs))
    # The shared ReLU is silent at its first call and fires at its second.
    y = keras.layers.Add()([shared(keras.ops.subtract(x, 9.0)), shared(x)])
    shares = diagnostics.dead_units(keras.Model(inputs, y), images)
    assert shares == {"shared": 0.25, "core/conv": 0.25}


def test_models_without_a_relu_or_a_graph_give_nothing(images: NDArray[np.float32]) -> None:
    class Hidden(keras.Model):
        def call(self, inputs: Any) -> Any:
            return keras.ops.relu(inputs)

    assert diagnostics.dead_units(Hidden(), images) == {}
    assert diagnostics.dead_units(keras.Sequential([keras.Input((6, 6, 3)), keras.layers.Flatten()]), images) == {}
