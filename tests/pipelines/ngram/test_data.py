"""The text of an n-gram model: its parts, and its words as ids."""

from pathlib import Path

import numpy as np
import pytest

from nlp import ngram
from nlp.corpora import Corpus
from nlp.errors import DataError
from nlp.vocabulary import BOS, EOS, UNK
from pipelines.ngram import data as ngram_data
from pipelines.ngram.config import Config
from tests.e2e import texts
from tests.nlp.ngrams import by_hand

LINES = [f"line {number}" for number in range(2000)]


def _part(corpus: Corpus, name: str) -> set[str]:
    lines = getattr(corpus, name)
    return set(lines or ())


def _config(tmp_path: Path, **flags: object) -> Config:
    data = texts.write(tmp_path / "data.txt", LINES)
    return Config(**{"data": str(data), **flags})  # type: ignore[arg-type]


def test_a_fifth_is_held_out(tmp_path: Path) -> None:
    corpus = ngram_data.read(_config(tmp_path))
    train, test = _part(corpus, "train"), _part(corpus, "test")
    assert corpus.validation is None
    assert train | test == set(LINES)
    assert not train & test
    assert len(test) / len(LINES) == pytest.approx(0.2, abs=0.03)
    again = ngram_data.read(_config(tmp_path, seed=1))
    assert _part(again, "test") != test


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A model to mix with."""
    path = tmp_path / "other.npz"
    ngram.write(by_hand.unigrams(a=0.5), path)
    return path


def test_as_much_again_weighs_the_models(tmp_path: Path, other: Path) -> None:
    corpus = ngram_data.read(_config(tmp_path, mix=(other,)))
    parts = [_part(corpus, name) for name in ("train", "validation", "test")]
    assert sum(map(len, parts)) == len(set().union(*parts)) == len(LINES)
    assert [len(part) / len(LINES) for part in parts] == pytest.approx([0.6, 0.2, 0.2], abs=0.03)


def test_with_a_test_text_a_tenth_weighs_the_models(tmp_path: Path, other: Path) -> None:
    test = texts.write(tmp_path / "test.txt", ["held out"])
    plain = ngram_data.read(_config(tmp_path, test=test))
    assert _part(plain, "train") == set(LINES)
    mixed = ngram_data.read(_config(tmp_path, test=test, mix=(other,)))
    assert _part(mixed, "train") | _part(mixed, "validation") == set(LINES)
    assert len(_part(mixed, "validation")) / len(LINES) == pytest.approx(0.1, abs=0.02)
    assert _part(plain, "test") == _part(mixed, "test") == {"held out"}


def test_a_validation_text_of_ones_own(tmp_path: Path, other: Path) -> None:
    validation = texts.write(tmp_path / "validation.txt", ["to weigh"])
    mixed = ngram_data.read(_config(tmp_path, validation=validation, mix=(other,)))
    assert _part(mixed, "validation") == {"to weigh"}
    assert len(_part(mixed, "train")) / len(LINES) == pytest.approx(0.8, abs=0.03)
    assert ngram_data.read(_config(tmp_path, validation=validation)).validation is None


def test_parts_of_a_folder(tmp_path: Path, other: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("train", "valid", "test"):
        texts.write(folder / f"{name}.txt", [name])
    corpus = ngram_data.read(Config(data=str(folder), mix=(other,)))
    assert [_part(corpus, name) for name in ("train", "validation", "test")] == [{"train"}, {"valid"}, {"test"}]


def test_encoded_parts(tmp_path: Path) -> None:
    data = texts.write(tmp_path / "data.txt", ["a b", "", "a c"])
    held = texts.write(tmp_path / "test.txt", ["a d"])
    config = Config(data=str(data), test=held, tokenizer="space", min_count=2)
    corpus = ngram_data.read(config)
    found = ngram_data.encode(config, corpus, tmp_path)
    assert found.vocabulary.words == [UNK, BOS, EOS, "a"]
    assert found.train.tolist() == [1, 3, 0, 2, 1, 2, 1, 3, 0, 2]
    assert found.test_chunks == ["a d\n"]
    assert found.validation_chunks == []
    assert isinstance(found.train, np.memmap)


def test_a_missing_model_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--mix nope\.arpa: no such file"):
        ngram_data.read(Config(data=str(tmp_path / "absent"), mix=(Path("nope.arpa"),)))
