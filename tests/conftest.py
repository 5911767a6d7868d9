"""What the tests of all packages share."""

import os
from pathlib import Path

import pytest

LONG = (
    "tests/test_readme.py",
    "tests/e2e/",
    "tests/pipelines/test_resume.py",
    "tests/test_docker.py",
    "tests/serving/test_serving_docs.py",
)
"""Files that take half a minute and more: begun first, so that no process is alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; the order of everything else stays."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((place for place, start in enumerate(LONG) if item.nodeid.startswith(start)), len(LONG))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; a test that asks for it is skipped where there is none."""
    folder = os.environ.get("PIPELINES_DATA")
    if not folder:
        pytest.skip("PIPELINES_DATA is not set")
    return Path(folder)
