"""The models as the page shows them: versions, states, errors, signatures, and the task that model.json names."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from serving import bundle
from serving.server.models.versions import Version

Entry = dict[str, Any]


class Served(Protocol):
    """The part of a repository that the page asks."""

    def models(self) -> Mapping[str, Sequence[Version]]:
        """Return copies of the versions of every model, highest first."""


class Catalogue:
    """Models as values for JSON; the declaration of a loaded version is read once, not for each request of each open page."""

    def __init__(self, repository: Served) -> None:
        self._repository = repository
        self._declared: dict[tuple[str, int], tuple[Any, Entry]] = {}
        self._lock = threading.Lock()

    def models(self) -> list[Entry]:
        """List one entry per model, in the repository's order: `name`, and `versions`, highest first.

        A version has `version` (a string, as in TensorFlow Serving's answers: 64 bits are too many for JavaScript), `state`,
        `error` (None also when its folder is gone), and while it is loaded `signatures`, `task`, `labels` and `input`
        (None, None and {} without model.json).
        """
        found = self._repository.models()
        with self._lock:
            kept = {(name, version.number) for name, versions in found.items() for version in versions}
            self._declared = {key: known for key, known in self._declared.items() if key in kept}
            return [
                {"name": name, "versions": [self._version(name, version) for version in versions]}
                for name, versions in found.items()
            ]

    def _version(self, name: str, version: Version) -> Entry:
        failed = version.error is not None and version.folder.is_dir()
        entry = {
            "version": str(version.number),
            "state": str(version.state),
            "error": str(version.error) if failed else None,
        }
        if version.loaded is None:
            return entry
        known = self._declared.get((name, version.number))
        if known is None or known[0] is not version.loaded:
            known = self._declared[name, version.number] = (version.loaded, _declared(version))
        return {**entry, **known[1]}


def _declared(version: Version) -> Entry:
    """Describe the parts of a version that do not change while it is loaded."""
    signatures = {name: _signature(definition) for name, definition in sorted(version.model.signatures.items())}
    try:
        description = bundle.read_description(version.folder)
    except bundle.BundleError:  # any SavedModel can be served
        description = {}
    return {
        "signatures": signatures,
        "task": description.get("task"),
        "labels": description.get("labels"),
        "input": description.get("input") or {},
    }


def _signature(definition: Any) -> Entry:
    """Describe a signature: its method name, and dtype and shape of each tensor (-1: any size; None: any rank)."""
    sides = {side: getattr(definition, side) for side in ("inputs", "outputs")}
    return {
        "method": definition.method_name,
        **{side: {name: _tensor(info) for name, info in sorted(tensors.items())} for side, tensors in sides.items()},
    }


def _tensor(info: Any) -> Entry:
    shape = info.tensor_shape
    return {
        "dtype": _dtype(info.dtype),
        "shape": None if shape.unknown_rank else [dim.size for dim in shape.dim],
    }


def _dtype(number: int) -> str:
    import tensorflow as tf

    try:
        name: str = tf.as_dtype(number).name
    except TypeError:  # a sparse or ragged tensor may lack a type; no call can use that signature
        return "unknown"
    return name
