"""What a word2vec run hands on: export/ for serving, mobile/ for phones."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gensim.models import KeyedVectors
from numpy.typing import NDArray

from nlp import word2vec
from nlp.embeddings import signatures as graph
from nlp.embeddings.vectors import keyed
from pipelines.record import files, runs
from pipelines.word2vec.config import Config
from serving import bundle
from serving.litert import words as litert_words

NEIGHBOURS = 10
PROOFS = 16
"""Words that the bundle is proven on, evenly spread from frequent to rare."""


def write(config: Config, folder: Path, vectors: KeyedVectors, scores: dict[str, float]) -> dict[str, Any] | None:
    """Write export/, mobile/ and samples/; returns the phone files' comparison with the bundle, None with --no-export."""
    if not config.export:
        return None
    words = shown(vectors)
    tracked, signatures = graph.signatures(vectors, k=NEIGHBOURS)
    exported, _ = bundle.write(
        folder / "export",
        tracked,
        signatures,
        description=_description(config, vectors, scores),
        proofs=[
            bundle.Proof(signature=name, inputs=given, outputs=expected)
            for name, given, expected in graph.requests(vectors, words, k=NEIGHBOURS)
        ],
    )
    files.remove(folder / "samples")
    (folder / "samples").mkdir()
    files.write_bytes(folder / "samples" / "words.txt", "".join(f"{word}\n" for word in words).encode())
    return litert_words.convert(
        exported, folder / "mobile", words=vectors.index_to_key, score=lambda table: _scores(vectors, table)
    )


def shown(vectors: KeyedVectors) -> list[str]:
    """Some words, from frequent to rare."""
    places = np.linspace(0, len(vectors) - 1, num=min(PROOFS, len(vectors))).astype(int)
    return [vectors.index_to_key[place] for place in places]


def hint(folder: Path) -> str:
    """What to do next, as commands."""
    return runs.hint(folder, shlex.quote(f"@{folder / 'samples' / 'words.txt'}"))


def _scores(vectors: KeyedVectors, table: NDArray[np.float32]) -> Mapping[str, float]:
    """What WordSim-353 says of the vectors that a phone file gives."""
    found = word2vec.similarity(keyed(vectors.index_to_key, table), word2vec.built_in("wordsim353"))
    return {} if found.spearman is None else {"spearman_wordsim353": found.spearman}


def _description(config: Config, vectors: KeyedVectors, scores: dict[str, float]) -> dict[str, Any]:
    return {
        "task": "word2vec",
        "input": {"tokenizer": config.tokenizer, "vocabulary": len(vectors), "dimensions": vectors.vector_size},
        "scores": scores,
        "made": {
            "by": "pipelines.word2vec",
            "engine": config.engine,
            "architecture": config.architecture,
            "data": config.data,
            "seed": config.seed,
        },
    }
