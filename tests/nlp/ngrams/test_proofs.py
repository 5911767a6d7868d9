"""Proofs of an exported n-gram model: a wrong answer is found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from nlp.ngrams import proofs as ngrams_proofs
from nlp.ngrams import signatures as graph
from nlp.tokenizers import Tokenizer
from serving import bundle
from tests.nlp.ngrams import arpa_models

TOKENIZER = Tokenizer("words")


def test_a_wrong_expectation_is_found(tmp_path: Path) -> None:
    model = arpa_models.toy0(tmp_path)
    tracked, signatures = graph.signatures(model, TOKENIZER)
    wrong: list[bundle.Proof] = []
    for name, inputs, outputs in ngrams_proofs.requests(model, TOKENIZER, ["a b"]):
        changed: Mapping[str, NDArray[Any]] = {key: value for key, value in outputs.items() if value.dtype != object}
        wrong.append(
            bundle.Proof(
                signature=name, inputs=inputs, outputs={k: v + 1 for k, v in changed.items() if v.dtype != bool}
            )
        )
    with pytest.raises(bundle.BundleError, match="differs from the model"):
        bundle.write(tmp_path / "export", tracked, signatures, description={}, proofs=wrong)
