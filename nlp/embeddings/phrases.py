"""Phrases: words that belong together are joined, such as new_york (Mikolov et al., 2013, section 4), found by gensim."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gensim.models.phrases import Phrases

from nlp.embeddings.gensim_log import quiet
from nlp.embeddings.sentences import Sentences

JOINT = "_"
_INNER = "\x1f"
"""Separates the words of a phrase inside gensim, which takes a word that holds its separator for a phrase."""
_MOST_COUNTED = 10_000_000
"""Words and pairs counted at once, about 1 GB; the rarest are dropped beyond."""


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """A phrase that was found."""

    text: str
    """Its words, joined by `_`."""
    score: float
    """(count - min_count) / (count of a * count of b) * number of words and pairs: gensim's form of word2phrase's score."""
    count: int
    """How often its words follow each other in the text."""


def join(
    text: Path, target: Path, *, passes: Literal[1, 2] = 1, min_count: int = 5, threshold: float = 10.0
) -> list[Phrase]:
    """Write the normalised text with its phrases joined to `target`, and list them by falling score.

    passes: one finds pairs, two find up to four words. min_count: least count of a word and of a pair. threshold: score above which a
    pair is a phrase, above 0; a higher one finds fewer. Both files are read and written as a stream.
    """
    if passes == 1:
        return _pass(text, target, min_count=min_count, threshold=threshold)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        pairs = Path(folder) / "pairs.txt"
        first = _pass(text, pairs, min_count=min_count, threshold=threshold)
        longer = _pass(pairs, target, min_count=min_count, threshold=threshold)
    found = {phrase.text: phrase for phrase in first + longer}
    return sorted(found.values(), key=lambda phrase: (-phrase.score, phrase.text))


def _pass(text: Path, target: Path, *, min_count: int, threshold: float) -> list[Phrase]:
    sentences = Sentences(text)
    with quiet():
        model = Phrases(
            sentences, min_count=min_count, threshold=threshold, delimiter=_INNER, max_vocab_size=_MOST_COUNTED
        )
        frozen = model.freeze()
    with target.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(" ".join(frozen[sentence]).replace(_INNER, JOINT) + "\n" for sentence in sentences)
    found = [
        Phrase(text=phrase.replace(_INNER, JOINT), score=float(score), count=int(model.vocab[phrase]))
        for phrase, score in frozen.phrasegrams.items()
    ]
    return sorted(found, key=lambda phrase: (-phrase.score, phrase.text))
