"""The training loss on a fixed sample of the text, the same pairs after every epoch.

gensim's own tally is a float32 that stops growing at 2^27 (its bug 2735), is never reset (2617) and with several workers reading a
file holds the share of the last one only.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Integer = NDArray[np.int64]

_PLACES, _MOST = 2_000, 5_000
"""Lines looked at, and words predicted."""
_LINE = 1 << 16
"""Most bytes read of a line."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Words to predict, drawn from the text, with their contexts."""

    targets: Integer
    """(n,): the word in the middle."""
    contexts: Integer
    """(n, c): words around it, V (no word) where there are fewer."""
    noise: Integer
    """(n, k): random words, drawn by count^0.75."""


def draw(
    text: Path, index: dict[str, int], counts: Integer, *, cbow: bool, window: int, negatives: int, seed: int
) -> Sample:
    """Draw a sample of the text; skip-gram has one context word per target, drawn as in training."""
    rng = np.random.default_rng(seed)
    targets, contexts = [], []
    for ids in _lines(text, index, rng):
        for at in rng.permutation(len(ids))[:20]:
            reach = int(rng.integers(1, window + 1))
            around = ids[max(0, at - reach) : at] + ids[at + 1 : at + 1 + reach]
            if around:
                targets.append(ids[at])
                contexts.append(around if cbow else [around[int(rng.integers(len(around)))]])
        if len(targets) >= _MOST:
            break
    width = 2 * window if cbow else 1
    padded = np.full((len(targets), width), len(counts), np.int64)
    for row, around in zip(padded, contexts, strict=True):
        row[: len(around)] = around
    weights = counts.astype(np.float64) ** 0.75
    noise = rng.choice(len(counts), (len(targets), negatives), p=weights / weights.sum())
    return Sample(targets=np.array(targets, np.int64), contexts=padded, noise=noise)


def negative_sampling(sample: Sample, vectors: Float, outputs: Float) -> float:
    """Compute the mean over the sample of -ln s(u.h) - sum over noise of ln(1 - s(u'.h)), in nats (Mikolov et al., 2013, equation 4).

    vectors, outputs: float32 (V, d), input and output vectors; h is the mean of the context's. NaN for an empty sample.
    """
    if not len(sample.targets):
        return float("nan")
    hidden = _hidden(sample, vectors)
    scores = np.concatenate(
        [
            np.einsum("nd,nd->n", hidden, outputs[sample.targets])[:, None],
            -np.einsum("nd,nkd->nk", hidden, outputs[sample.noise]),
        ],
        axis=1,
    )
    return float(np.logaddexp(0, -scores.astype(np.float64)).sum(axis=1).mean())


def hierarchical_softmax(sample: Sample, vectors: Float, outputs: Float, codes: Any, points: Any) -> float:
    """Compute the mean over the sample of -ln p(target), p the product of the binary choices on its path in the Huffman tree, in nats.

    codes, points: for each word, the choices (0 or 1) and the inner nodes, as gensim keeps them. NaN for an empty sample.
    """
    hidden = _hidden(sample, vectors)
    losses = [
        np.logaddexp(0, (2.0 * codes[word] - 1) * (outputs[points[word]] @ row)).sum()
        for word, row in zip(sample.targets, hidden, strict=True)
    ]
    return float(np.mean(losses)) if losses else float("nan")


def _hidden(sample: Sample, vectors: Float) -> Float:
    """Compute the mean vector of each context, (n, d)."""
    padded = np.concatenate([vectors, np.zeros((1, vectors.shape[1]), np.float32)])
    sizes = (sample.contexts < len(vectors)).sum(axis=1, keepdims=True)
    return np.asarray(padded[sample.contexts].sum(axis=1) / np.maximum(sizes, 1), np.float32)


def _lines(text: Path, index: dict[str, int], rng: np.random.Generator) -> list[list[int]]:
    """Read the ids of the known words of lines at random places."""
    size, found = text.stat().st_size, []
    with text.open("rb") as file:
        for place in rng.integers(0, size, _PLACES):
            file.seek(int(place))
            file.readline(_LINE)
            line = file.readline(_LINE)
            if not line:
                file.seek(0)
                line = file.readline(_LINE)
            words = line.decode(errors="ignore").rstrip("\n").split(" ")
            found.append([index[word] for word in words if word in index])
    return found
