"""nlp.ngrams.proofs: requests to an exported n-gram model, and the answers by hand that they must get."""

from pathlib import Path

import numpy as np
import pytest

from nlp.ngrams import proofs, signatures
from nlp.tokenizers import Tokenizer
from serving import bundle
from tests.nlp.ngrams import arpa_models

TOKENIZER = Tokenizer("words")


def test_each_signature_is_asked_with_all_texts_and_answers_come_from_the_tables(tmp_path: Path) -> None:
    (_, inputs, default), (_, other_inputs, tokens) = proofs.requests(
        arpa_models.toy0(tmp_path), TOKENIZER, ["a b", "zebra"]
    )
    assert inputs["text"].tolist() == other_inputs["text"].tolist() == [b"a b", b"zebra"]
    history = ["<s>", "a", "b", "</s>"]
    log10 = [arpa_models.plain_log10(arpa_models.TOY0, history[:i], history[i], 3)[0] for i in (1, 2, 3)]
    assert default["log_prob"][0] == pytest.approx(sum(log10) * np.log(10), rel=1e-6)
    assert default["perplexity"][0] == pytest.approx(10 ** (-sum(log10) / 3), rel=1e-6)
    assert sorted(default["next_words"][0]) == [b"</s>", b"a", b"b"]
    assert tokens["tokens"].tolist() == [[b"a", b"b", b"</s>"], [b"zebra", b"</s>", b""]]
    assert tokens["log_probs"][0] == pytest.approx(np.array(log10) * np.log(10), rel=1e-6)
    assert tokens["log_probs"][1, 2] == 0
    assert tokens["in_vocabulary"].tolist() == [[True, True, True], [False, True, False]]


def test_a_wrong_expectation_is_found(tmp_path: Path) -> None:
    model = arpa_models.toy0(tmp_path)
    tracked, functions = signatures.signatures(model, TOKENIZER)
    wrong = [
        bundle.Proof(name, inputs, {key: value + 1 for key, value in outputs.items() if value.dtype.kind in "if"})
        for name, inputs, outputs in proofs.requests(model, TOKENIZER, ["a b"])
    ]
    with pytest.raises(bundle.BundleError, match="differs from the model"):
        bundle.write(tmp_path / "export", tracked, functions, description={}, proofs=wrong)
