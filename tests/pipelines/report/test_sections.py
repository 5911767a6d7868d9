"""pipelines.report.sections: what each part says; that all of them escape what they are given is tested on the page."""

import re

from pipelines.report import sections
from pipelines.report.advice import Remedies, Scale


def test_flags_are_marked() -> None:
    body = sections.said_by_the_curves([{"loss": 1.0, "val_loss": 1.1}], {}, Scale(), Remedies()).body
    assert "<code>--training.epochs</code>." in body


def test_nothing_left_out_is_said() -> None:
    assert "None" in sections.skipped([]).body
    assert "1 file was" in sections.skipped([("a", "b")]).body


def test_forms_state_size_scores_and_likeness() -> None:
    form = {
        "file": "m.tflite",
        "bytes": 3 * 2**20,
        "scores": {"accuracy": 0.98765},
        "agreement": 1.0,
        "agreement_k": 0.5,
        "max_abs_delta": 0.0123,
        "milliseconds": 1.234,
    }
    reference = {"name": "Keras model", "scores": {"accuracy": 0.99}}
    found = sections.forms(
        {"forms": {"float32": form}, "reference": reference, "n": 7}, "a note", {"agreement_k": "all"}
    )
    assert found is not None
    assert re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", found.body) == [
        *("form", "file", "size", "accuracy", "agreement", "all", "max |Δ|", "ms"),
        *("Keras model", "", "", "0.9900", "", "", "", ""),
        *("float32", "m.tflite", "3.00 MiB", "0.9877", "1.0000", "0.5000", "0.012", "1.23"),
    ]
    assert "a note" in found.body
    assert sections.forms(None, "") is None
