"""SGD, momentum, Adagrad, RMSprop and Adam on one curved valley and on one small network, each with its best rate: docs/optimizers.png.

Claim: on the network, each of the four ends below plain SGD's training loss after the same number of steps.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import record
from pipelines.training.options import TrainingOptions

METHODS: dict[str, dict[str, Any]] = {
    "SGD": {"optimizer": "sgd", "momentum": 0.0, "nesterov": False},
    "momentum": {"optimizer": "sgd", "momentum": 0.9, "nesterov": False},
    "Adagrad": {"optimizer": "adagrad"},
    "RMSprop": {"optimizer": "rmsprop"},
    "Adam": {"optimizer": "adam"},
}
"""As they were published: no weight decay, a constant rate."""
COLOURS = dict(zip(METHODS, ("#8a8f98", "#4c72b0", "#dd8452", "#55a868", "#c44e52"), strict=True))
START, MINIMUM, STEPS = (0.5, 0.8), (3.0, 0.5), 200
"""Of the paths over Beale's function."""
VIEW = ((0.2, 3.8), (-0.7, 1.2))
VALLEY_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
NETWORK_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
EPOCHS, BATCH = 15, 64


def main() -> None:
    """Walk, train, draw and write the result."""
    valley = {name: _best(VALLEY_RATES, lambda rate, name=name: _walk(name, rate)) for name in METHODS}
    network = {name: _best(NETWORK_RATES, lambda rate, name=name: _train(name, rate)) for name in METHODS}
    _draw(valley, network)
    plain = _end(network["SGD"])
    record.write(
        "optimizers",
        command="make bench optimizers",
        data=f"Beale's function, {STEPS} steps from {START}; built-in digits, 1,797 images, an MLP 64-32-10, {EPOCHS} epochs, "
        "batch 64, seed 0",
        claims=[
            record.Claim(
                what=f"{name}: training loss of the last three epochs / plain SGD's",
                measured=_end(network[name]) / plain,
                target=1.0,
                at_least=False,
            )
            for name in METHODS
            if name != "SGD"
        ],
        details={
            name: {
                "valley": {"rate": valley[name][0], "value": _end(valley[name])},
                "network": {"rate": network[name][0], "loss": _end(network[name]), "losses": network[name][2]},
            }
            for name in METHODS
        },
    )


Run = tuple[float, Any, list[float]]
"""Rate, path (n, 2) or None, and the value after each step or epoch."""


def _best(rates: tuple[float, ...], run: Any) -> Run:
    """The run of the rate that ends lowest."""
    return min(((rate, *run(rate)) for rate in rates), key=_end)


def _end(run: Run) -> float:
    """The mean of the last three values, since single ones jump; infinite where the run diverged."""
    mean = float(np.mean(run[2][-3:]))
    return mean if np.isfinite(mean) else float("inf")


def _beale(x: Any, y: Any) -> Any:
    """Beale (1958): flat far away, a narrow bent valley, minimum 0 at (3, 0.5)."""
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _options(name: str) -> TrainingOptions:
    return TrainingOptions(**{"weight_decay": 0.0, **METHODS[name]})


def _walk(name: str, rate: float) -> tuple[NDArray[np.float64], list[float]]:
    import keras
    import tensorflow as tf

    from pipelines.training import optimizers

    point = [keras.Variable(value, dtype="float32") for value in START]
    optimizer = optimizers.build(_options(name), rate=rate)
    optimizer.build(point)

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            value = _beale(point[0].value, point[1].value)
        optimizer.apply(tape.gradient(value, [variable.value for variable in point]), point)

    path = [START]
    for _ in range(STEPS):
        step()
        path.append((float(point[0]), float(point[1])))
    return np.array(path), [float(_beale(*position)) for position in path]


def _train(name: str, rate: float) -> tuple[None, list[float]]:
    """The loss on all training images after each epoch, and before the first."""
    import keras
    import tensorflow as tf
    from sklearn.datasets import load_digits

    from pipelines.training import optimizers

    digits = load_digits()
    x, y = (digits.data / 16).astype(np.float32), digits.target
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(64, "relu"), keras.layers.Dense(32, "relu"), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((64,)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizers.build(_options(name), rate=rate), loss=loss, jit_compile=False)
    batches = (
        tf.data.Dataset.from_tensor_slices((x, y)).cache().shuffle(len(x), seed=0).batch(BATCH, drop_remainder=True)
    )

    def measured() -> float:
        return float(loss(y, model(x)))

    losses = [measured()]
    after = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: losses.append(measured()))
    model.fit(batches, epochs=EPOCHS, callbacks=[after], shuffle=False, verbose=0)
    return None, losses


def _draw(valley: dict[str, Run], network: dict[str, Run]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.4), layout="constrained", dpi=130)
    paths, curves = figure.subplots(1, 2, width_ratios=(1.25, 1))
    x, y = np.meshgrid(np.linspace(*VIEW[0], 300), np.linspace(*VIEW[1], 300))
    paths.contour(x, y, np.log10(_beale(x, y) + 1e-4), levels=16, cmap="Greys", linewidths=0.7, alpha=0.7)
    for name, (rate, path, _) in valley.items():
        label = f"{name} (rate {rate:g}): {_end(valley[name]):.1g}"
        paths.plot(*path.T, color=COLOURS[name], linewidth=1.6, label=label)
    paths.plot(*MINIMUM, marker="*", color="black", markersize=11, linestyle="", label="minimum: 0")
    paths.set(title=f"Beale's function, {STEPS} steps", xlabel="x", ylabel="y", xlim=VIEW[0], ylim=VIEW[1])
    for name, (rate, _, losses) in network.items():
        curves.plot(losses, color=COLOURS[name], marker="o", markersize=3, label=f"{name} (rate {rate:g})")
    curves.set(title="Training loss, digits, MLP", xlabel="epoch", yscale="log")
    for axes in _plain(paths, curves):
        axes.legend(fontsize=8, edgecolor="none", framealpha=0.9, loc="lower right" if axes is paths else "lower left")
    figure.savefig(record.ROOT / "docs" / "optimizers.png", metadata={"Software": None})


def _plain(*all_axes: Any) -> Iterator[Any]:
    for axes in all_axes:
        axes.spines[["top", "right"]].set_visible(False)
        yield axes
