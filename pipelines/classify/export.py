"""The export of a classifier: export/ for serving, mobile/ for phones, samples/ to try them with."""

from pathlib import Path

import keras

from pipelines import exports
from pipelines.classify import data
from pipelines.classify.config import Config
from pipelines.classify.evaluation import Evaluated
from pipelines.exports import Export, Exported
from serving.litert import classifier as litert_classifier
from vision.datasets import LabelledImages, labelled
from vision.signatures import classifier


def write(config: Config, folder: Path, evaluated: Evaluated) -> Exported:
    """Write export/, mobile/ and samples/, unless --no-export was given or nothing can be exported (nearest neighbours)."""
    trained, images = evaluated.trained, evaluated.trained.data
    parity = None
    if config.export and trained.model is not None:
        bundle = exports.write(folder, _export(config, trained.model, images), evaluated.scores)
        held_out = litert_classifier.HeldOut(
            images=images.test, truth=images.test.labels, probabilities=trained.probabilities
        )
        parity = litert_classifier.convert(bundle, folder / "mobile", calibration=images.train, held_out=held_out)
    return Exported(parity=parity, hint=exports.hint(folder, "*"))


def _export(config: Config, model: keras.Model, images: LabelledImages) -> Export:
    height, width, channels = images.shape
    crop = data.crops(config)
    return Export(
        task="classify",
        tracked=model,
        signatures=classifier.signatures(model, classes=images.classes, crop=crop),
        proofs=classifier.requests(model, images.test, classes=images.classes),
        input={
            "height": height,
            "width": width,
            "channels": channels,
            "range": [0, 255],
            "resize": "crop" if crop else "stretch",
        },
        labels=images.classes,
        made={"by": "pipelines.classify", "model": config.model, "data": config.data, "seed": config.seed},
        samples=lambda folder: labelled.write_samples(images.test, folder, classes=images.classes),
    )
