"""The scores of word vectors, by hand."""

from pathlib import Path

import numpy as np
import pytest

from nlp.embeddings.vectors import keyed
from pipelines.text.left_out import NotUsed
from pipelines.word2vec import evaluation
from pipelines.word2vec.config import Config
from pipelines.word2vec.data import Text
from pipelines.word2vec.training import Trained


def _trained(words: list[str], matrix: list[list[float]]) -> Trained:
    text = Text(path=Path("gone"), sentences=1, words=4, phrases=[], not_used=NotUsed(0, []))
    return Trained(data=text, vectors=keyed(words, np.array(matrix, np.float32)), rows=[])


def test_scores_of_ones_own_lists_by_hand(tmp_path: Path) -> None:
    """Angles of 0, 30, 60 and 90 degrees to the first word."""
    half, root = 0.5, 3**0.5 / 2
    trained = _trained(["a", "b", "c", "d"], [[1, 0], [root, half], [half, root], [0, 1]])
    pairs, questions = tmp_path / "mine.tsv", tmp_path / "questions.txt"
    # The cosines fall as 0.87, 0.5, 0; people put the last two the other way round, and x is unknown.
    pairs.write_text("a\tb\t9\na\tc\t1\na\td\t2\na\tx\t5\n", encoding="utf-8")
    # Nearest to b - a + c, which is (0.37, 1.37), is d. Only the first answer is right; the last question is not known.
    questions.write_text(": all\na b c d\nb a d a\na b c x\n", encoding="utf-8")
    scores = evaluation.evaluate(Config(pairs=pairs, questions=questions), trained).scores
    assert scores["spearman_mine"] == pytest.approx(0.5)
    assert (scores["n_mine"], scores["oov_mine"]) == (3, 0.25)
    assert scores["analogies_full"] == scores["analogies_top30k"] == pytest.approx(0.5)
    assert scores["n_analogies_full"] == 2
    assert scores["oov_analogies_full"] == pytest.approx(1 / 3)
    assert scores["n"] == 4


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("mine.tsv", "mine"),
        ("My own-pairs v2.tsv", "my_own_pairs_v2"),
        ("größe.tsv", "größe"),
        ("simlex999.tsv", "pairs_simlex999"),
        ("WordSim-353.txt", "pairs_wordsim_353"),
        ("analogies_full.tsv", "pairs_analogies_full"),
        ("---.tsv", "pairs"),
    ],
)
def test_scores_are_called_after_ones_own_list_and_replace_no_other(tmp_path: Path, name: str, key: str) -> None:
    pairs = tmp_path / name
    pairs.write_text("a\tb\t9\na\tc\t1\n", encoding="utf-8")
    trained = _trained(["a", "b", "c"], [[1, 0], [1, 1], [0, 1]])
    plain, own = (evaluation.evaluate(Config(pairs=given), trained) for given in (None, pairs))
    added = {f"spearman_{key}": pytest.approx(1), f"n_{key}": 2, f"oov_{key}": 0}
    assert own.scores == plain.scores | added
    assert len(own.similarity) == 3


def test_what_is_not_known_has_no_score() -> None:
    scores = evaluation.evaluate(Config(), _trained(["a", "b"], [[1, 0], [0, 1]])).scores
    assert not [name for name in scores if name.startswith(("spearman", "analogies"))]
    assert scores["n_wordsim353"] == 0
    assert scores["oov_wordsim353"] == scores["oov_analogies_full"] == 1
