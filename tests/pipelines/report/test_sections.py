"""pipelines.report.sections: what each part says; that all of them escape what they are given is tested on the page."""

import re

from pipelines.report import sections


def test_reading_marks_flags() -> None:
    body = sections.reading([{"loss": 1.0, "val_loss": 1.1}], {}).body
    assert "<code>--training.epochs</code>." in body


def test_nothing_left_out_is_said() -> None:
    assert "None" in sections.skipped([]).body
    assert "1 file was" in sections.skipped([("a", "b")]).body


def test_forms_state_size_and_scores() -> None:
    form = {"file": "m.tflite", "bytes": 3 * 2**20, "accuracy": 0.98765, "agreement": 1.0, "max_abs_delta": 0.0123}
    body = sections.forms({"forms": {"float32": form}, "keras": {"accuracy": 0.99}, "n": 7}).body
    assert re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", body)[6:] == [
        *("Keras model", "", "", "0.9900", "", ""),
        *("float32", "m.tflite", "3.00 MiB", "0.9877", "1.0000", "0.012"),
    ]
    assert "all 7 held-out" in body
