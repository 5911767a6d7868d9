"""vision.inspection.anatomy: LeNet by hand, TensorFlow's profiler, published figures of known networks."""

import io
from contextlib import redirect_stdout
from typing import Any

import keras
import pytest
import tensorflow as tf

from vision import classifiers
from vision.inspection import anatomy

# 28 x 28: two 5x5 convolutions on 28x28 and 14x14, then 7*7*16 to 120 to 84 to 10; 2 operations a multiply-accumulate.
LENET_FLOPS = 2 * (28 * 28 * 25 * 3 * 6 + 14 * 14 * 25 * 6 * 16 + 784 * 120 + 120 * 84 + 84 * 10)
LENET_PARAMETERS = 456 + 2_416 + 784 * 120 + 120 + 10_164 + 850


def build(name: str, side: int, classes: int = 10) -> keras.Model:
    return classifiers.build(name, (side, side, 3), classes=classes, seed=0)


def test_lenet_by_hand() -> None:
    found = anatomy.describe(build("lenet", 28))
    # 5; pooling 2 at jump 1: 6; 5x5 at jump 2: 14; pooling 2 at jump 2: 16.
    assert found == anatomy.Anatomy(parameters=LENET_PARAMETERS, flops=LENET_FLOPS, receptive_field=16)


def test_without_convolutions_every_unit_sees_everything() -> None:
    found = anatomy.describe(build("linear", 28))
    assert found == anatomy.Anatomy(parameters=23_530, flops=2 * 2_352 * 10, receptive_field=None)
    assert anatomy.describe(build("mlp", 28)).receptive_field is None


def profiled(model: keras.Model) -> int:
    """Operations of convolutions and matrix products, as TensorFlow's own profiler counts them."""
    spec = tf.TensorSpec((1, *model.input_shape[1:]))
    graph = tf.function(lambda x: model(x, training=False)).get_concrete_function(spec).graph
    profiler: Any = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
    options = options.with_accounted_types(["Conv2D", "DepthwiseConv2dNative", "MatMul"]).with_empty_output().build()
    with redirect_stdout(io.StringIO()):
        return int(profiler.profile(graph, cmd="op", options=options).total_float_ops)


@pytest.mark.parametrize("name", ["lenet", "inception", "resnet", "MobileNet"])
def test_operations_are_those_of_tensorflows_profiler(name: str) -> None:
    model = build(name, 32)
    assert anatomy.describe(model).flops == profiled(model)


# Multiply-accumulates in millions: table 8 of arXiv 1704.04861; 1512.03385's 3.8 billion; fields in pixels: Araujo et al., table 1.
@pytest.mark.parametrize(
    ("name", "parameters", "millions", "field"),
    [("MobileNet", 4_253_864, 569, 315), ("ResNet50", 25_636_712, 3_858, 483), ("VGG16", None, None, 212)],
)
def test_published_figures(name: str, parameters: int | None, millions: int | None, field: int) -> None:
    found = anatomy.describe(build(name, 224, classes=1000))
    assert found.receptive_field == field
    assert parameters in (None, found.parameters)
    assert millions is None or found.flops / 2e6 == pytest.approx(millions, abs=1)


def test_windows_of_unequal_sides_dilation_and_squeeze() -> None:
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(4, (1, 7), padding="same")(inputs)
    x = keras.layers.Conv2D(4, (7, 1), padding="same")(x)
    assert anatomy.receptive_field(keras.Model(inputs, x)) == 7
    x = keras.layers.DepthwiseConv2D(3, dilation_rate=2, padding="same")(x)
    assert anatomy.receptive_field(keras.Model(inputs, x)) == 11
    gate = keras.layers.Reshape((1, 1, 4))(keras.layers.GlobalAveragePooling2D()(x))
    x = keras.layers.Multiply()([x, keras.layers.Conv2D(4, 1)(gate)])
    x = keras.layers.SeparableConv2D(2, 3, strides=2)(x)
    model = keras.Model(inputs, x)
    assert anatomy.receptive_field(model) == 13
    assert anatomy.describe(model).flops == 2 * (1024 * 4 * (21 + 28 + 9) + 16 + 15 * 15 * (4 * 9 + 4 * 2))


def test_the_widest_branch_counts() -> None:
    # Behind the stem (3, pooled: 5 at jump 2), blocks 3a and 3b widen by 4 * 2 each to 3 + 2 + 4 (conv2) + 16 and so on.
    stem = 3 + 2
    lower = stem + 2 * 2 + 2 * 4 * 2
    assert anatomy.receptive_field(build("inception", 28)) == lower + 2 * 2 + 2 * 4 * 4
