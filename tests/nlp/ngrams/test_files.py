"""The .npz file: what comes back, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from nlp.errors import DataError
from nlp.ngrams import files
from nlp.ngrams.tables import NGramModel
from tests.nlp.ngrams import arpa_models


def _same(one: NGramModel, other: NGramModel) -> None:
    assert one.vocabulary.words == other.vocabulary.words
    assert (one.smoothing, one.normalised, one.order) == (other.smoothing, other.normalised, other.order)
    for mine, theirs in zip(one.levels, other.levels, strict=True):
        np.testing.assert_array_equal(mine.keys, theirs.keys)
        np.testing.assert_array_equal(mine.log10_prob.astype(np.float32), theirs.log10_prob)
        np.testing.assert_array_equal(mine.log10_backoff.astype(np.float32), theirs.log10_backoff)


def test_round_trip(tmp_path: Path) -> None:
    model = arpa_models.toy0(tmp_path)
    files.write(model, tmp_path / "model.npz")
    _same(model, files.read(tmp_path / "model.npz"))
    assert [path.name for path in tmp_path.glob("*npz*")] == ["model.npz"]


def test_nothing_in_the_file_is_pickled(tmp_path: Path) -> None:
    files.write(arpa_models.toy0(tmp_path), tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as arrays:
        assert {array.dtype.kind for array in arrays.values()} <= {"U", "i", "u", "f", "b"}


def _changed(tmp_path: Path, **changes: object) -> Path:
    files.write(arpa_models.toy0(tmp_path), tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz") as arrays:
        content = dict(arrays)
    np.savez(tmp_path / "changed.npz", **(content | changes))
    return tmp_path / "changed.npz"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "another"}, "not a model of this project"),
        ({"version": 99}, "its version is 99"),
        ({"words": np.frombuffer(b"a\nb\nc\nd\ne", np.uint8)}, "do not start with <unk>"),
        ({"words": np.frombuffer(b"<unk>\n<s>\n</s>\nb\nb", np.uint8)}, "occurs twice"),
        ({"last_2": np.zeros(3, np.uint8)}, "2-grams do not fit its 1-grams"),
        ({"last_3": np.full(7, 200, np.uint8)}, "3-grams do not fit its 2-grams"),
        ({"last_3": np.full(7, 3, np.uint8)}, "not sorted"),
        ({"probability_3": np.zeros(2, np.float32)}, "not as many as their probabilities"),
        ({"probability_1": np.full(5, np.nan, np.float32)}, "are not logarithms"),
        ({"order": 4}, "backoff_3"),
    ],
)
def test_bad_input_contradictory_files(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        files.read(_changed(tmp_path, **changes))


def test_bad_input_damaged_and_foreign_files(tmp_path: Path) -> None:
    files.write(arpa_models.toy0(tmp_path), tmp_path / "model.npz")
    content = (tmp_path / "model.npz").read_bytes()
    np.save(tmp_path / "array.npy", np.arange(3))
    np.savez(tmp_path / "arrays.npz", x=np.arange(3))
    np.savez(tmp_path / "pickled.npz", format=np.array([{}], object))
    for name, damaged in [("short", content[: len(content) // 2]), ("empty", b""), ("text", b"hello\n" * 100)]:
        (tmp_path / name).write_bytes(damaged)
    for name in ("short", "empty", "text", "array.npy", "arrays.npz", "pickled.npz", "absent"):
        with pytest.raises(DataError, match=r"cannot be read as an n-gram model .*expected a \.npz"):
            files.read(tmp_path / name)


def test_bad_input_flipped_bytes_never_pass_silently(tmp_path: Path) -> None:
    model = arpa_models.toy0(tmp_path)
    files.write(model, tmp_path / "model.npz")
    content = (tmp_path / "model.npz").read_bytes()
    generator, refused = np.random.default_rng(0), 0
    for position in generator.integers(0, len(content), 60):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        (tmp_path / "damaged.npz").write_bytes(damaged)
        try:
            _same(model, files.read(tmp_path / "damaged.npz"))
        except DataError:
            refused += 1
    assert refused > 20
