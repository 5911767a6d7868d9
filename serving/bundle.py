"""The bundle: a SavedModel with its own description and warm-up requests, proven the way TensorFlow Serving loads it.

    export/1/
      saved_model.pb  variables/  assets/
      assets.extra/model.json                      task, version, labels, input, signatures, scores, how it was made
      assets.extra/tf_serving_warmup_requests      TFRecord of PredictionLog

Written under a temporary name and renamed at the end, so that a server which polls the folder never sees half of it.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving import saved_model, warmup

FORMAT = 1
"""Version of model.json's layout."""
TOLERANCE = 1e-5
"""Largest difference between the bundle's answers and the Keras model's; of an output whose values pass 1 (logits), as a share of its
largest, since float32 rounds in proportion."""
METHOD_CLASSIFY = "tensorflow/serving/classify"

Arrays = Mapping[str, NDArray[Any]]


class BundleError(ValueError):
    """The bundle cannot be written or read, or does not answer as the model does."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Requests with the answers that the Keras model gives to them."""

    signature: str
    inputs: Arrays
    outputs: Arrays
    """Expected values, for some or all outputs: numbers are held to TOLERANCE, strings (bytes) must be equal."""


def write(
    base: Path,
    model: Any,
    signatures: Mapping[str, tuple[Callable[..., dict[str, Any]], Mapping[str, Any]]],
    *,
    description: Mapping[str, Any],
    proofs: Sequence[Proof],
    version: int = 1,
) -> tuple[Path, float]:
    """Export a Keras model as version `version` below `base`, prove it, and return its folder and the largest difference seen.

    signatures: by name, a function of named tensors and the tf.TensorSpec of each. description: goes into model.json.
    proofs: at least one for each signature; they also become the warm-up requests.
    Raises BundleError when the bundle does not load in a v1 session or answers otherwise than the model.
    """
    unproven = set(signatures) - {proof.signature for proof in proofs}
    if unproven:
        raise BundleError(f"no proof for the signature(s) {', '.join(sorted(unproven))}; every signature needs one")
    base.mkdir(parents=True, exist_ok=True)
    folder, temporary = base / str(version), base / f".{version}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        _export(temporary, model, signatures)
        difference = prove(temporary, proofs)
        warmup.write(temporary, [(proof.signature, proof.inputs) for proof in proofs])
        _describe(temporary, {**description, "version": version})
        _replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder, difference


def prove(folder: Path, proofs: Sequence[Proof]) -> float:
    """Load the SavedModel in a v1 session, run every proof, and return the largest difference.

    Raises BundleError when it does not load or run there, and when it answers otherwise than the proofs.
    """
    import tensorflow as tf

    largest = 0.0
    try:
        with saved_model.load(folder) as loaded:
            answers = [loaded.run(proof.signature, proof.inputs) for proof in proofs]
    except (ValueError, OSError, tf.errors.OpError) as error:
        raise BundleError(f"the export does not run in a v1 session, which is how it is served: {error}") from error
    for proof, answer in zip(proofs, answers, strict=True):
        for name, expected in proof.outputs.items():
            largest = max(largest, _difference(proof.signature, name, answer[name], expected))
    return largest


def find(path: Path) -> Path:
    """The newest bundle in a run folder, an export folder or a version folder. Raises BundleError."""
    for base in (path, path / "export"):
        if (base / "saved_model.pb").is_file():
            return base
        versions = [child for child in base.glob("*") if child.name.isdigit() and (child / "saved_model.pb").is_file()]
        if versions:
            return max(versions, key=lambda child: int(child.name))
    raise BundleError(
        f"{path} holds no bundle; expected a run folder, its export/, or a version folder with saved_model.pb"
    )


def read_description(folder: Path) -> dict[str, Any]:
    """The contents of model.json. Raises BundleError."""
    path = folder / "assets.extra" / "model.json"
    try:
        description: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read ({error}); expected the model.json that an export writes") from error
    if not isinstance(description, dict):
        raise BundleError(f"{path} holds no JSON object; expected the model.json that an export writes")
    if description.get("format") != FORMAT:
        raise BundleError(f"{path} has format {description.get('format')}; this version reads format {FORMAT}")
    return description


def _export(folder: Path, model: Any, signatures: Mapping[str, tuple[Callable[..., Any], Mapping[str, Any]]]) -> None:
    """Keras' ExportArchive tracks the variables so that a v1 session finds them; `tf.saved_model.save` does not."""
    import keras

    archive = keras.export.ExportArchive()
    archive.track(model)
    for name, (function, specs) in signatures.items():
        archive.add_endpoint(name, function, input_signature=list(specs.values()))
    # Keras would write every weight twice, as its own variable and as TensorFlow's below it; the endpoints use the latter.
    tracked = archive._tf_trackable
    tracked.variables, tracked.trainable_variables, tracked.non_trainable_variables = [], [], []
    archive.write_out(str(folder), verbose=False)
    if "classify" in signatures:
        _set_method(folder / "saved_model.pb", "classify", METHOD_CLASSIFY)


def _set_method(path: Path, signature: str, method: str) -> None:
    """ExportArchive writes `tensorflow/serving/predict` for every signature."""
    from tensorflow.core.protobuf import saved_model_pb2

    message = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    for graph in message.meta_graphs:
        graph.signature_def[signature].method_name = method
    path.write_bytes(message.SerializeToString(deterministic=True))


def _describe(folder: Path, description: Mapping[str, Any]) -> None:
    with saved_model.load(folder) as loaded:
        signatures = {name: _layout(definition) for name, definition in loaded.signatures.items()}
    content = {"format": FORMAT, **description, "signatures": signatures}
    path = folder / "assets.extra" / "model.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _layout(definition: Any) -> dict[str, Any]:
    """Names, dtypes and shapes (None: any) of a SignatureDef."""
    return {
        side: {name: _tensor(info) for name, info in sorted(getattr(definition, side).items())}
        for side in ("inputs", "outputs")
    }


def _tensor(info: Any) -> dict[str, Any]:
    import tensorflow as tf

    shape = tf.TensorShape(info.tensor_shape)
    return {"dtype": tf.as_dtype(info.dtype).name, "shape": shape.as_list() if shape.rank is not None else None}


def _difference(signature: str, name: str, found: NDArray[Any], expected: NDArray[Any]) -> float:
    if found.shape != expected.shape:
        raise BundleError(f"signature {signature!r}: {name} has shape {found.shape}; the model gives {expected.shape}")
    if found.dtype == object:
        if not np.array_equal(found, expected):
            raise BundleError(
                f"signature {signature!r}: {name} is {found.tolist()}; the model gives {expected.tolist()}"
            )
        return 0.0
    other = found != expected  # Equal infinities (the logarithm of 0) have no difference.
    difference = float(np.max(np.abs(found[other].astype(np.float64) - expected[other]), initial=0.0))
    finite = expected[np.isfinite(expected)]
    allowed = TOLERANCE * max(1.0, float(np.max(np.abs(finite), initial=0.0)))
    if not difference <= allowed:
        raise BundleError(
            f"signature {signature!r}: {name} differs from the model by {difference:.3g}; expected at most {allowed:.3g}"
        )
    return difference


def _replace(temporary: Path, folder: Path) -> None:
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    temporary.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
