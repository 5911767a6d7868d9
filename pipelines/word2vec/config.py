"""Config: every flag of word2vec with its sentence and range."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from nlp.embeddings import settings
from pipelines.flags import RunFlags


@dataclass(frozen=True, kw_only=True)
class Training:
    """How the vectors are found."""

    epochs: int | None = None
    """Passes over the text, 1 or more; when absent as many as read about 15 million words, 1 to 20."""
    learning_rate: float | None = None
    """First learning rate, above 0, at most 1; when absent 0.05 (skip-gram) or 0.1 (cbow), with gensim 0.025 or 0.05."""
    min_learning_rate: float = 1e-4
    """Last learning rate, which it falls to evenly, 0 or more."""
    workers: int | None = None
    """Threads, 1 or more; as many as there are cores when absent (gensim only)."""
    deterministic: bool = False
    """Same vectors on every run, bit by bit, at some cost in speed (gensim with one worker)."""

    def __post_init__(self) -> None:
        """Check the ranges; the messages name the flags."""
        for name in ("epochs", "learning_rate", "min_learning_rate", "workers"):
            if (value := getattr(self, name)) is not None:
                settings.check(name, value, called=f"--training.{name.replace('_', '-')}")
        settings.check_rates(
            self.learning_rate,
            self.min_learning_rate,
            called=("--training.learning-rate", "--training.min-learning-rate"),
        )


@dataclass(frozen=True, kw_only=True)
class Config(RunFlags):
    """The flags of one run."""

    data: str = "lee"
    """Text file (plain, .gz, .xz or .bz2), folder of text files, or the built-in `lee`. Nothing is held out, since the scores come from
    word lists; of a folder with train, valid and test files only train is read."""
    engine: Literal["keras", "gensim"] = "keras"
    """What trains: our Keras implementation, or gensim."""
    architecture: Literal["skip-gram", "cbow"] = "skip-gram"
    """Predict the context from the word, or the word from the mean of its context."""
    objective: Literal["negative-sampling", "hierarchical-softmax"] = "negative-sampling"
    """Loss; hierarchical softmax needs --engine gensim."""
    dimensions: int = 100
    """Length of a vector, 1 to 2000."""
    window: int = 5
    """Words on each side that count as context, at most; the width is drawn anew for every word, 1 to 50."""
    negatives: int = 5
    """Noise words for every true one, 1 to 100 (negative sampling); keras draws 32 for every 32 words of the text, which share them, and
    weighs them as so many."""
    sample: float = 1e-3
    """Frequency above which a word is left out at random, the more the more frequent it is, 0 (never) to 1."""
    min_count: int = 5
    """Words that occur less often get no vector, 1 or more."""
    vocabulary_size: int | None = None
    """Keep so many of the most frequent words, 1 or more; all when absent."""
    phrases: Literal[0, 1, 2] = 0
    """Passes that join words which belong together, such as new_york: one finds pairs, two find up to four words."""
    tokenizer: Literal["words", "space", "letters", "english", "characters"] = "words"
    """How text becomes words: `words` (lower-cased runs of letters and digits of any script, sentences end at .!?), `space` (split at
    white space, one sentence per line; `<unk>`, `<s>` and `</s>` in the text become the words `<UNK>`, `<S>`, `</S>`), `letters`
    (lower-cased a to z), `english` (a to z and apostrophes), `characters`."""
    errors: Literal["strict", "replace"] = "strict"
    """Bytes that are not UTF-8: refuse the text with their place, or replace them."""
    pairs: Path | None = None
    """A list of word pairs with their similarity (word, word, number, tab-separated) to score by, beside WordSim-353 and SimLex-999; the
    score is spearman_<name of the file>."""
    questions: Path | None = None
    """Analogies to score by, four words per line, sections begin with `:`; Mikolov's 19,544 when absent."""
    training: Training = field(default_factory=Training)
    """How the vectors are found."""

    def __post_init__(self) -> None:
        """Check the ranges; the messages name the flags."""
        super().__post_init__()
        for name in ("dimensions", "window", "negatives", "sample", "min_count"):
            settings.check(name, getattr(self, name), called=f"--{name.replace('_', '-')}")
        settings.check("most", self.vocabulary_size, called="--vocabulary-size")
        if self.objective == "hierarchical-softmax" and self.engine != "gensim":
            raise ValueError(
                "--objective hierarchical-softmax needs --engine gensim; --engine keras has negative sampling only"
            )
