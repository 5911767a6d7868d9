"""Operators are named, foreign ones refused; a folder appears whole or not at all; what LiteRT cannot open is said."""

import re

import pytest

from serving import litert
from serving.litert import forms


def test_operators_names_foreign_ones() -> None:
    import tensorflow as tf

    function = tf.function(lambda x: tf.raw_ops.RGBToHSV(images=x), input_signature=[tf.TensorSpec((1, 2, 2, 3))])
    module = tf.Module()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], module)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    assert forms.operators(converter.convert()) == ["custom:FlexRGBToHSV"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "...\nTF Select ops: StringLower, LookupTableFindV2\n...",
            "needs operators .*: StringLower, LookupTableFindV2. They",
        ),
        ("graph " * 500, "cannot be converted: graph graph"),
    ],
)
def test_a_converters_message_becomes_one_sentence(said: str, words: str) -> None:
    def make() -> bytes:
        raise RuntimeError(said)

    with pytest.raises(litert.LiteRTError, match=re.compile("the float16 form " + words)) as refused:
        forms.checked("float16", make)
    assert len(str(refused.value)) < 600
