"""pipelines.classify.find_rate: `--find-learning-rate`: rising learning rates, and the one that is suggested."""

import csv
import json
from pathlib import Path

import pytest

from pipelines.classify import find_rate
from pipelines.classify.config import Config
from vision import datasets
from vision.datasets import reading


@pytest.fixture(scope="module")
def digits() -> datasets.LabelledImages:
    return reading.read_labelled("digits", size=None, seed=0, most=300)


def test_the_range_test_writes_into_a_new_folder(
    digits: datasets.LabelledImages, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "rate"
    found = find_rate.find_rate(Config(model="lenet"), folder, digits)
    assert 1e-7 < found["suggested"] < 10
    assert sorted(path.name for path in folder.iterdir()) == [
        "learning_rate.csv",
        "learning_rate.json",
        "learning_rate.png",
    ]
    rule = "a tenth of the rate with the lowest smoothed loss"
    assert json.loads((folder / "learning_rate.json").read_text()) == {**found, "rule": rule}
    assert found["suggested"] == float(f"{found['minimum'] / 10:.2g}")
    with (folder / "learning_rate.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0].keys() == {"learning_rate", "loss", "smoothed"}
    assert float(rows[0]["learning_rate"]) == pytest.approx(1e-7)
    assert float(rows[0]["smoothed"]) == pytest.approx(float(rows[0]["loss"]))  # corrected for its start
    assert (folder / "learning_rate.png").read_bytes().startswith(b"\x89PNG")
    assert f"suggested: --training.learning-rate {found['suggested']:g} (a tenth of" in capsys.readouterr().out
