"""The state that `--resume` continues from: every variable of model and optimiser, and the counters, in one atomic file.

Keras' own checkpoints leave out the SeedGenerator of Dropout and the counters of early stopping, and restore no optimiser state
into an optimiser that is not built yet; here all of it is written, and a file of another network is refused.
"""

import io
import json
import re
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np

from pipelines.record import files
from pipelines.record.history import Row
from pipelines.record.runs import RunError
from vision.pretrained import weight_files


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

    def waited(self, *, since: int = 0) -> int:
        """Epochs since the last improvement, or since the end of epoch `since` where that was later."""
        return self.epochs - max(self.improved_epoch, since)


def save(path: Path, model: keras.Model, progress: Progress) -> None:
    """Write weights, batch-norm statistics, seed states, optimiser slots, averages and counters."""
    buffer = io.BytesIO()
    arrays = {f"{i:05d}": np.asarray(variable) for i, variable in enumerate(_variables(model))}
    np.savez(buffer, allow_pickle=False, progress=np.array(json.dumps(asdict(progress))), **arrays)
    files.write_bytes(path, buffer.getvalue())


def load(path: Path, model: keras.Model, *, optimizer: bool = True) -> Progress:
    """Restore a state into a compiled model of the same network and return its counters. Raises RunError.

    optimizer: whether its variables are restored too; not where the state was written by another one, of an earlier phase.
    """
    progress, arrays = _read(path)
    variables = _variables(model) if optimizer else model.variables
    found, expected = [a.shape for a in arrays], [tuple(v.shape) for v in variables]
    if found[: None if optimizer else len(expected)] != expected:
        raise RunError(
            f"{path} was written by another network: {_difference(found, expected)}; use the same --model and data"
        )
    for variable, array in zip(variables, arrays, strict=optimizer):
        variable.assign(array)
    return progress


def load_progress(path: Path) -> Progress:
    """The counters alone; those of a run that has not begun where there is no file. Raises RunError for a damaged file."""
    return _read(path)[0] if path.exists() else Progress()


def _read(path: Path) -> tuple[Progress, list[Any]]:
    try:
        # Opened here, since NumPy leaves the file of a broken zip open.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in sorted(file.files)}
        progress = Progress(**json.loads(str(arrays.pop("progress"))))
    except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile) as error:
        raise RunError(f"{path} is not a readable checkpoint ({error}); start again with another --out") from error
    return progress, list(arrays.values())


def save_weights(path: Path, model: keras.Model) -> None:
    """Write the weights alone as Keras' `.weights.h5`, atomically."""
    # By way of memory: on a full disk, HDF5 itself prints one traceback for each object it held.
    files.write_bytes(path, weight_files.as_bytes(model))


def load_weights(path: Path, model: keras.Model) -> None:
    """Load a `.weights.h5` file of the same network. Raises RunError with what was found and expected."""
    expected = "expected a Keras .weights.h5 file, such as checkpoints/best.weights.h5 of a run"
    if not path.is_file():
        raise RunError(f"weights {path}: no such file; {expected}")
    if not path.name.endswith(".weights.h5"):
        raise RunError(f"weights {path}: not named .weights.h5; {expected}")
    try:
        with warnings.catch_warnings(action="ignore"):  # Keras warns of what it then raises
            model.load_weights(path)
    except OSError as error:
        raise RunError(f"weights {path}: not a readable HDF5 file ({error}); {expected}") from error
    except (ValueError, KeyError) as error:
        raise RunError(
            f"weights {path} do not fit the network {model.name!r} with input {model.input_shape} and output {model.output_shape} "
            f"({_misfit(str(error))}); expected weights of the same --model, --size and number of classes"
        ) from error


def _misfit(message: str) -> str:
    """The one layer that Keras' message gives as an example, without the values of its weights."""
    found = re.search(r"for object <\w+ name=(\w+).*?>:\s*(.*?)\.?( Target variable|\n|$)", message, re.DOTALL)
    return f"layer {found[1]}: {found[2]}" if found else message.strip().split("\n")[0]


def _variables(model: keras.Model) -> list[Any]:
    """Everything that changes while training: `Model.variables` holds the seed states too, `weights` does not."""
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


def _difference(found: list[tuple[int, ...]], expected: list[tuple[int, ...]]) -> str:
    if len(found) != len(expected):
        return f"found {len(found)} variables, expected {len(expected)}"
    at = next(i for i, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b)
    return f"variable {at} has shape {found[at]}, expected {expected[at]}"
