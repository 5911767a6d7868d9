"""`--find-learning-rate`: rising learning rates, and the one that is suggested."""

from pathlib import Path

from pipelines.classify import training
from pipelines.classify.config import Config
from pipelines.training import rate_finder
from vision.datasets import LabelledImages


def find_rate(config: Config, folder: Path, images: LabelledImages) -> dict[str, float]:
    """--find-learning-rate: the range test on the network and the batches of this run."""
    model = training.network(config, images)
    stream = training.training_batches(config, images, range(1))
    folder.mkdir(parents=True, exist_ok=True)
    return rate_finder.find(
        model,
        stream,
        training.training_options(config, images, model),
        loss=training.training_loss(config),
        folder=folder,
    )
