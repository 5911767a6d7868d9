"""An n-gram model as one compact `.npz` file.

    format, version, smoothing, normalised      how to read the rest
    words              uint8   UTF-8, a line feed between them
    probability_<n>    float32 log10 p
    backoff_<n>        float32 log10 backoff, below the highest order
    last_<n>           last word of each n-gram, of the second order and up (the first lists all words in order)
    followers_<n>      how many n-grams of this order begin with each n-gram of the order below

A sorted table needs no keys: the words that follow and their number hold the same in half the bytes. float32 is what KenLM and ARPA
files hold. The file is compressed: the integers shrink to a half, the floats little.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.errors import DataError
from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import BOS, EOS, UNK, Vocabulary

FORMAT, VERSION = "keras-applied-pipelines n-gram model", 1


def write(model: NGramModel, path: Path) -> None:
    """Write a model; the path should end in `.npz`."""
    arrays: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "order": model.order,
        "smoothing": model.smoothing,
        "normalised": model.normalised,
        "words": np.frombuffer("\n".join(model.vocabulary.words).encode(), np.uint8),
    }
    for order, level in enumerate(model.levels, 1):
        arrays[f"probability_{order}"] = level.log10_prob.astype(np.float32)
        if order < model.order:
            arrays[f"backoff_{order}"] = level.log10_backoff.astype(np.float32)
        if order > 1:
            prefix, last = np.divmod(level.keys, len(model.vocabulary))
            arrays[f"last_{order}"] = _smallest(last)
            arrays[f"followers_{order}"] = _smallest(np.bincount(prefix, minlength=len(model.levels[order - 2].keys)))
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> NGramModel:
    """Read a file of `write`. Raises DataError for another file, a damaged one and one that contradicts itself."""
    try:
        with path.open("rb") as file:
            return _model(np.load(file, allow_pickle=False))
    except Exception as error:  # A damaged zip file raises a dozen kinds.
        raise DataError(
            f"{path} cannot be read as an n-gram model ({error}); expected a .npz that this project wrote"
        ) from error


def _model(arrays: Any) -> NGramModel:
    if not hasattr(arrays, "files") or str(arrays["format"]) != FORMAT:
        raise DataError("it is not a model of this project")
    if int(arrays["version"]) != VERSION:
        raise DataError(f"its version is {arrays['version']}, this program reads {VERSION}")
    words = arrays["words"].tobytes().decode().split("\n")
    vocabulary = Vocabulary(words)
    if words[:3] != [UNK, BOS, EOS] or len(vocabulary.index) != len(words):
        raise DataError(f"its words do not start with {UNK}, {BOS}, {EOS}, or one occurs twice")
    order = int(arrays["order"])
    levels: list[Level] = []
    for number in range(1, order + 1):
        levels.append(_level(arrays, number, highest=number == order, levels=levels, size=len(words)))
    return NGramModel(
        vocabulary=vocabulary,
        levels=tuple(levels),
        smoothing=str(arrays["smoothing"]),
        normalised=bool(arrays["normalised"]),
    )


def _level(arrays: Any, order: int, *, highest: bool, levels: list[Level], size: int) -> Level:
    probability = arrays[f"probability_{order}"].astype(np.float64)
    backoff = np.zeros(len(probability)) if highest else arrays[f"backoff_{order}"].astype(np.float64)
    keys = np.arange(size, dtype=np.int64)
    if order > 1:
        followers, last = arrays[f"followers_{order}"], arrays[f"last_{order}"]
        if len(followers) != len(levels[-1].keys) or int(followers.sum()) != len(last) or np.any(last >= size):
            raise DataError(f"its {order}-grams do not fit its {order - 1}-grams")
        keys = np.repeat(np.arange(len(followers), dtype=np.int64), followers) * size + last
    if not len(keys) == len(probability) == len(backoff) or np.any(np.diff(keys) <= 0):
        raise DataError(f"its {order}-grams are not sorted, or not as many as their probabilities")
    if not np.all(probability <= 0) or np.any(np.isnan(backoff)):
        raise DataError(f"its {order}-grams have values that are not logarithms of probabilities")
    return Level(keys=keys, log10_prob=probability, log10_backoff=backoff)


def _smallest(values: NDArray[np.int64]) -> NDArray[np.unsignedinteger]:
    """Store values as unsigned integers of as few bits as the largest needs."""
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))
