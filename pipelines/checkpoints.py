"""The state that `--resume` continues from: every variable of model and optimiser, and the counters, in one atomic file.

Keras' own checkpoints leave out the SeedGenerator of Dropout and the counters of early stopping, and restore no optimiser state
into an optimiser that is not built yet; here all of it is written, and a file of another network is refused.
"""

import io
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np

from pipelines import runs
from pipelines.runs import RunError

Row = dict[str, float]
"""One line of history.csv."""


@dataclass
class Progress:
    """How far a run has come."""

    rows: list[Row] = field(default_factory=list)
    """One a finished epoch."""
    best: float | None = None
    """Best value of the monitored column so far."""
    best_epoch: int = 0
    """The last epoch with that value, counted from 1; 0 before the first."""
    improved_epoch: int = 0
    """The first epoch with that value."""

    @property
    def epochs(self) -> int:
        """Finished epochs."""
        return len(self.rows)

    def waited(self) -> int:
        """Epochs since the last improvement."""
        return self.epochs - self.improved_epoch


def save(path: Path, model: keras.Model, progress: Progress) -> None:
    """Write weights, batch-norm statistics, seed states, optimiser slots, averages and counters."""
    buffer = io.BytesIO()
    arrays = {f"{i:05d}": np.asarray(variable) for i, variable in enumerate(_variables(model))}
    np.savez(buffer, allow_pickle=False, progress=np.array(json.dumps(asdict(progress))), **arrays)
    runs.write_bytes(path, buffer.getvalue())


def load(path: Path, model: keras.Model) -> Progress:
    """Restore a state into a compiled model of the same network and return its counters. Raises RunError."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise RunError(f"{path} is not a readable checkpoint ({error}); start again with another --out") from error
    progress = Progress(**json.loads(str(arrays.pop("progress"))))
    variables = _variables(model)
    found, expected = [a.shape for a in arrays.values()], [tuple(v.shape) for v in variables]
    if found != expected:
        raise RunError(
            f"{path} was written by another network: {_difference(found, expected)}; use the same --model and data"
        )
    for variable, name in zip(variables, sorted(arrays), strict=True):
        variable.assign(arrays[name])
    return progress


def save_weights(path: Path, model: keras.Model) -> None:
    """Write the weights alone as Keras' `.weights.h5`, atomically."""
    temporary = path.with_name(f".{path.name.removesuffix('.weights.h5')}.tmp.weights.h5")
    try:
        model.save_weights(temporary, overwrite=True)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load_weights(path: Path, model: keras.Model) -> None:
    """Load a `.weights.h5` file of the same network. Raises RunError with what was found and expected."""
    if not path.is_file():
        raise RunError(f"--weights {path}: no such file; expected a Keras .weights.h5 file")
    try:
        model.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise RunError(
            f"--weights {path} does not fit the network {model.name!r} with input {model.input_shape} and output {model.output_shape}: "
            f"{reason}; expected weights of the same --model, --size and number of classes"
        ) from error


def _variables(model: keras.Model) -> list[Any]:
    """Everything that changes while training: `Model.variables` holds the seed states too, `weights` does not."""
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


def _difference(found: list[tuple[int, ...]], expected: list[tuple[int, ...]]) -> str:
    if len(found) != len(expected):
        return f"found {len(found)} variables, expected {len(expected)}"
    at = next(i for i, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b)
    return f"variable {at} has shape {found[at]}, expected {expected[at]}"
