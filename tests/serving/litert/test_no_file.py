"""serving.litert.no_file: mobile/README.md of a model that has no .tflite file."""

from pathlib import Path

import pytest

from serving import litert
from serving.litert import forms as litert_file
from serving.litert import no_file


def test_why_ngrams_have_no_file() -> None:
    text = no_file.none_for_ngrams(order=3, entries=4_567_890, files=["../model.arpa"])
    assert "order 3 is tables, here of 4,567,890 n-grams" in text
    assert "the same tables are in `../model.arpa`; KenLM, in C++, reads ARPA files." in text
    assert "write the model as an ARPA file" in no_file.none_for_ngrams(order=2, entries=1)


def test_the_operators_that_ngrams_need_are_not_built_in(tmp_path: Path) -> None:
    import tensorflow as tf

    text = no_file.none_for_ngrams(order=3, entries=1)
    keys = tf.constant([1, 5, 7], tf.int64)
    functions = {
        "LowerBound": tf.function(lambda x: tf.searchsorted(keys, x), [tf.TensorSpec((1,), tf.int64)]),
        "StringSplitV2": tf.function(lambda x: tf.strings.split(x).flat_values, [tf.TensorSpec((1,), tf.string)]),
    }
    for name, function in functions.items():
        assert f"`{name}`" in text
        tf.saved_model.save(tf.Module(), str(tmp_path / name), signatures=function)
        with pytest.raises(litert.LiteRTError, match=f"are not built into LiteRT: .*{name}"):
            litert_file.checked("float32", lambda name=name: litert_file.converted(str(tmp_path / name)))  # type: ignore[misc]
