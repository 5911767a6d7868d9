"""The .tflite forms of a classifier compared with its Keras model on held-out images."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from serving.litert import LiteRTError, parity, runtime

TIMED_IMAGES = 50
"""So many images are timed, one after the other."""
MOST_INTERPRETERS = 8
"""Each holds the weights once more."""


class Images(Protocol):
    """uint8 (h, w, 3) images by index, from several threads at once: an array (n, h, w, 3), a memory map or a list."""

    def __len__(self) -> int:
        """The number of images."""

    def __getitem__(self, index: int, /) -> Any:
        """One image, uint8 (h, w, 3)."""


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Examples that had no part in training or in any choice, and the Keras model's answers to them."""

    images: Images
    """n images, uint8 (h, w, 3) of the model's input size."""
    truth: np.ndarray
    """int (n,), index of the right label."""
    probabilities: np.ndarray
    """float32 (n, classes), the Keras model's answers, 0 to 1."""


class Interpreter:
    """One .tflite image classifier, ready to answer one image at a time. Raises LiteRTError for a file that LiteRT cannot prepare."""

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self._runtime = runtime.opened(path, threads=threads)
        [self._input] = self._runtime.get_input_details()
        [self._output] = self._runtime.get_output_details()
        self.input_shape = tuple(int(side) for side in self._input["shape"])
        """(1, h, w, 3)."""

    def run(self, image: np.ndarray) -> np.ndarray:
        """Probabilities, float32 (classes,), of one image, uint8 (h, w, 3)."""
        self._runtime.set_tensor(self._input["index"], image[None].astype(self._input["dtype"]))
        self._runtime.invoke()
        return np.asarray(self._runtime.get_tensor(self._output["index"])[0])


def compare(folder: Path, held_out: HeldOut) -> dict[str, Any]:
    """The contents of parity.json: each form on every held-out image, beside the Keras model."""
    return parity.contents(
        folder,
        lambda path: _compared(path, held_out),
        n=len(held_out.images),
        reference="Keras model",
        scores=_scores(held_out.probabilities, held_out),
    )


def _compared(path: Path, held_out: HeldOut) -> dict[str, Any]:
    """One file's answers against the truth and against the Keras model; time per image on one thread."""
    answers = answers_of(path, held_out.images)
    if not np.isfinite(answers).all():
        raise LiteRTError(f"{path.name} answers NaN or infinity; weights or activations leave the range of this form")
    return {
        "milliseconds": _milliseconds(path, held_out.images),
        "max_abs_delta": float(np.abs(answers - held_out.probabilities).max()),
        "agreement": float(np.mean(answers.argmax(1) == held_out.probabilities.argmax(1))),
        "scores": _scores(answers, held_out),
    }


def _scores(answers: np.ndarray, held_out: HeldOut) -> dict[str, float]:
    return {"accuracy": float(np.mean(answers.argmax(1) == held_out.truth))}


def answers_of(path: Path, images: Images) -> np.ndarray:
    """Ask the file about every image: float32 (n, classes).

    It takes one image at a time, so each core has an interpreter of its own and a part of the images.
    """
    cores = min(os.cpu_count() or 1, MOST_INTERPRETERS, len(images))
    bounds = [len(images) * core // cores for core in range(cores + 1)]
    interpreters = [Interpreter(path) for _ in range(cores)]

    def part(core: int) -> np.ndarray:
        span = range(bounds[core], bounds[core + 1])
        return np.stack([interpreters[core].run(np.asarray(images[index])) for index in span])

    with ThreadPoolExecutor(cores) as pool:
        return np.concatenate(list(pool.map(part, range(cores))))


def _milliseconds(path: Path, images: Images) -> float:
    """Median time of one image, nothing else running."""
    shown = (np.asarray(images[index]) for index in range(min(len(images), TIMED_IMAGES)))
    return float(np.median(runtime.timed(Interpreter(path).run, shown)))
