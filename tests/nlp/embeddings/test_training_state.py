"""The state file: comes back as it went, is refused for another training, leaves no temporary file."""

from pathlib import Path

import numpy as np
import pytest

from nlp.embeddings import training_state
from nlp.errors import DataError

ROWS = [{"epoch": 1, "loss": 2.5}]


def test_it_comes_back_as_it_went(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    for value in (1.0, 2.0):
        training_state.write(path, {"words": np.full(3, value)}, settings={"seed": 1, "window": 5}, rows=ROWS)
    arrays, rows = training_state.read(path, settings={"seed": 1, "window": 5})
    assert arrays["words"].tolist() == [2, 2, 2]
    assert (list(arrays), rows) == (["words"], ROWS)
    assert [file.name for file in tmp_path.iterdir()] == ["state.npz"]


def test_a_digest_tells_words_and_counts_apart() -> None:
    digests = {
        training_state.digest(words, np.array(counts))
        for words, counts in ((["a", "b"], [2, 1]), (["a", "b"], [2, 2]), (["ab"], [2]), (["b", "a"], [2, 1]))
    }
    assert len(digests) == 4


def test_bad_input_settings_of_another_training(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    training_state.write(path, {}, settings={"seed": 1}, rows=ROWS)
    with pytest.raises(DataError, match="other seed, epochs; give the same again, or delete it to start anew"):
        training_state.read(path, settings={"seed": 2, "epochs": 3})


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut off"])
def test_bad_input_a_file_that_is_no_state(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"is not a training state .*; delete it to start anew"):
        training_state.read(path, settings={})
