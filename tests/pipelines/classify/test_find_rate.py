"""pipelines.classify.find_rate: `--find-learning-rate`: rising learning rates, and the one that is suggested."""

from pathlib import Path

import pytest

from pipelines.classify import find_rate
from pipelines.classify.config import Config
from vision import datasets
from vision.datasets import reading


@pytest.fixture(scope="module")
def digits() -> datasets.LabelledImages:
    return reading.read_labelled("digits", size=None, seed=0, most=300)


def test_the_range_test_writes_into_a_new_folder(digits: datasets.LabelledImages, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "rate"
    found = find_rate.find_rate(Config(model="lenet"), folder, digits)
    assert 1e-7 < found["suggested"] < 10
    assert sorted(path.name for path in folder.iterdir()) == [
        "learning_rate.csv",
        "learning_rate.json",
        "learning_rate.png",
    ]
