"""gensim's log is silent within, and as before afterwards, an error in between or not."""

import logging

import pytest

from nlp.embeddings.gensim_log import quiet


def _warn_and_fail() -> None:
    with quiet():
        logging.getLogger("gensim.models.word2vec").warning("not to be seen")
        raise RuntimeError("inside")


def test_nothing_appears_within_and_the_level_comes_back(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("gensim")
    before = logger.level
    with pytest.raises(RuntimeError, match="inside"):
        _warn_and_fail()
    assert logger.level == before
    assert not caplog.records
    assert "not to be seen" not in "".join(capfd.readouterr())
    logging.getLogger("gensim.models.word2vec").warning("seen")
    assert [record.message for record in caplog.records] == ["seen"]
