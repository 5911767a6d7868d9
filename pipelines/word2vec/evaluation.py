"""The scores of word vectors: word lists and analogies."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nlp import word2vec
from nlp.embeddings.evaluation import Analogies, Similarity
from pipelines.word2vec.config import Config
from pipelines.word2vec.training import Trained

SIMILARITIES = {"wordsim353": "WordSim-353", "simlex999": "SimLex-999"}
"""The word pairs that every run is scored on: part of the score's name, and the name on the page."""
PROTOCOLS: tuple[Literal["top30k", "full"], ...] = ("top30k", "full")


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """What was trained, and what the word lists say of it."""

    trained: Trained
    similarity: Mapping[str, Similarity]
    """By the list's name."""
    analogies: Mapping[str, Analogies]
    """By protocol."""
    scores: dict[str, float]


def evaluate(config: Config, trained: Trained) -> Evaluated:
    """Correlate with people's judgement of word pairs, and answer analogies; a list without known words has no score."""
    lists = {name: (key, word2vec.built_in(key)) for key, name in SIMILARITIES.items()}
    if config.pairs is not None:
        key = own_key(config.pairs)
        lists[f"{config.pairs.stem} (--pairs)" if config.pairs.stem in lists else config.pairs.stem] = key, config.pairs
    questions = config.questions or word2vec.built_in("questions")
    similarity = {name: word2vec.similarity(trained.vectors, path) for name, (_, path) in lists.items()}
    analogies: dict[str, Analogies] = {
        protocol: word2vec.analogies(trained.vectors, questions, protocol) for protocol in PROTOCOLS
    }
    scores: dict[str, float] = {}
    for name, found in similarity.items():
        key, _ = lists[name]
        scores |= {} if found.spearman is None else {f"spearman_{key}": found.spearman}
        scores |= {f"n_{key}": float(found.n), f"oov_{key}": found.oov_share}
    for protocol, answered in analogies.items():
        total = answered.total
        scores |= {} if total.accuracy is None else {f"analogies_{protocol}": total.accuracy}
        scores |= {f"n_analogies_{protocol}": float(total.n), f"oov_analogies_{protocol}": total.oov_share}
    scores["n"] = float(len(trained.vectors))
    return Evaluated(trained=trained, similarity=similarity, analogies=analogies, scores=scores)


def own_key(pairs: Path) -> str:
    """Name the scores of the user's own list after its file, `spearman_<this>`, unlike every other score."""
    slug = re.sub(r"\W+", "_", pairs.stem.lower()).strip("_")
    taken = {*SIMILARITIES, *(f"analogies{protocol}" for protocol in PROTOCOLS), "", "analogies"}
    return f"pairs_{slug}".rstrip("_") if slug.replace("_", "") in taken else slug
