"""The face of the n-gram room: from ids to a model that can be asked and kept."""

import re
from pathlib import Path

import pytest
from gensim.test.utils import datapath

from nlp import ngram
from nlp.vocabulary import encode
from tests.nlp.ngrams.texts import chunks, zipfian

FALLBACK = (0.5, 1.0, 1.5)


def test_kneser_ney_through_the_face_has_lmplz_perplexities() -> None:
    lines = Path(datapath("lee_background.cor")).read_text(encoding="utf-8").lower().splitlines()
    sentences = [re.findall("[a-z']+", sentence) for line in lines for sentence in re.split("[.!?]", line)]
    text = [words for words in sentences if len(words) > 2]
    ids, vocabulary = encode(chunks(text[:-200]))
    model = ngram.estimate(ids, vocabulary, order=3, discount_fallback=FALLBACK)
    found = ngram.perplexity(ngram.score(model, vocabulary.encode(chunks(text[-200:]))))
    assert (found.including, found.excluding) == pytest.approx((355.4670, 238.3367), rel=3e-7)
    assert (found.tokens, found.oov) == (4347, 317)


@pytest.mark.parametrize("name", ["model.npz", "model.arpa", "model.arpa.gz"])
def test_models_are_written_and_read_by_their_names(tmp_path: Path, name: str) -> None:
    ids, vocabulary = encode(chunks(zipfian(3)))
    model = ngram.estimate(ids, vocabulary, order=3, discount_fallback=FALLBACK)
    ngram.write(model, tmp_path / name)
    again = ngram.read(tmp_path / name)
    assert (tmp_path / name).read_bytes()[:2] == {".npz": b"PK", ".gz": b"\x1f\x8b"}.get(Path(name).suffix, b"\\d")
    assert ngram.score(again, ids).log10 == pytest.approx(ngram.score(model, ids).log10, abs=1e-5)
