"""The evidence of a word2vec run: what its report shows, from the text, the vectors and what the word lists say of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gensim.models import KeyedVectors
from numpy.typing import NDArray

from nlp import word2vec
from nlp.embeddings import projection
from nlp.embeddings.evaluation import Analogies, Similarity
from nlp.word2vec import Phrase
from pipelines.exports import Exported
from pipelines.word2vec.config import Config
from pipelines.word2vec.evaluation import Evaluated

NEIGHBOURS, NEIGHBOURED = 8, 12
"""Nearest words shown of so many words."""
FIRST = 50
"""The most frequent words are passed over: the, of, and are near everything."""
PHRASES = 40
TRIED = (
    ("man", "king", "woman"),
    ("france", "paris", "italy"),
    ("australia", "australian", "india"),
    ("big", "bigger", "small"),
    ("go", "went", "say"),
    ("day", "days", "year"),
)
"""Analogies whose words many English texts hold."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one run has to show. Every word in it may come from the corpus."""

    scores: Mapping[str, float | None]
    """As in scores.json; listed."""
    similarity: Mapping[str, Similarity]
    """By the name of the list of pairs, such as WordSim-353."""
    analogies: Mapping[str, Analogies]
    """By protocol, such as top30k."""
    method: str
    """Engine and architecture, such as `keras skip-gram`."""
    settings: str
    """The settings of the method in words, such as `5 negatives, window 5`."""
    dimensions: int
    rows: Sequence[Mapping[str, float]]
    """The history: epoch, loss, learning_rate, words_per_second; what an engine does not give is NaN or absent."""
    sentences: int
    raw_words: int
    """Words of the text, a phrase being one."""
    counts: NDArray[np.int64]
    """(words,): how often each word with a vector occurs, falling."""
    min_count: int
    vocabulary_size: int | None
    """The most words that were kept, when there was a limit."""
    neighbours: Sequence[tuple[str, int, Sequence[tuple[str, float]]]]
    """(word, how often it occurs, its nearest words with their cosine similarity)."""
    groups: Sequence[Sequence[str]]
    """Words on the map; those of a group have one colour."""
    points: NDArray[np.floating]
    """(words, 2): where they lie, one group after the other."""
    explained: Sequence[float]
    """Share of the variance that each axis of the map shows, 0 to 1."""
    tried: Sequence[tuple[str, str, str, str, float]]
    """(a, b, c, answer, similarity): a is to b as c is to the answer."""
    phrases: Sequence[Phrase]
    """Those to show, the best first."""
    parity: Mapping[str, Any] | None
    """parity.json, when there was an export."""
    replaced: int
    """Lines in which bytes that are not UTF-8 were replaced by U+FFFD."""


def gather(config: Config, evaluated: Evaluated, exported: Exported) -> Evidence:
    """Collect everything that the report shows."""
    trained, text, vectors = evaluated.trained, evaluated.trained.data, evaluated.trained.vectors
    groups = projection.groups(vectors)
    points, explained = projection.points(vectors, [word for group in groups for word in group])
    return Evidence(
        scores=evaluated.scores,
        similarity=evaluated.similarity,
        analogies=evaluated.analogies,
        method=f"{config.engine} {config.architecture}",
        settings=_settings(config),
        dimensions=vectors.vector_size,
        rows=trained.rows,
        sentences=text.sentences,
        raw_words=text.words,
        counts=np.array([vectors.get_vecattr(word, "count") for word in vectors.index_to_key], np.int64),
        min_count=config.min_count,
        vocabulary_size=config.vocabulary_size,
        neighbours=list(_neighbours(vectors)),
        groups=groups,
        points=points,
        explained=explained,
        tried=list(_tried(vectors)),
        phrases=text.phrases[:PHRASES],
        parity=exported.parity,
        replaced=text.not_used.replaced,
    )


def _settings(config: Config) -> str:
    noise = f"{config.negatives} negatives" if config.objective == "negative-sampling" else "hierarchical softmax"
    return f"{noise}, window {config.window}"


def _neighbours(vectors: KeyedVectors) -> Iterator[tuple[str, int, list[tuple[str, float]]]]:
    """Of words from frequent to rare."""
    first = FIRST if len(vectors) > 2 * FIRST else 0
    places = np.unique(np.geomspace(first + 1, max(first + 1, len(vectors) / 2), NEIGHBOURED).astype(int)) - 1
    for place in places:
        word = vectors.index_to_key[place]
        yield word, vectors.get_vecattr(word, "count"), word2vec.neighbours(vectors, word, NEIGHBOURS)


def _tried(vectors: KeyedVectors) -> Iterator[tuple[str, str, str, str, float]]:
    """Those whose words all have vectors."""
    for a, b, c in TRIED:
        if a in vectors and b in vectors and c in vectors and len(vectors) > 3:
            (answer, similarity), *_ = word2vec.analogy(vectors, a, b, c, 1)
            yield a, b, c, answer, similarity
