"""What a classification run hands on: export/ for serving, mobile/ for phones, samples/ to try them with."""

import shlex
from pathlib import Path
from typing import Any

from pipelines.classify import data
from pipelines.classify.config import Config
from pipelines.classify.evaluation import Evaluated
from pipelines.record import files, runs
from serving import bundle
from serving.litert import classifier as litert_classifier
from vision.datasets import LabelledImages, labelled
from vision.signatures import classifier


def write(config: Config, folder: Path, evaluated: Evaluated) -> dict[str, Any] | None:
    """Write export/, mobile/ and samples/; returns the phone files' comparison with Keras, None where nothing is exported."""
    trained, images = evaluated.trained, evaluated.trained.data
    if not config.export or trained.model is None:
        return None
    requests = classifier.requests(trained.model, images.test, classes=images.classes)
    exported, _ = bundle.write(
        folder / "export",
        trained.model,
        classifier.signatures(trained.model, classes=images.classes, crop=data.crops(config)),
        description=_description(config, images, evaluated.scores),
        proofs=[bundle.Proof(signature=name, inputs=given, outputs=expected) for name, given, expected in requests],
    )
    files.remove(folder / "samples")
    labelled.write_samples(images.test, folder / "samples", classes=images.classes)
    held_out = litert_classifier.HeldOut(
        images=images.test, truth=images.test.labels, probabilities=trained.probabilities
    )
    return litert_classifier.convert(exported, folder / "mobile", calibration=images.train, held_out=held_out)


def hint(folder: Path) -> str:
    """What to do next, as commands."""
    return runs.hint(folder, f"{shlex.quote(str(folder / 'samples'))}/*")


def _description(config: Config, images: LabelledImages, scores: dict[str, float]) -> dict[str, Any]:
    height, width, channels = images.shape
    resize = "crop" if data.crops(config) else "stretch"
    return {
        "task": "classify",
        "labels": list(images.classes),
        "input": {"height": height, "width": width, "channels": channels, "range": [0, 255], "resize": resize},
        "scores": scores,
        "made": {"by": "pipelines.classify", "model": config.model, "data": config.data, "seed": config.seed},
    }
