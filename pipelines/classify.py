"""Teach a network to name what an image shows, from labelled images.

    python -m pipelines.classify --data photos --out runs/photos

`photos/` holds one sub-folder of images for each class (or train/, val/, test/ with such folders); an .npz file, a folder with
MNIST's idx files or the built-in `digits` will do as well. `runs/photos/` receives export/1 (for serving), mobile/ (for phones),
scores.json and report.html.
"""

import difflib
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import command, options
from pipelines.options import TrainingOptions
from vision.augmentation import Augmentation

if TYPE_CHECKING:
    from vision.datasets import Examples, LabelledImages

MODELS = ("resnet", "lenet")
"""Names that `--model` takes."""
METRICS = ("accuracy",)
"""Columns of history.csv beside the loss."""
LISTED = 10
"""Files left out that the console names; report.html names all."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything one run is told; each field is a flag."""

    data: str = "digits"
    """Folder of class folders, folder of idx files, .npz file, or the built-in `digits`."""
    out: Path | None = None
    """New folder for the run; the first free runs/classify-<n> when absent."""
    model: str = "resnet"
    """Network: resnet (small, pre-activation) or lenet."""
    weights: Path | None = None
    """Weights to start from, a .weights.h5 file of the same network, such as checkpoints/best.weights.h5 of an earlier run."""
    size: int | None = None
    """Side of the square image in pixels, 8 to 1024; arrays keep their size and files become 96 when absent."""
    flip: bool = False
    """Mirror half of the training images: right for photographs, wrong for digits and text."""
    shift: float = 0.125
    """Training images are moved by up to this share of their side, 0 to 0.5."""
    seed: int = 0
    """Fixes the split, the order, the augmentation and the new weights, 0 to 4294967295."""
    export: bool = True
    """Write export/ and mobile/."""
    resume: bool = False
    """Continue an unfinished run where it was stopped."""
    check: bool = False
    """Report on the data (counts, sizes, unreadable files) without training."""
    training: TrainingOptions = field(default_factory=TrainingOptions)
    """How the weights are found."""

    def __post_init__(self) -> None:
        """Check the ranges; the messages name the flags."""
        if self.model not in MODELS:
            nearest = difflib.get_close_matches(self.model, MODELS, n=2, cutoff=0.4)
            hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
            raise ValueError(f"--model {self.model}: unknown model{hint}; known: {', '.join(MODELS)}")
        if self.size is not None and not 8 <= self.size <= 1024:
            raise ValueError(f"--size is {self.size}; expected 8 to 1024 pixels")
        if not 0 <= self.shift <= 0.5:
            raise ValueError(f"--shift is {self.shift}; expected 0 to 0.5 of the side")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"--seed is {self.seed}; expected 0 to {2**32 - 1}")
        options.check_monitor(self.training.monitor, METRICS)


def run(config: Config) -> dict[str, float]:
    """Train, score once on held-out images, export, report, and return the scores (accuracies 0 to 1)."""
    # Imported here so that a mistyped flag is answered before TensorFlow loads.
    from pipelines import classify_report, runs
    from vision import classifiers, datasets, metrics

    folder = runs.choose("classify-check" if config.check else "classify", config)
    clock = runs.Clock()
    images = datasets.read_labelled(config.data, size=config.size, seed=config.seed, most=options.example_limit())
    if config.check:
        return classify_report.check(folder, images)
    _tell_left_out(images)
    clock.lap("reading the data")

    model = _network(config, images)
    runs.start(folder, config, fingerprint=images.fingerprint())
    rows = _fit(model, images, config, folder)
    clock.lap("training")

    probabilities = classifiers.probabilities(model, _batches(images.test, images, config))
    scores = metrics.classification(probabilities, images.test.labels)
    clock.lap("scoring")

    parity = (
        _export(model, images, config, folder, scores=scores, probabilities=probabilities) if config.export else None
    )
    clock.lap("export")

    evidence = classify_report.Evidence(
        model=model,
        images=images,
        rows=rows,
        monitor=config.training.monitor,
        scores=scores,
        probabilities=probabilities,
        parity=parity,
        seconds=clock.seconds,
    )
    augmentation = Augmentation(flip=config.flip, shift=config.shift)
    classify_report.write(folder, evidence, augmentation=augmentation, seed=config.seed)
    return runs.finish(folder, scores, hint=_hint(folder, exported=config.export))


