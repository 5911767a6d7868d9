"""What an n-gram run hands on: export/ for serving, and in mobile/ the word why there is nothing for phones."""

import math
import shlex
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from nlp import ngram
from nlp.corpora.lines import Corpus
from nlp.ngram import NGramModel
from nlp.ngrams import proofs
from nlp.ngrams import signatures as graph
from nlp.tokenizers.tokenizer import Tokenizer
from pipelines.ngram.config import Config
from pipelines.record import files as record_files
from pipelines.record import runs
from serving import bundle
from serving.litert import no_file

PROOFS, LONGEST, TRIED = 8, 300, 400
"""Held-out lines that the bundle is proven on, most characters of one, and how many are looked at for them."""


def write(
    config: Config, folder: Path, model: NGramModel, corpus: Corpus, cut: Tokenizer, scores: dict[str, float]
) -> None:
    """Write export/, mobile/README.md and samples/, unless --no-export."""
    if not config.export:
        return
    texts = _texts(model, corpus, cut)
    tracked, signatures = graph.signatures(model, cut)
    bundle.write(
        folder / "export",
        tracked,
        signatures,
        description=_description(config, model, scores),
        proofs=[
            bundle.Proof(signature=name, inputs=given, outputs=expected)
            for name, given, expected in proofs.requests(model, cut, texts)
        ],
    )
    _write_mobile(folder, model)
    (folder / "samples").mkdir(exist_ok=True)
    record_files.write_bytes(folder / "samples" / "texts.txt", "".join(f"{text}\n" for text in texts).encode())


def hint(folder: Path) -> str:
    """What to do next, as commands."""
    return runs.hint(folder, shlex.quote(f"@{folder / 'samples' / 'texts.txt'}"))


def _texts(model: NGramModel, corpus: Corpus, cut: Tokenizer) -> list[str]:
    """Held-out lines, or else one of the training text, that the model finds possible: an infinite perplexity proves little."""
    found = list(islice(_possible(model, corpus.test or (), cut), PROOFS))
    return found or list(islice(_possible(model, corpus.train, cut), 1)) or [""]


def _possible(model: NGramModel, lines: Iterable[str], cut: Tokenizer) -> Iterator[str]:
    """Those of the first lines, cut to LONGEST, to which the model gives a probability."""
    clipped = (line[:LONGEST].strip() for line in lines)
    for line in islice((line for line in clipped if line), TRIED):
        ids = model.vocabulary.encode([" ".join(words) + "\n" for words in cut.sentences(line).sentences])
        if math.isfinite(float(ngram.score(model, ids).log10.sum())):
            yield line


def _description(config: Config, model: NGramModel, scores: dict[str, float]) -> dict[str, Any]:
    return {
        "task": "ngram",
        "input": {"tokenizer": config.tokenizer, "vocabulary": len(model.vocabulary), "order": model.order},
        "scores": scores,
        "made": {"by": "pipelines.ngram", "smoothing": model.smoothing, "data": config.data, "seed": config.seed},
    }


def _write_mobile(folder: Path, model: NGramModel) -> None:
    mobile = folder / "mobile"
    mobile.mkdir(exist_ok=True)
    files = [f"../{name}" for name in ("model.arpa", "model.npz") if (folder / name).exists()]
    text = no_file.none_for_ngrams(
        order=model.order, entries=sum(len(level.keys) for level in model.levels), files=files
    )
    record_files.write_bytes(mobile / "README.md", text.encode())
