"""What the report of word vectors is told, from the text, the vectors and what the word lists say of them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from gensim.models import KeyedVectors

from nlp import word2vec
from nlp.embeddings import projection
from pipelines.word2vec_learning import Judged, Learned, Text
from pipelines.word2vec_report import Evidence

if TYPE_CHECKING:
    from pipelines.word2vec import Config

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


def gather(
    config: "Config",
    text: Text,
    learned: Learned,
    judged: Judged,
    parity: dict[str, Any] | None,
    *,
    seconds: dict[str, float],
) -> Evidence:
    """Everything that the report shows."""
    vectors = learned.vectors
    groups = projection.groups(vectors)
    points, explained = projection.points(vectors, [word for group in groups for word in group])
    return Evidence(
        scores=judged.scores,
        similarity=judged.similarity,
        analogies=judged.analogies,
        method=f"{config.engine} {config.architecture}",
        settings=_settings(config),
        dimensions=vectors.vector_size,
        rows=learned.rows,
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
        parity=parity,
        replaced=text.not_used.replaced,
        skipped=text.not_used.skipped,
        seconds=seconds,
    )


def _settings(config: "Config") -> str:
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
