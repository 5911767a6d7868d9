"""Config: every flag of ngram with its sentence and range."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines import flags
from pipelines.flags import RunFlags

HIGHEST_ORDER = 20


@dataclass(frozen=True, kw_only=True)
class Config(RunFlags):
    """The flags of one run."""

    data: str = "lee"
    """Text file (plain, .gz, .xz or .bz2), folder of text files, folder with train, valid and test files, or the built-in `lee`."""
    validation: Path | None = None
    """Text that weighs the models of --mix; a tenth of the training text when absent."""
    test: Path | None = None
    """Held-out text for the scores; a fifth of the lines when neither this nor a test file in --data is there."""
    model: Path | None = None
    """An ARPA file (KenLM's, SRILM's) or the model.npz of another run to score, serve and report, instead of counting; --data is then the
    text for the scores, and the flags about counting have no effect."""
    order: int = 3
    """Words of the longest n-grams, 1 to 20."""
    smoothing: Literal[
        "modified-kneser-ney",
        "kneser-ney",
        "witten-bell",
        "katz",
        "add-k",
        "stupid-backoff",
        "maximum-likelihood",
    ] = "modified-kneser-ney"
    """How n-grams that were not seen get their share: modified Kneser-Ney exactly as lmplz, interpolated Kneser-Ney with one discount per
    order, interpolated Witten-Bell, Katz with Good-Turing counts, add-k, stupid backoff (scores, not probabilities), or not at all."""
    k: float = 1.0
    """What add-k adds to every count, above 0."""
    discount_fallback: tuple[float, float, float] | None = None
    """Kneser-Ney's discounts of counts 1, 2 and 3 or more for an order with too little data to estimate them, such as 0.5 1 1.5; such
    an order is refused when absent. Not below 0, and each at most its count."""
    interpolate_unigrams: bool = True
    """Mix the unigrams of Kneser-Ney with the uniform distribution, as lmplz does; otherwise <unk> gets all that was discounted."""
    prune: tuple[int, ...] = ()
    """Drop n-grams that occur at most so often: one number per order from 1, none below the one before it, such as 0 0 1. The last number
    holds for all higher orders too."""
    prune_entropy: float = 0.0
    """Drop n-grams whose loss raises the training perplexity by less than this share, such as 1e-8 (Stolcke 1998); 0 drops none."""
    vocabulary_size: int | None = None
    """Keep so many of the most frequent words, 1 or more; the others become <unk>. All when absent."""
    min_count: int = 1
    """Words that occur less often become <unk>, 1 or more."""
    closed: bool = False
    """Give no probability to words outside the vocabulary."""
    mix: tuple[Path, ...] = ()
    """ARPA files or model.npz of other models to interpolate with, with the weights that suit the validation text best;
    a model that was trained on that text would get nearly all the weight."""
    tokenizer: Literal["words", "space", "letters", "english", "characters"] = "words"
    """How text becomes words: `words` (lower-cased runs of letters and digits of any script, sentences end at .!?), `space` (split at
    white space, one sentence per line, as KenLM), `letters` (lower-cased a to z), `english` (a to z and apostrophes), `characters`."""
    shortest_sentence: int = 1
    """Leave out sentences of fewer words, 1 or more (tokenizer space keeps empty lines at 1, as lmplz)."""
    symbols: Literal["refuse", "drop", "rename"] = "refuse"
    """What to do with <s>, </s> and <unk> in the text of tokenizer space: refuse it, drop them, or read them as words <S>, </S>, <UNK>."""
    errors: Literal["strict", "replace"] = "strict"
    """Bytes that are not UTF-8: refuse the text with their place, or replace them."""
    memory: float = 4.0
    """GiB that counting may use, 0.1 or more; what does not fit goes to temporary files in the run folder."""
    arpa: bool = True
    """Write model.arpa, which KenLM and SRILM read, beside model.npz."""

    def __post_init__(self) -> None:
        """Check the ranges; the messages name the flags."""
        super().__post_init__()
        flags.check(1 <= self.order <= HIGHEST_ORDER, "order", self.order, f"1 to {HIGHEST_ORDER}")
        flags.check(0 < self.k < float("inf"), "k", self.k, "above 0")
        if self.discount_fallback is not None:
            inside = all(0 <= value <= count for count, value in enumerate(self.discount_fallback, 1))
            flags.check(
                inside, "discount-fallback", self.discount_fallback, "0 to 1, 0 to 2 and 0 to 3, such as 0.5 1 1.5"
            )
        rising = all(0 <= low <= high for low, high in zip((0, *self.prune), self.prune, strict=False))
        flags.check(rising, "prune", self.prune, "counts of 0 or more, none below the one before it")
        flags.check(
            len(self.prune) <= self.order, "prune", self.prune, f"at most --order numbers, which is {self.order}"
        )
        flags.check(0 <= self.prune_entropy < 1, "prune-entropy", self.prune_entropy, "0 to below 1")
        flags.check(
            self.vocabulary_size is None or self.vocabulary_size >= 1,
            "vocabulary-size",
            self.vocabulary_size,
            "1 or more",
        )
        flags.check(self.min_count >= 1, "min-count", self.min_count, "1 or more")
        flags.check(self.shortest_sentence >= 1, "shortest-sentence", self.shortest_sentence, "1 or more")
        flags.check(0.1 <= self.memory < float("inf"), "memory", self.memory, "0.1 or more GiB")
        if self.prune and self.prune[0] and not self.smoothing.endswith("kneser-ney"):
            raise ValueError(
                f"--prune {self.prune[0]} … drops words, which --smoothing {self.smoothing} cannot; begin with 0, or use --min-count"
            )
        if self.model is not None and self.mix:
            raise ValueError(
                "--mix weighs models against one that is counted, and --model counts none; leave out one of the two"
            )
        if self.closed and not self.interpolate_unigrams:
            raise ValueError(
                "--no-interpolate-unigrams leaves to <unk> what --closed denies it; leave out one of the two"
            )
        if self.smoothing == "stupid-backoff" and (self.prune_entropy or self.mix):
            raise ValueError(
                "--smoothing stupid-backoff gives no probabilities, which --prune-entropy and --mix need; choose another"
            )
