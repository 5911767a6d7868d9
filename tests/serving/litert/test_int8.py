"""Factors of very different sizes survive int8, because each channel has its own scale; NumPy computes what is expected."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from serving import native_log
from serving.litert import int8

KINDS = schema.BuiltinOperator

FACTORS = np.array([100.0, 1.18, -2.5], np.float32)
TERMS = np.array([30.0, -20.0, 300.0], np.float32)
SHAPE = (1, 4, 6, 3)


def pixels(seed: int = 0) -> np.ndarray:
    """float32 (1, 4, 6, 3): whole numbers, 0 to 2 in the first channel and 0 to 255 in the others."""
    drawn = np.random.default_rng(seed).integers(0, (3, 256, 256), SHAPE).astype(np.float32)
    drawn[0, 0, 0], drawn[0, 0, 1] = (0, 0, 0), (2, 255, 255)
    return drawn


def converted(compute: Callable[[Any], Any]) -> bytes:
    import tensorflow as tf

    function = tf.function(compute, input_signature=[tf.TensorSpec(SHAPE, tf.float32)])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], tf.Module())
    with native_log.muted():
        return bytes(converter.convert())


def batch_normalised(x: Any) -> Any:
    import tensorflow as tf

    return tf.nn.relu(x * FACTORS + TERMS)


def answer(content: bytes, given: np.ndarray) -> np.ndarray:
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    [entry], [output] = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.set_tensor(entry["index"], given.astype(entry["dtype"]))
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(output["index"]))


def kinds(content: bytes) -> list[int]:
    """What each operator of the graph is, in order."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    return [codes[operator.opcodeIndex] for operator in model.subgraphs[0].operators]


def test_product_sum_and_relu_become_one_convolution_that_computes_the_same() -> None:
    plain = converted(batch_normalised)
    assert kinds(plain) == [KINDS.MUL, KINDS.ADD]
    changed = int8.with_channel_scales(plain)
    assert kinds(changed) == [KINDS.DEPTHWISE_CONV_2D]
    expected = np.maximum(pixels() * FACTORS + TERMS, 0)
    np.testing.assert_allclose(answer(changed, pixels()), expected, rtol=1e-6)


def test_int8_keeps_small_factors_beside_large_ones() -> None:
    with native_log.muted():
        content = int8.quantised(converted(batch_normalised), ([pixels(seed)] for seed in range(20)))
    expected = np.maximum(pixels(99) * FACTORS + TERMS, 0)
    step = expected.max() / 255
    # One scale for all factors would store 1.18 as 0.79: an error of 100 in the second channel, 76 steps.
    np.testing.assert_allclose(answer(content, pixels(99)), expected, atol=1.5 * step)


@pytest.mark.parametrize("reads", ["product", "sum"])
def test_what_others_read_as_well_stays(reads: str) -> None:
    import tensorflow as tf

    def forked(x: Any) -> Any:
        product = x * FACTORS
        total = product + TERMS
        return tf.nn.relu(total) * tf.reduce_max(product if reads == "product" else total)

    plain = converted(forked)
    np.testing.assert_allclose(answer(int8.with_channel_scales(plain), pixels()), answer(plain, pixels()), rtol=1e-6)


def test_products_with_one_number_or_two_tensors_stay() -> None:
    plain = converted(lambda x: (x * 0.5) * x)
    assert kinds(int8.with_channel_scales(plain)) == kinds(plain) == [KINDS.MUL, KINDS.MUL]
