"""KeyedVectors put together: words, rows and counts belong to each other."""

import numpy as np

from nlp.embeddings.vectors import keyed


def test_rows_and_counts_stay_with_their_words() -> None:
    matrix = np.arange(6, dtype=np.float32).reshape(3, 2)
    vectors = keyed(["the", "größe", "new_york"], matrix, counts=np.array([9, 4, 1]))
    assert vectors["größe"].tolist() == [2, 3]
    assert [vectors.get_vecattr(word, "count") for word in vectors.index_to_key] == [9, 4, 1]
    assert vectors.vectors.dtype == np.float32
    assert "count" not in keyed(["a"], matrix[:1]).expandos
