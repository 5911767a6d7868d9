"""The export of an n-gram model: export/ for serving, and in mobile/ a note why there is no file for phones."""

import math
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from nlp import ngram
from nlp.ngram import NGramModel
from nlp.ngrams import proofs, signatures
from nlp.tokenizers import Tokenizer
from pipelines import exports
from pipelines.exports import Export, Exported
from pipelines.ngram.config import Config
from pipelines.ngram.evaluation import Evaluated
from pipelines.ngram.training import Trained
from pipelines.record import files
from serving.litert import no_file

PROOFS, LONGEST, TRIED = 8, 300, 400
"""Held-out lines that the bundle is proven on, most characters of one, and how many are looked at for them."""
SAMPLES = "texts.txt"


def write(config: Config, folder: Path, evaluated: Evaluated) -> Exported:
    """Write export/, mobile/README.md and samples/, unless --no-export was given."""
    if config.export:
        exports.write(folder, _export(config, evaluated.trained), evaluated.scores)
        _write_mobile(folder, evaluated.trained.model)
    return Exported(parity=None, hint=exports.hint(folder, f"@{SAMPLES}"))


def _export(config: Config, trained: Trained) -> Export:
    model, tokenizer, shown = trained.model, trained.data.tokenizer, samples(trained)
    tracked, functions = signatures.signatures(model, tokenizer)
    return Export(
        task="ngram",
        tracked=tracked,
        signatures=functions,
        proofs=proofs.requests(model, tokenizer, shown),
        input={"tokenizer": config.tokenizer, "vocabulary": len(model.vocabulary), "order": model.order},
        made={"by": "pipelines.ngram", "smoothing": model.smoothing, "data": config.data, "seed": config.seed},
        samples=lambda folder: exports.write_lines(folder / SAMPLES, shown),
    )


def samples(trained: Trained) -> list[str]:
    """Choose held-out lines, or else one of the training text, that the model finds possible: an infinite perplexity proves little."""
    model, corpus, tokenizer = trained.model, trained.data.corpus, trained.data.tokenizer
    found = list(islice(_possible(model, corpus.test or (), tokenizer), PROOFS))
    return found or list(islice(_possible(model, corpus.train, tokenizer), 1)) or [""]


def _possible(model: NGramModel, lines: Iterable[str], tokenizer: Tokenizer) -> Iterator[str]:
    """Those of the first lines, cut to LONGEST, to which the model gives a probability."""
    clipped = (line[:LONGEST].strip() for line in lines)
    for line in islice((line for line in clipped if line), TRIED):
        ids = model.vocabulary.encode([" ".join(words) + "\n" for words in tokenizer.sentences(line).sentences])
        if math.isfinite(float(ngram.score(model, ids).log10.sum())):
            yield line


def _write_mobile(folder: Path, model: NGramModel) -> None:
    mobile = folder / "mobile"
    mobile.mkdir(exist_ok=True)
    written = [f"../{name}" for name in ("model.arpa", "model.npz") if (folder / name).exists()]
    text = no_file.none_for_ngrams(
        order=model.order, entries=sum(len(level.keys) for level in model.levels), files=written
    )
    files.write_bytes(mobile / "README.md", text.encode())
