"""Claims: the default recipe reaches 0.935 on Fashion-MNIST's test images within 15 minutes of a CPU, a long one 0.945 within 60."""

from benchmarks import pipeline_runs, record
from benchmarks.record import Claim

LONG = [
    *("--training.epochs", "30", "--training.label-smoothing", "0.1"),
    *("--training.batch-size", "128", "--training.learning-rate", "4e-3", "--training.weight-decay", "0.05"),
    *("--augment.flip", "--augment.shift", "0.08", "--augment.erase", "0.25"),
]
"""What the long recipe adds to the default."""


def main() -> None:
    """Run both recipes that are not measured yet and write the result."""
    data = ["--data", str(pipeline_runs.data("fashion_mnist"))]
    short = pipeline_runs.measured("fashion_mnist-default", data)
    long = pipeline_runs.measured("fashion_mnist-long", [*data, *LONG])
    record.write(
        "fashion_mnist",
        command="make bench fashion_mnist",
        data="fashion_mnist (below PIPELINES_DATA): the 10,000 test images, seed 0, exports included",
        claims=[
            Claim(what="default recipe", measured=short["scores"]["accuracy"], target=0.935, at_least=True),
            Claim(what="its time", measured=pipeline_runs.minutes(short), target=15, at_least=False, unit="min"),
            Claim(what="long recipe", measured=long["scores"]["accuracy"], target=0.945, at_least=True),
            Claim(what="its time", measured=pipeline_runs.minutes(long), target=60, at_least=False, unit="min"),
            *pipeline_runs.phone_claims(short, of="default recipe"),
            *pipeline_runs.phone_claims(long, of="long recipe"),
        ],
        details={"default": short, "long": long},
    )
    pipeline_runs.forget(["fashion_mnist-default", "fashion_mnist-long"])
