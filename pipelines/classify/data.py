"""The images of a classification run: read as its flags say, with a list of what was left out."""

from pipelines import flags
from pipelines.classify.config import Config
from pipelines.report import parts
from vision import classifiers
from vision.checks import findings
from vision.datasets import LabelledImages, reading

LISTED = 10
"""Files left out that the console names; report.html names all."""


def read(config: Config) -> LabelledImages:
    """Read and split --data. Files become --size, or the size the network was designed for, or 96. Raises DataError."""
    return reading.read_labelled(
        config.data,
        size=config.size,
        crop=crops(config),
        file_size=classifiers.default_size(config.model),
        seed=config.seed,
        most=flags.example_limit(),
    )


def crops(config: Config) -> bool:
    """Whether pictures are cut to their central square, in training and in serving, and not stretched."""
    return config.resize == "crop" or (config.resize is None and classifiers.default_size(config.model) is not None)


def print_left_out(images: LabelledImages) -> None:
    """Print the first files that were left out, how many there are, and whether held-out images were also given for training."""
    leak = findings.leak(images)
    if leak:
        print(f"warning: {leak}")
    left_out = images.skipped
    if not left_out:
        return
    total = sum(len(part) for part in (images.train, images.validation, images.test)) + len(left_out)
    print(f"left out {len(left_out)} of {total} files:")
    for line in parts.listed([f"{item.name}: {item.reason}" for item in left_out], LISTED, where="report.html"):
        print(f"  {line}")
