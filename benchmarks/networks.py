"""Claims: on Fashion-MNIST the classic networks come in the order of their history.

Every network trains for the same few epochs by one recipe, through `python -m pipelines.classify`; nearest neighbours
and the linear machines are the baselines. An interrupted benchmark continues with the network it was stopped in.
"""

from typing import Any

from benchmarks import pipeline_runs, record
from benchmarks.record import Claim

NAME = "networks"
EPOCHS = 3
FASTER = ["--training.batch-size", "256", "--training.learning-rate", "4e-3"]
"""Larger steps at a higher rate than the default: eleven networks in a quarter of an hour."""
SIDE, CLASSES = 28, 10
"""Of Fashion-MNIST."""
CASES = {
    "linear, softmax": ["--model", "linear"],
    "linear, hinge": ["--model", "linear", "--loss", "hinge"],
    "knn": ["--model", "knn"],
    "mlp": ["--model", "mlp"],
    "lenet": ["--model", "lenet"],
    "alexnet": ["--model", "alexnet"],
    "vgg": ["--model", "vgg"],
    "nin": ["--model", "nin"],
    "inception": ["--model", "inception"],
    "resnet": ["--model", "resnet"],
    "airbench": ["--model", "airbench"],
}
"""What tells each run from the others."""
ORDERINGS = (
    ("lenet", "mlp"),
    ("mlp", "linear, softmax"),
    ("alexnet", "lenet"),
    ("vgg", "alexnet"),
    ("resnet", "lenet"),
)
"""The first is to be at least as accurate as the second."""
COLUMNS = ["network", "accuracy", "parameters", "MFLOPs an image", "receptive field", "CPU minutes"]


def main() -> None:
    """Measure the networks that are not measured yet and write the result."""
    common = ["--data", str(pipeline_runs.data("fashion_mnist")), "--no-export"]
    trained = ["--training.epochs", str(EPOCHS), *FASTER]
    measured = {
        name: pipeline_runs.measured(_part(name), [*common, *flags, *([] if name == "knn" else trained)])
        for name, flags in CASES.items()
    }
    accuracies = {name: float(run["scores"]["accuracy"]) for name, run in measured.items()}
    record.write(
        NAME,
        command=f"make bench {NAME}",
        data=f"fashion_mnist (below PIPELINES_DATA): the 10,000 test images, seed 0, {EPOCHS} epochs, {' '.join(FASTER)}",
        claims=[_ordering(accuracies, better, other) for better, other in ORDERINGS],
        details={
            "table": {"columns": COLUMNS, "rows": [_row(name, run) for name, run in measured.items()]},
            "runs": measured,
        },
    )
    pipeline_runs.forget([_part(name) for name in CASES])


def _part(name: str) -> str:
    return f"{NAME}-{name.replace(', ', '-')}"


def _ordering(accuracies: dict[str, float], better: str, other: str) -> Claim:
    gain = accuracies[better] - accuracies[other]
    return Claim(what=f"accuracy of {better} less that of {other}", measured=gain, target=0.0, at_least=True)


def _row(name: str, run: dict[str, Any]) -> list[Any]:
    return [name, float(run["scores"]["accuracy"]), *_anatomy(CASES[name][1]), round(run["cpu_seconds"] / 60, 1)]


def _anatomy(model: str) -> list[Any]:
    """Parameters, millions of operations and receptive field in pixels; what nearest neighbours have of it is the training images."""
    from vision import classifiers
    from vision.inspection import anatomy

    if model == "knn":
        return ["none", "none", "whole image"]
    found = anatomy.describe(classifiers.build(model, (SIDE, SIDE, 3), classes=CLASSES, seed=0))
    return [found.parameters, found.flops / 1e6, found.receptive_field or "whole image"]
