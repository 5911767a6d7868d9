"""The quality of word vectors: similarity of word pairs against people's judgement, and analogies."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors
from gensim.test.utils import datapath
from scipy import stats

from nlp.embeddings import lookup
from nlp.embeddings.analogies import Analogies, Section, analogies
from nlp.errors import DataError

__all__ = ["BUILT_IN", "Analogies", "Section", "Similarity", "analogies", "built_in", "similarity"]

BUILT_IN = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt", "questions": "questions-words.txt"}
"""Lists that come with gensim: WordSim-353 (Finkelstein et al., 2002), SimLex-999 (Hill et al., 2015) and Mikolov's 19,544 analogies."""


@dataclass(frozen=True, kw_only=True)
class Similarity:
    """Agreement of cosines with people's judgement of word pairs."""

    spearman: float | None
    """Rank correlation, -1 to 1; None where it is not defined, see `note`."""
    pearson: float | None
    n: int
    """Pairs that count: both words have a vector."""
    oov: int
    """Pairs left out: a word has no vector."""
    oov_share: float
    """oov of all pairs, 0 to 1."""
    note: str
    """The reason where there is no correlation; else empty."""


def built_in(name: str) -> Path:
    """Return the file of a list that comes with gensim, a key of BUILT_IN."""
    return Path(datapath(BUILT_IN[name]))


def similarity(vectors: KeyedVectors, pairs: Path) -> Similarity:
    """Correlate the cosines with people's judgement. Case does not matter; of several spellings the most frequent counts.

    pairs: UTF-8 lines "word TAB word TAB number"; # begins a comment, and the first line may name the three columns. Raises DataError for
    another format. (The figures of gensim's evaluate_word_pairs, which fails where fewer than two pairs are known.)
    """
    every = _pairs(pairs)
    index = {word.upper(): at for at, word in reversed(list(enumerate(vectors.index_to_key)))}
    known = [(index[one], index[two], judged) for one, two, judged in every if one in index and two in index]
    unit = lookup.unit(vectors.vectors)
    cosines = [float(unit[one] @ unit[two]) for one, two, _ in known]
    judged = [number for _, _, number in known]
    note = _note(len(every), judged, cosines)
    return Similarity(
        spearman=None if note else float(stats.spearmanr(judged, cosines).statistic),
        pearson=None if note else float(stats.pearsonr(judged, cosines).statistic),
        n=len(known),
        oov=len(every) - len(known),
        oov_share=(len(every) - len(known)) / len(every),
        note=note,
    )


def _note(every: int, judged: list[float], cosines: list[float]) -> str:
    """Name the reason why there is no correlation, if there is none."""
    if len(judged) < 2:
        return f"no correlation: of {every} pairs {len(judged)} have both words in the vocabulary, and two are needed"
    if min(judged) == max(judged) or min(cosines) == max(cosines):
        return f"no correlation: the {len(judged)} pairs of known words all have the same value"
    return ""


def _pairs(path: Path) -> list[tuple[str, str, float]]:
    """Read the pairs: words in capitals, and how similar people find them."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}); expected UTF-8 lines: word TAB word TAB number") from error
    rows = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    pairs = [_pair(line, path, number) for number, line in rows[1 if rows and _is_header(rows[0][1]) else 0 :]]
    if not pairs:
        raise DataError(f"{path} holds no word pairs; expected lines: word TAB word TAB number")
    return pairs


def _pair(line: str, path: Path, number: int) -> tuple[str, str, float]:
    try:
        one, two, judged = line.upper().split("\t")
        return one.strip(), two.strip(), _finite(judged)
    except ValueError as error:
        raise DataError(f"{path}, line {number}, is {line[:80]!r}; expected word TAB word TAB number") from error


def _is_header(line: str) -> bool:
    """Whether the line names three columns."""
    *words, last = line.split("\t")
    try:
        float(last)
    except ValueError:
        return len(words) == 2
    return False


def _finite(text: str) -> float:
    number = float(text)
    if not np.isfinite(number):
        raise ValueError(text)
    return number
