"""Answers of Classify, Regress and MultiInference over gRPC: results filled in, one per tf.Example."""

from typing import Any

import numpy as np

from serving.server.calls import examples as example_calls
from serving.server.calls.rules import PLAIN, Rules
from serving.server.models.versions import Version


def classify(
    version: Version,
    signature: str,
    examples: np.ndarray,
    result: Any,
    *,
    rules: Rules = PLAIN,
    deadline: float | None = None,
) -> None:
    """Fill a ClassificationResult with the labels and scores of each example, see `example_calls.classify_outputs`."""
    classes, scores = example_calls.classify_outputs(version, signature, examples, rules=rules, deadline=deadline)
    for labels, values in zip(classes.tolist(), scores.tolist(), strict=True):
        row = result.classifications.add()
        for label, score in zip(labels, values, strict=True):
            row.classes.add(label=label.decode("utf-8", "replace"), score=score)


def regress(
    version: Version,
    signature: str,
    examples: np.ndarray,
    result: Any,
    *,
    rules: Rules = PLAIN,
    deadline: float | None = None,
) -> None:
    """Fill a RegressionResult with the value of each example, see `example_calls.regress_outputs`."""
    values = example_calls.regress_outputs(version, signature, examples, rules=rules, deadline=deadline)
    for value in values.tolist():
        result.regressions.add(value=value)
