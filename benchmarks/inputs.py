"""Claim: the input never holds training up: steps/s of the real run against the same model fed one constant batch from memory.

The limit is the constant batch: nothing is read, drawn, moved or copied for it. Both are timed in turns within one process, the
same compiled model and no callback but the clock, and the ratio of the medians is reported.
"""

import os
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks import record

ROUNDS = 7
"""Timed turns of each kind, after one that only warms up."""
SECONDS = 4.0
"""Aimed length of one turn."""
TARGET = 0.95


def main() -> None:
    """Measure class folders (ants_bees) and arrays (Fashion-MNIST, digits) and write the result."""
    data = os.environ.get("PIPELINES_DATA")
    if not data:
        raise SystemExit(
            "PIPELINES_DATA is not set; `make bench input` measures on ants_bees and fashion_mnist below it"
        )
    cases = {
        "image folder (ants_bees, 96 px)": str(Path(data) / "ants_bees"),
        "arrays (fashion_mnist, 28 px)": str(Path(data) / "fashion_mnist"),
        "arrays (digits, 8 px)": "digits",
    }
    measured = {name: _measure(source) for name, source in cases.items()}
    record.write(
        "input",
        command="make bench input",
        data="ants_bees, fashion_mnist (below PIPELINES_DATA) and the built-in digits; resnet, batch 64, flip and shift, no op determinism",
        claims=[
            record.Claim(what=f"real / constant steps/s, {name}", measured=found["ratio"], target=TARGET, at_least=True)
            for name, found in measured.items()
        ],
        details=measured,
    )


def _measure(data: str) -> dict[str, Any]:
    """Steps/s of both streams, in turns."""
    import keras
    import tensorflow as tf

    from pipelines.training import optimizers, options, schedules
    from pipelines.training.options import TrainingOptions
    from vision import classifiers
    from vision.augment.options import Augmentation
    from vision.datasets import batches, reading

    images = reading.read_labelled(data, size=None, seed=0)
    how = TrainingOptions()
    model = classifiers.build("resnet", images.shape, classes=len(images.classes), seed=0)
    steps = batches.steps(images.train, batch_size=how.batch_size)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    metrics = [keras.metrics.CategoricalAccuracy(name="accuracy")]
    rate = schedules.learning_rate(how, steps=steps, epochs=options.MOST_EPOCHS)
    model.compile(optimizers.build(how, rate=rate), loss=loss, metrics=metrics, jit_compile=False)

    real = batches.training(
        images.train,
        range(100_000),
        classes=len(images.classes),
        batch_size=how.batch_size,
        seed=0,
        augmentation=Augmentation(flip=True),
    )
    # Whole batches only: the last one of an epoch is smaller, and would make the real run look faster.
    real = real.filter(lambda pixels, _: tf.equal(tf.shape(pixels)[0], how.batch_size))
    constant = tf.data.Dataset.from_tensors(next(iter(real))).repeat()

    turn = _turn_length(model, constant)
    rates: dict[str, list[float]] = {"real": [], "constant": []}
    for stream, name in ((real, "real"), (constant, "constant")):
        _steps_per_second(model, stream, turn)
        rates[name] = []
    for _ in range(ROUNDS):
        for name, stream in (("constant", constant), ("real", real)):
            rates[name].append(_steps_per_second(model, stream, turn))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "ratio": medians["real"] / medians["constant"],
        "steps_per_second": medians,
        "steps_a_turn": turn,
        "turns": rates,
    }


def _turn_length(model: Any, stream: Any) -> int:
    _steps_per_second(model, stream, 5)
    return max(10, round(SECONDS * _steps_per_second(model, stream, 10)))


def _steps_per_second(model: Any, stream: Any, steps: int) -> float:
    """Rate over the batches of one fit, its start (iterator, first batch) left out."""
    import keras

    times: list[float] = []
    watch = keras.callbacks.LambdaCallback(on_train_batch_end=lambda *_, **__: times.append(time.perf_counter()))
    model.fit(stream, steps_per_epoch=steps, epochs=1, callbacks=[watch], shuffle=False, verbose=0)
    return (len(times) - 1) / (times[-1] - times[0])
