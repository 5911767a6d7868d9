"""What every pipeline promises of a finished run: its folder, one answer from server, command line, phone and Python, its report.

A pipeline's own test makes a run, says what it promises (`Promised`), computes in Python what its model answers, and calls
`keeps_its_promises`.
"""

import contextlib
import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving import litert, predict
from tests.e2e.helpers import b64, free_port, get, post, predict_grpc, served

EVERY = {"config.json", "environment.json", "export", "mobile", "report.html", "samples", "scores.json"}
"""In every run folder."""
RANKED = {"classes": "scores", "next_words": "next_scores", "neighbours": "similarities"}
"""Outputs that are sorted by another one: equal numbers may change places."""


@dataclass(frozen=True, kw_only=True)
class Promised:
    """A finished run, and what its pipeline promises of it."""

    task: str
    folder: Path
    scores: Mapping[str, float]
    """What `run` returned."""
    beside: set[str]
    """What lies in the run folder beside EVERY."""
    epochs: int = 0
    """Rows of history.csv, with a loss that falls; 0 where a pipeline has none."""
    input: Mapping[str, Any]
    """Of the signature serving_default: name to dtype and shape."""
    outputs: set[str]
    """Of the signature serving_default."""
    signatures: set[str]
    """All of them."""
    titles: Sequence[str]
    """The report's headings."""
    tolerance: Mapping[str, float] = field(default_factory=dict)
    """Of each form for phones, the largest difference from Python; empty where there are none."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Inputs and what Python answers to them."""

    inputs: Sequence[Any]
    """Texts, words, or the bytes of pictures."""
    expected: Sequence[Mapping[str, Any]]
    """Of each input: output to value."""
    first: str
    """The first input as `python -m serving.predict` takes it."""
    difference: Callable[[Path], float] | None = None
    """How far the answers of a .tflite file are from Python's, at most."""


Question = Callable[[str, int], None]
"""What else to ask the server, by the model's URL and the gRPC port."""


def keeps_its_promises(run: Promised, asked: Asked, *further: Question) -> None:
    """Assert every promise that all pipelines make."""
    _folder_is_whole(run)
    _bundle_describes_itself(run)
    _report_is_one_page(run)
    _server_answers_as_python(run, asked, further)
    _command_line_answers_as_python(run, asked)
    _phone_answers_as_python(run, asked)


def _folder_is_whole(run: Promised) -> None:
    assert {path.name for path in run.folder.iterdir()} == EVERY | run.beside
    assert dict(run.scores) == json.loads((run.folder / "scores.json").read_text())
    if run.epochs:
        with (run.folder / "history.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [row["epoch"] for row in rows] == [str(number) for number in range(1, run.epochs + 1)]
        assert float(rows[-1]["loss"]) < float(rows[0]["loss"])


def _bundle_describes_itself(run: Promised) -> None:
    model = json.loads((run.folder / "export" / "1" / "assets.extra" / "model.json").read_text(encoding="utf-8"))
    assert model["task"] == run.task
    assert model["scores"] == run.scores
    assert set(model["signatures"]) == run.signatures
    assert model["signatures"]["serving_default"]["inputs"] == run.input
    assert set(model["signatures"]["serving_default"]["outputs"]) == run.outputs


def _report_is_one_page(run: Promised) -> None:
    text = (run.folder / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"<h2>(.*?)</h2>", text) == list(run.titles)
    assert "http://" not in text.replace("http://www.w3.org", "")


def _server_answers_as_python(run: Promised, asked: Asked, further: Sequence[Question]) -> None:
    [name] = run.input
    written = [b64(value) if isinstance(value, bytes) else value for value in asked.inputs]
    port = free_port()
    with served(run.folder / "export", name=run.task, grpc_port=port) as url:
        state = get(url)["model_version_status"][0]
        rows = post(f"{url}:predict", {"instances": [{name: value} for value in written]})["predictions"]
        columns = predict_grpc(port, run.task, {name: asked.inputs})
        signatures = get(f"{url}/metadata")["metadata"]["signature_def"]["signature_def"]
        for question in further:
            question(url, port)
    assert (state["version"], state["state"]) == ("1", "AVAILABLE")
    assert set(signatures) >= run.signatures
    for place, (row, expected) in enumerate(zip(rows, asked.expected, strict=True)):
        assert set(row) == set(columns) == run.outputs
        check(row, expected)
        check({output: _decoded(column[place].tolist()) for output, column in columns.items()}, expected)


def _command_line_answers_as_python(run: Promised, asked: Asked) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert predict.main([str(run.folder), asked.first, "--json"]) == 0
    [answer] = map(json.loads, printed.getvalue().splitlines())
    named = {name: value for name, value in asked.expected[0].items() if name in answer}
    assert named
    check(answer, named)


def _phone_answers_as_python(run: Promised, asked: Asked) -> None:
    if asked.difference is None:
        assert not list((run.folder / "mobile").glob("*.tflite"))
        return
    parity = json.loads((run.folder / "mobile" / "parity.json").read_text())
    assert set(parity["forms"]) == set(litert.FORMS) == set(run.tolerance)
    for form, file in litert.FORMS.items():
        assert asked.difference(run.folder / "mobile" / file) <= run.tolerance[form], form
        assert parity["forms"][form]["file"] == file


def check(answer: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Assert that an answer has these values: numbers nearly, words as they are."""
    for name, value in expected.items():
        if name in RANKED and RANKED[name] in expected:
            numbers = np.asarray(expected[RANKED[name]])
            unlike = [place for place, word in enumerate(value) if word != answer[name][place]]
            assert all(np.isclose(numbers, numbers[place], rtol=1e-4).sum() > 1 for place in unlike), name
        elif np.asarray(value).dtype.kind == "f":
            assert answer[name] == pytest.approx(value, rel=1e-4, abs=1e-5), name
        else:
            assert answer[name] == value, name


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(inner) for inner in value]
    return value.decode() if isinstance(value, bytes) else value
