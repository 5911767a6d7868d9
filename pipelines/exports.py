"""The export step of every pipeline: the bundle with its proofs, samples to try it with, and the next commands."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.record import files, runs
from serving import bundle


@dataclass(frozen=True, kw_only=True)
class Export:
    """Everything that a bundle is made of."""

    task: str
    """Its name in serving/tasks.py."""
    tracked: Any
    """The Keras model, or the module whose variables and tables the signatures use."""
    signatures: Mapping[str, tuple[Callable[..., dict[str, Any]], Mapping[str, Any]]]
    """By name, a function of named tensors and the tf.TensorSpec of each."""
    proofs: Iterable[tuple[str, bundle.Arrays, bundle.Arrays]]
    """(signature, inputs, expected outputs), at least one per signature."""
    input: Mapping[str, Any]
    """What the model takes, for model.json."""
    made: Mapping[str, Any]
    """How the model was made, for model.json."""
    samples: Callable[[Path], object]
    """Writes held-out examples into the new folder samples/."""
    labels: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What a pipeline hands on after its export."""

    parity: dict[str, Any] | None
    """parity.json: the forms for phones beside the model; None where there are none."""
    hint: str
    """The next commands."""


def write(folder: Path, export: Export, scores: Mapping[str, float]) -> Path:
    """Write export/1 and samples/ of a run folder, and return the bundle. Raises BundleError."""
    labels = {"labels": list(export.labels)} if export.labels else {}
    exported, _ = bundle.write(
        folder / "export",
        export.tracked,
        export.signatures,
        description={
            "task": export.task,
            **labels,
            "input": dict(export.input),
            "scores": dict(scores),
            "made": dict(export.made),
        },
        proofs=[bundle.Proof(*proof) for proof in export.proofs],
    )
    files.remove(folder / "samples")
    (folder / "samples").mkdir()
    export.samples(folder / "samples")
    return exported


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write samples that are lines of text, UTF-8."""
    files.write_bytes(path, "".join(f"{line}\n" for line in lines).encode())


def hint(folder: Path, tried_on: str) -> str:
    """The next commands of a finished run. tried_on: what of samples/ its model can be tried on, `*` or `@` and a file of lines."""
    samples = folder / "samples"
    asked = shlex.quote(f"@{samples / tried_on[1:]}") if tried_on.startswith("@") else f"{shlex.quote(str(samples))}/*"
    return runs.hint(folder, asked)
