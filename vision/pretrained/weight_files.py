"""Files of Keras weights, compared with a network layer by layer: Keras 3's form and the one before it.

Keras 3 writes each layer below `layers/<class>_<number>`; the files that keras.applications downloads are of the older form, a list
of layers in the order of the network. Their content decides, not their names. Keras itself takes a file that
holds more than the network, and names no shape of one that does not fit.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import h5py
import keras

Shapes = tuple[tuple[int, ...], ...]
"""Shapes of one layer's variables, in the order in which they are written."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One layer of the network, and what the file has for it."""

    layer: str
    expected: Shapes
    found: Shapes | None
    """None where the file has nothing."""

    def difference(self) -> str:
        """Describe the first shape that differs; empty when all agree."""
        if self.found is None:
            return f"layer {self.layer}: found nothing, expected {_words(self.expected)}"
        if len(self.found) != len(self.expected):
            return f"layer {self.layer}: found {_words(self.found)}, expected {_words(self.expected)}"
        pairs = zip(self.found, self.expected, strict=True)
        return next((f"layer {self.layer}: found {a}, expected {b}" for a, b in pairs if a != b), "")


class Memory(io.BytesIO):
    """Memory that Keras treats as a weights file."""

    def __str__(self) -> str:
        return "memory.weights.h5"


def is_old(file: h5py.File) -> bool:
    """Whether the file has the form before Keras 3 (Keras 2's whole models count as well)."""
    return "layer_names" in _old_root(file).attrs


def is_nested(file: h5py.File) -> bool:
    """Whether the file holds a network within a network, as that of a run with a backbone does."""
    return "functional" in file.get("layers", ())


def compare(file: h5py.File, network: keras.Model) -> tuple[list[Slot], int]:
    """Make a slot for each layer of the network that has weights, in its order, and count the layers that only the file has."""
    if is_old(file):
        found = _old_entries(file)
        slots = [
            Slot(layer=layer.name, expected=_shapes(layer.weights), found=_shapes(arrays) if arrays else None)
            for layer, arrays in _zip_old(network, found)
        ]
        return slots, max(0, len(found) - len(slots))
    found_entries, order = _entries(file), {name: at for at, name in enumerate(_names(network))}
    with h5py.File(Memory(as_bytes(network))) as own:
        expected = _entries(own)
    slots = [
        Slot(layer=name, expected=shapes, found=found_entries[path][1] if path in found_entries else None)
        for path, (name, shapes) in sorted(expected.items(), key=lambda item: order.get(item[1][0], 0))
    ]
    return slots, len(found_entries.keys() - expected.keys())


def assign_old(file: h5py.File, network: keras.Model) -> None:
    """Put the values of an older file, which `compare` found to fit, into the network."""
    for layer, arrays in _zip_old(network, _old_entries(file)):
        for variable, array in zip(layer.weights, arrays or (), strict=True):
            variable.assign(array[()])
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # it computes with copies of its variables


def as_bytes(network: keras.Model) -> bytes:
    """Return the network's weights as the contents of a `.weights.h5` file."""
    memory = Memory()
    network.save_weights(memory)
    return memory.getvalue()


def _words(shapes: Shapes) -> str:
    return " ".join(map(str, shapes)) or "none"


def _shapes(arrays: Sequence[Any]) -> Shapes:
    return tuple(tuple(int(side) for side in array.shape) for array in arrays)


def _names(network: keras.Model) -> Iterator[str]:
    """Yield the names of all layers, also nested ones, in order."""
    for layer in network.layers:
        yield layer.name
        if isinstance(layer, keras.Model):
            yield from _names(layer)


def _entries(file: h5py.File) -> dict[str, tuple[str, Shapes]]:
    """Read name and shapes of each layer with weights, by its place in the file; optimiser and seeds are left out."""
    entries: dict[str, tuple[str, Shapes]] = {}

    def visit(path: str, item: Any) -> None:
        if path.startswith("layers/") and path.endswith("/vars") and "seed_generator" not in path and len(item):
            arrays = [item[key] for key in sorted(item, key=int)]
            entries[path] = (str(item.attrs.get("name", path.removesuffix("/vars"))), _shapes(arrays))

    file.visititems(visit)
    return entries


def _old_root(file: h5py.File) -> Any:
    return file.get("model_weights", file)


def _old_entries(file: h5py.File) -> list[list[Any]]:
    """Read the arrays of each layer that has some, in order."""
    root = _old_root(file)
    groups = [root[_text(name)] for name in root.attrs["layer_names"]]
    entries = [[group[_text(name)] for name in group.attrs["weight_names"]] for group in groups]
    return [arrays for arrays in entries if arrays]


def _zip_old(network: keras.Model, found: list[list[Any]]) -> Iterator[tuple[Any, list[Any] | None]]:
    layers = [layer for layer in network.layers if layer.weights]
    yield from ((layer, found[at] if at < len(found) else None) for at, layer in enumerate(layers))


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
