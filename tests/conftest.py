"""What the tests of all rooms share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; a test that asks for it is skipped where there is none."""
    folder = os.environ.get("PIPELINES_DATA")
    if not folder:
        pytest.skip("PIPELINES_DATA is not set")
    return Path(folder)
