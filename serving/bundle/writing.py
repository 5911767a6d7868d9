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
from pathlib import Path
from typing import Any

from serving.bundle import proving, warmup_requests
from serving.bundle.proving import Proof
from serving.bundle.reading import FORMAT, BundleError

METHOD_CLASSIFY = "tensorflow/serving/classify"


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
        difference, signatures_found = proving.proven(temporary, proofs)
        warmup_requests.write(temporary, [(proof.signature, proof.inputs) for proof in proofs])
        _describe(temporary, {**description, "version": version}, signatures_found)
        _replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder, difference


def _export(folder: Path, tracked: Any, signatures: Mapping[str, tuple[Callable[..., Any], Mapping[str, Any]]]) -> None:
    """Write a SavedModel of the signatures, with the variables and the tables that a v1 session needs for them."""
    import tensorflow as tf

    # Concrete functions: of any other, TensorFlow would trace and write each signature once more, beside its own.
    traced = {
        name: tf.function(function, input_signature=list(specs.values()), autograph=False).get_concrete_function()
        for name, (function, specs) in signatures.items()
    }
    module = tf.Module()
    # Not `tracked` itself: the weights of a Keras model would be written twice, and its optimizer with them.
    module.weights = list({id(each): each for function in traced.values() for each in function.variables}.values())
    found = tf.train.TrackableView(tracked).descendants()
    module.resources = [each for each in found if isinstance(each, tf.saved_model.experimental.TrackableResource)]
    tf.saved_model.save(module, str(folder), signatures=traced)
    if "classify" in signatures:
        _set_method(folder / "saved_model.pb", "classify", METHOD_CLASSIFY)


def _set_method(path: Path, signature: str, method: str) -> None:
    """Name the method of a signature; TensorFlow writes `tensorflow/serving/predict` for every one."""
    from tensorflow.core.protobuf import saved_model_pb2

    message = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    for graph in message.meta_graphs:
        graph.signature_def[signature].method_name = method
    path.write_bytes(message.SerializeToString(deterministic=True))


def _describe(folder: Path, description: Mapping[str, Any], signatures: Mapping[str, Any]) -> None:
    layouts = {name: _layout(definition) for name, definition in sorted(signatures.items())}
    content = {"format": FORMAT, **description, "signatures": layouts}
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


def _replace(temporary: Path, folder: Path) -> None:
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    temporary.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
