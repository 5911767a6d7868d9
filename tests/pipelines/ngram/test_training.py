"""The training of an n-gram model: its files hold it, and a mixture with itself is itself."""

from pathlib import Path

import pytest

from nlp import ngram
from pipelines.ngram import data as ngram_data
from pipelines.ngram import training
from pipelines.ngram.config import Config
from pipelines.ngram.training import Trained
from tests.e2e import texts


def _trained(config: Config, folder: Path) -> Trained:
    work = folder / "work"
    work.mkdir(parents=True)
    return training.train(config, ngram_data.encode(config, ngram_data.read(config), work), folder, work)


def test_both_files_hold_the_model(tmp_path: Path) -> None:
    data = texts.write(tmp_path / "good.txt", texts.sentences(100))
    config = Config(data=str(data), tokenizer="space", smoothing="witten-bell", order=2)
    trained = _trained(config, tmp_path / "run")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["model.arpa", "model.npz", "work"]
    for name in ("model.arpa", "model.npz"):
        model = ngram.read(tmp_path / "run" / name)
        text = ["w1 w2 w0 w30\n"]
        expected = ngram.score(trained.model, trained.model.vocabulary.encode(text)).log10
        assert ngram.score(model, model.vocabulary.encode(text)).log10 == pytest.approx(expected, rel=1e-6)


def test_a_model_mixed_with_itself_is_itself(tmp_path: Path) -> None:
    data = texts.write(tmp_path / "good.txt", texts.sentences(200))
    flags = {"data": str(data), "test": data, "tokenizer": "space", "smoothing": "witten-bell", "order": 2}
    plain = _trained(Config(**flags, arpa=False), tmp_path / "plain")  # type: ignore[arg-type]
    assert sorted(path.name for path in (tmp_path / "plain").iterdir()) == ["model.npz", "work"]
    # The whole text trains the mixed one as well, since what weighs it is given.
    mix = (tmp_path / "plain" / "model.npz",)
    mixed = _trained(Config(**flags, mix=mix, validation=data), tmp_path / "mixed")  # type: ignore[arg-type]
    assert sum(mixed.parameters["weights of the mixed models"]) == pytest.approx(1)
    context = plain.model.vocabulary.encode(["w1 w2\n"])[None, :2]
    expected = ngram.distribution(plain.model, context)
    assert ngram.distribution(mixed.model, context) == pytest.approx(expected, rel=1e-5)
