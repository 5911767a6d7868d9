"""Runs of an n-gram model and of word vectors for the tests of predict, and how they are asked."""

import json
from pathlib import Path
from typing import Any

import pytest

from serving import predict
from tests.serving import text_models

Captured = pytest.CaptureFixture[str]
WORDS, TABLE = text_models.vectors(30, 12)
WORDS[5], WORDS[6] = "grün", "new_york"


def write(folder: Path) -> None:
    """Write the run folders ngram and word2vec."""
    text_models.write_ngram(folder / "ngram" / "export" / "1")
    text_models.write_word2vec(folder / "word2vec" / "export" / "1", WORDS, TABLE, count=3)


def said(capsys: Captured, *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `serving.predict`."""
    code = predict.main([str(each) for each in arguments])
    return code, *capsys.readouterr()


def records(answer: tuple[int, str, str]) -> list[dict[str, Any]]:
    """The lines of --json, when nothing went wrong."""
    assert (answer[0], answer[2]) == (0, "")
    return [json.loads(line) for line in answer[1].splitlines()]
