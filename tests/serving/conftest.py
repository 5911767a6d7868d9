"""Small SavedModels written once a session, each with one known rule for its answer."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def half_plus_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Base path whose version 123 answers y = 0.5 x + 2 for x float32 of shape [-1, 1]; also strings and pairs."""
    from tests.serving import models

    base = tmp_path_factory.mktemp("half_plus_two")
    models.write_half_plus_two(base / "00000123")
    return base


@pytest.fixture(scope="session")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Base path whose version 1 gives back what each signature gets; see `models.write_echo`."""
    from tests.serving import models

    base = tmp_path_factory.mktemp("echo")
    models.write_echo(base / "1")
    return base


@pytest.fixture(scope="session")
def untracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Keras model written by `tf.saved_model.save`: it answers in eager mode only."""
    from tests.serving import models

    folder = tmp_path_factory.mktemp("untracked") / "1"
    models.write_untracked_keras(folder)
    return folder
