"""pipelines.sections: what each part says; that all of them escape what they are given is tested on the page."""

import re

import numpy as np

from pipelines import sections
from pipelines.report import Section


def test_reading_marks_flags() -> None:
    body = sections.reading([{"loss": 1.0, "val_loss": 1.1}], {}).body
    assert "<code>--training.epochs</code>." in body


def test_per_class_starts_with_the_weakest() -> None:
    row = {"precision": 0.5, "recall": 0.5, "n": 3.0}
    body = sections.per_class({"strong": row | {"f1": 0.9}, "weak": row | {"f1": 0.1}}).body
    assert re.findall(r'scope="row">(\w+)<', body) == ["weak", "strong"]


def test_many_classes_get_another_title() -> None:
    many = sections.confusion(np.eye(31, dtype=np.int64), [str(i) for i in range(31)])
    assert many == Section(title="Most confused classes", body="<p>No mistakes.</p>")


def test_empty_values_are_said() -> None:
    assert "No mistake" in sections.mistakes([], [], [], []).body
    assert "No ReLU" in sections.dead_units({}).body
    assert "None" in sections.skipped([]).body
    assert "1 file was" in sections.skipped([("a", "b")]).body
    assert sections.gradients({}).title == "Gradient norm by layer"


def test_forms_state_size_and_scores() -> None:
    form = {"file": "m.tflite", "bytes": 3 * 2**20, "accuracy": 0.98765, "agreement": 1.0, "max_abs_delta": 0.0123}
    body = sections.forms({"forms": {"float32": form}, "keras": {"accuracy": 0.99}, "n": 7}).body
    assert re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", body)[6:] == [
        *("Keras model", "", "", "0.9900", "", ""),
        *("float32", "m.tflite", "3.00 MiB", "0.9877", "1.0000", "0.012"),
    ]
    assert "all 7 held-out" in body


def test_a_grid_sets_words_left_and_escapes_them() -> None:
    body = sections.grid(["word", "count", "near"], [["<b>", "3", "a&b"]], words=(2,))
    assert '<th scope="col">word</th><th scope="col">count</th><th scope="col" class="text">near</th>' in body
    assert '<th scope="row">&lt;b&gt;</th><td>3</td><td class="text">a&amp;b</td>' in body
