"""`--find-learning-rate`: rising learning rates, and the one that is suggested."""

import math
from pathlib import Path

from pipelines.classify import training
from pipelines.classify.config import Config
from pipelines.record import files
from pipelines.report import rate_picture
from pipelines.training import rate_finder
from pipelines.training.rate_finder import RULE, RateTest
from vision.datasets import LabelledImages


def find_rate(config: Config, folder: Path, images: LabelledImages) -> dict[str, float]:
    """Run the range test on the network and the batches of this run, write learning_rate.json, .csv and .png, and say what it suggests."""
    model = training.network(config, images)
    stream = training.training_batches(config, images, range(1))
    options = training.training_options(config, images, model)
    test = rate_finder.find(model, stream, options, loss=training.training_loss(config))
    found = {"suggested": test.suggested, "minimum": test.minimum, "steepest": test.steepest}
    folder.mkdir(parents=True, exist_ok=True)
    files.write_json(folder / "learning_rate.json", {**found, "rule": RULE})
    files.write_csv(folder / "learning_rate.csv", _rows(test))
    picture = rate_picture.picture(test.rates, test.losses, test.smoothed, found)
    files.write_bytes(folder / "learning_rate.png", picture)
    print(
        f"suggested: --training.learning-rate {test.suggested:g} ({RULE}; see {folder / 'learning_rate.png'})",
        flush=True,
    )
    return found


def _rows(test: RateTest) -> list[dict[str, float]]:
    smoothed = [*test.smoothed, *[math.nan] * (len(test.losses) - len(test.smoothed))]
    return [
        {"learning_rate": float(rate), "loss": value, "smoothed": mean}
        for rate, value, mean in zip(test.rates, test.losses, smoothed, strict=True)
    ]