def _tell_left_out(images: "LabelledImages") -> None:
    left_out = images.skipped
    if not left_out:
        return
    total = sum(len(part) for part in (images.train, images.validation, images.test)) + len(left_out)
    print(f"left out {len(left_out)} of {total} files:")
    for item in left_out[:LISTED]:
        print(f"  {item.name}: {item.reason}")
    if len(left_out) > LISTED:
        print(f"  and {len(left_out) - LISTED} more, all listed in report.html")


def _network(config: Config, images: "LabelledImages") -> Any:
    from pipelines import checkpoints
    from vision import classifiers

    model = classifiers.build(config.model, images.shape, classes=len(images.classes), seed=config.seed)
    if config.weights is not None:
        checkpoints.load_weights(config.weights, model)
    return model


def _fit(model: Any, images: "LabelledImages", config: Config, folder: Path) -> list[dict[str, float]]:
    import keras

    from pipelines import training
    from vision.datasets import batches

    how = config.training

    def epochs(span: range) -> Any:
        return batches.training(
            images.train,
            span,
            classes=len(images.classes),
            batch_size=how.batch_size,
            seed=config.seed,
            augmentation=Augmentation(flip=config.flip, shift=config.shift),
        )

    return training.fit(
        model,
        epochs,
        _batches(images.validation, images, config),
        how,
        steps=batches.steps(images.train, batch_size=how.batch_size),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=how.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name=name) for name in METRICS],
        folder=folder,
    )


def _batches(examples: "Examples", images: "LabelledImages", config: Config) -> Any:
    from vision.datasets import batches

    return batches.scoring(examples, classes=len(images.classes), batch_size=max(config.training.batch_size, 64))


def _export(
    model: Any, images: "LabelledImages", config: Config, folder: Path, *, scores: dict[str, float], probabilities: Any
) -> dict[str, Any]:
    """Write export/, mobile/ and samples/; returns the phone files' comparison with Keras."""
    from pipelines import runs
    from serving import bundle, litert
    from vision import signatures
    from vision.datasets import labelled

    height, width, channels = images.shape
    description = {
        "task": "classify",
        "labels": list(images.classes),
        "input": {"height": height, "width": width, "channels": channels, "range": [0, 255]},
        "scores": scores,
        "made": {"by": "pipelines.classify", "model": config.model, "data": config.data, "seed": config.seed},
    }
    requests = signatures.classifier_requests(model, images.test, classes=images.classes)
    exported, _ = bundle.write(
        folder / "export",
        model,
        signatures.classifier(model, classes=images.classes),
        description=description,
        proofs=[bundle.Proof(signature=name, inputs=given, outputs=expected) for name, given, expected in requests],
    )
    runs.remove(folder / "samples")
    labelled.write_samples(images.test, folder / "samples", classes=images.classes)
    held_out = litert.HeldOut(images=images.test, truth=images.test.labels, probabilities=probabilities)
    return litert.convert(exported, folder / "mobile", calibration=images.train, held_out=held_out)


def _hint(folder: Path, *, exported: bool) -> str:
    if not exported:
        return "exported nothing, as asked"
    name, base, run, samples = (
        shlex.quote(str(word)) for word in (folder.name, folder / "export", folder, folder / "samples")
    )
    serve = f"python -m serving --model_name={name} --model_base_path={base} --rest_api_port=8501"
    return f"serve it: {serve}\ntry it:   python -m serving.predict {run} {samples}/*"


if __name__ == "__main__":
    command.main("classify", Config, run, __doc__)
