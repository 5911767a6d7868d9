"""Operators are named, foreign ones refused; a folder appears whole or not at all; what LiteRT cannot open is said."""

import re
from pathlib import Path

import pytest

from serving import litert_file


def test_operators_names_foreign_ones() -> None:
    import tensorflow as tf

    function = tf.function(lambda x: tf.raw_ops.RGBToHSV(images=x), input_signature=[tf.TensorSpec((1, 2, 2, 3))])
    module = tf.Module()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], module)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    assert litert_file.operators(converter.convert()) == ["custom:FlexRGBToHSV"]


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

    with pytest.raises(litert_file.LiteRTError, match=re.compile("the float16 form " + words)) as refused:
        litert_file.checked("float16", make)
    assert len(str(refused.value)) < 600


def _fail_inside(folder: Path) -> None:
    with litert_file.replaced(folder) as new:
        (new / "half.txt").touch()
        raise KeyError("absent")


def test_a_folder_is_replaced_when_the_block_ends_well(tmp_path: Path) -> None:
    folder = tmp_path / "mobile"
    for text in ("old", "new"):
        with litert_file.replaced(folder) as new:
            (new / f"{text}.txt").write_text(text)
    assert [path.name for path in folder.iterdir()] == ["new.txt"]
    with pytest.raises(KeyError, match="absent"):
        _fail_inside(folder)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["mobile", "mobile/new.txt"]


def test_a_file_that_litert_cannot_prepare_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(bytes(64))
    with pytest.raises(litert_file.LiteRTError, match=r"cannot prepare broken\.tflite: "):
        litert_file.opened(path)
