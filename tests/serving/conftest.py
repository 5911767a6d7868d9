"""Small SavedModels and run folders, each with one known rule for its answer, made once; and certificates."""

import subprocess
from pathlib import Path

import pytest

from tests import shared


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


@pytest.fixture(scope="session")
def colour_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with export/1 and mobile/ of the classifier that names colours; see `colours.write_run`."""
    from tests.serving import colours

    return shared.folder(tmp_path_factory, "colour_run", colours.write_run)


@pytest.fixture(scope="session")
def word_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with export/1 and mobile/ of 30 word vectors; see `text_models.write_run`."""
    from tests.serving import text_models

    return shared.folder(tmp_path_factory, "word_run", text_models.write_run)


@pytest.fixture(scope="session")
def explaining(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder whose bundle has the signature `explain` and stretches, and does not say so, as earlier versions."""
    from tests.serving import explainers

    return shared.folder(tmp_path_factory, "explaining", explainers.write)


@pytest.fixture(scope="session")
def cropping(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same network, but its bundle cuts pictures to the shape of 12 to 16 pixels."""
    from tests.serving import explainers

    return shared.folder(tmp_path_factory, "cropping", explainers.write_cropping)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem and, signed by it, server.pem and client.pem, each with its .key."""
    folder = tmp_path_factory.mktemp("certificates")
    new = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    for name in ("ca", "server", "client"):
        subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        signed = [] if name == "ca" else ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=CA:FALSE"]
        files = ["-out", f"{name}.pem", "-keyout", f"{name}.key"]
        subprocess.run([*new, *subject, *signed, *files], cwd=folder, check=True, capture_output=True)
    return folder
