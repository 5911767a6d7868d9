"""Runs of an n-gram model and of word vectors."""

from pathlib import Path

import pytest

from tests import shared


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run folders ngram and word2vec; see `text_runs.write`."""
    from tests.serving.predict import text_runs

    return shared.folder(tmp_path_factory, "text_runs", text_runs.write)
