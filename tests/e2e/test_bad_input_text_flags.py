"""Wrong flags of the two text pipelines: exit code 2, the flag named, with what it was and what it may be; nothing written."""

from pathlib import Path

import pytest

from tests.e2e.pipeline_runs import Pipeline


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--order 0", "--order is 0; expected 1 to 20"),
        ("--order 21", "--order is 21; expected 1 to 20"),
        ("--k 0", "--k is 0.0; expected above 0"),
        ("--k nan", "--k is nan; expected above 0"),
        ("--discount-fallback 0.5 1", "--discount-fallback"),
        ("--discount-fallback 0.5 1 3.5", "--discount-fallback is (0.5, 1.0, 3.5); expected 0 to 1, 0 to 2 and 0 to 3"),
        ("--prune 0 2 1", "--prune is (0, 2, 1); expected counts of 0 or more, none below the one before it"),
        ("--prune 0 0 0 1", "--prune is (0, 0, 0, 1); expected at most --order numbers, which is 3"),
        ("--prune 1 --smoothing katz", "--prune 1 … drops words, which --smoothing katz cannot; begin with 0"),
        ("--prune-entropy 1", "--prune-entropy is 1.0; expected 0 to below 1"),
        ("--prune-entropy nan", "--prune-entropy is nan; expected 0 to below 1"),
        ("--vocabulary-size 0", "--vocabulary-size is 0; expected 1 or more"),
        ("--min-count 0", "--min-count is 0; expected 1 or more"),
        ("--shortest-sentence 0", "--shortest-sentence is 0; expected 1 or more"),
        ("--memory 0.05", "--memory is 0.05; expected 0.1 or more GiB"),
        ("--memory inf", "--memory is inf; expected 0.1 or more GiB"),
        ("--seed -1", "--seed is -1; expected 0 to 4294967295"),
        ("--closed --no-interpolate-unigrams", "--no-interpolate-unigrams leaves to <unk> what --closed denies it"),
        (
            "--smoothing stupid-backoff --prune-entropy 0.1",
            "stupid-backoff gives no probabilities, which --prune-entropy",
        ),
        (
            "--smoothing stupid-backoff --mix a.arpa",
            "stupid-backoff gives no probabilities, which --prune-entropy and --mix",
        ),
        ("--smoothing kneser", "--smoothing"),
        ("--tokenizer bpe", "--tokenizer"),
        ("--trigrams", "--trigrams"),
    ],
)
def test_flags_of_ngram(pipeline: Pipeline, tmp_path: Path, flags: str, words: str) -> None:
    pipeline("ngram", *flags.split(), "--out", "run").refuses(words, code=2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--dimensions 0", "--dimensions is 0; expected 1 to 2000"),
        ("--window 51", "--window is 51; expected 1 to 50"),
        ("--negatives 0", "--negatives is 0; expected 1 to 100"),
        ("--sample 1.5", "--sample is 1.5; expected 0 to 1"),
        ("--sample nan", "--sample is nan; expected 0 to 1"),
        ("--min-count 0", "--min-count is 0; expected 1 or more"),
        ("--vocabulary-size 0", "--vocabulary-size is 0; expected 1 or more"),
        ("--seed 4294967296", "--seed is 4294967296; expected 0 to 4294967295"),
        ("--phrases 3", "--phrases"),
        ("--objective hierarchical-softmax", "--objective hierarchical-softmax needs --engine gensim"),
        ("--training.epochs 0", "--training.epochs is 0; expected 1 or more"),
        ("--training.learning-rate 0", "--training.learning-rate is 0.0; expected above 0"),
        ("--training.learning-rate nan", "--training.learning-rate is nan; expected above 0"),
        ("--training.learning-rate 1.5", "--training.learning-rate is 1.5; expected above 0, at most 1"),
        ("--training.min-learning-rate -1", "--training.min-learning-rate is -1.0; expected 0 or more"),
        (
            "--training.learning-rate 0.01 --training.min-learning-rate 0.02",
            "--training.min-learning-rate is 0.02; expected at most 0.01, the first one",
        ),
        (
            "--training.min-learning-rate 0.03",
            "--training.min-learning-rate is 0.03; expected at most 0.025 without a --training.learning-rate",
        ),
        ("--training.workers 0", "--training.workers is 0; expected 1 or more"),
    ],
)
def test_flags_of_word2vec(pipeline: Pipeline, tmp_path: Path, flags: str, words: str) -> None:
    pipeline("word2vec", *flags.split(), "--out", "run").refuses(words, code=2)
    assert not list(tmp_path.iterdir())
