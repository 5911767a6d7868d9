"""Sections of a classifier's report: what they say, and in which order."""

import re

import numpy as np

from pipelines.classify import sections as classify_sections
from pipelines.report.page import Section


def test_per_class_starts_with_the_weakest() -> None:
    row = {"precision": 0.5, "recall": 0.5, "n": 3.0}
    body = classify_sections.per_class({"strong": row | {"f1": 0.9}, "weak": row | {"f1": 0.1}}).body
    assert re.findall(r'scope="row">(\w+)<', body) == ["weak", "strong"]


def test_many_classes_get_another_title() -> None:
    many = classify_sections.confusion(np.eye(31, dtype=np.int64), [str(i) for i in range(31)])
    assert many == Section(title="Most confused classes", body="<p>No mistakes.</p>")


def test_no_mistakes_are_said() -> None:
    assert "No mistake" in classify_sections.mistakes([], [], [], []).body
