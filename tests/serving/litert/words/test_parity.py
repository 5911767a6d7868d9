"""How many searches are compared, and what is compared; test_litert_words has the numbers of real files."""

from pathlib import Path

import numpy as np
import pytest

from serving import saved_model
from serving.litert import LiteRTError
from serving.litert.words import parity
from tests.serving import text_models


def test_large_tables_are_searched_for_a_sample_that_spans_the_vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.zeros((1000, 10), np.float32)
    np.testing.assert_array_equal(parity.compared_ids(table), np.arange(1000))
    monkeypatch.setattr(parity, "SEARCH_NUMBERS", 2_000_000)
    found = parity.compared_ids(table)  # 2,000,000 / 10,000 numbers a search
    assert (len(found), found[0], found[-1]) == (200, 0, 999)
    assert len(np.unique(found)) == 200
    monkeypatch.setattr(parity, "SEARCH_NUMBERS", 1)
    assert len(parity.compared_ids(table)) == parity.FEWEST
    assert parity.compared_ids(table[:1]).tolist() == [0]


def test_the_bundles_answers_become_ids(tmp_path: Path) -> None:
    words, table = text_models.vectors(50)
    with saved_model.load(text_models.write_word2vec(tmp_path / "1", words, table, count=4)) as model:
        served = parity.asked(model, words, table)
        assert served.neighbour_ids.shape == served.similarities.shape == (50, 4)
        for number in range(50):
            ids, cosines = text_models.nearest(table, number, 4)
            np.testing.assert_array_equal(served.neighbour_ids[number], ids)
            np.testing.assert_allclose(served.similarities[number], cosines, atol=1e-6)
        with pytest.raises(LiteRTError, match="gives 'w1' another vector than id 0"):
            parity.asked(model, [words[1], words[0], *words[2:]], table)
