"""The export of word vectors: export/ for serving, mobile/ for phones."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors
from numpy.typing import NDArray

from nlp import word2vec
from nlp.embeddings import proofs, signatures
from nlp.embeddings.vectors import keyed
from pipelines import exports
from pipelines.exports import Export, Exported
from pipelines.word2vec.config import Config
from pipelines.word2vec.evaluation import Evaluated
from serving.litert import words

NEIGHBOURS = 10
PROOFS = 16
"""Words that the bundle is proven on, evenly spread from frequent to rare."""
SAMPLES = "words.txt"


def write(config: Config, folder: Path, evaluated: Evaluated) -> Exported:
    """Write export/, mobile/ and samples/, unless --no-export was given."""
    vectors, parity = evaluated.trained.vectors, None
    if config.export:
        bundle = exports.write(folder, _export(config, vectors), evaluated.scores)
        parity = words.convert(
            bundle, folder / "mobile", words=vectors.index_to_key, score=lambda table: _scores(vectors, table)
        )
    return Exported(parity=parity, hint=exports.hint(folder, f"@{SAMPLES}"))


def _export(config: Config, vectors: KeyedVectors) -> Export:
    shown = samples(vectors)
    tracked, functions = signatures.signatures(vectors, k=NEIGHBOURS)
    return Export(
        task="word2vec",
        tracked=tracked,
        signatures=functions,
        proofs=proofs.requests(vectors, shown, k=NEIGHBOURS),
        input={"tokenizer": config.tokenizer, "vocabulary": len(vectors), "dimensions": vectors.vector_size},
        made={
            "by": "pipelines.word2vec",
            "engine": config.engine,
            "architecture": config.architecture,
            "data": config.data,
            "seed": config.seed,
        },
        samples=lambda folder: exports.write_lines(folder / SAMPLES, shown),
    )


def samples(vectors: KeyedVectors) -> list[str]:
    """Choose some words, from frequent to rare."""
    places = np.linspace(0, len(vectors) - 1, num=min(PROOFS, len(vectors))).astype(int)
    return [vectors.index_to_key[place] for place in places]


def _scores(vectors: KeyedVectors, table: NDArray[np.float32]) -> Mapping[str, float]:
    """Score the vectors of a phone file on WordSim-353."""
    found = word2vec.similarity(keyed(vectors.index_to_key, table), word2vec.built_in("wordsim353"))
    return {} if found.spearman is None else {"spearman_wordsim353": found.spearman}
