"""Analogies, `a is to b as c is to d`: answered by 3CosAdd and counted by section."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from gensim.models import KeyedVectors
from numpy.typing import NDArray

from nlp.embeddings import lookup
from nlp.errors import DataError

RESTRICTED = 30_000
"""Most frequent words in the protocol "top30k", as in word2vec's demonstration (compute-accuracy 30000)."""
_CELLS = 1 << 24
"""Similarities held at once: 64 MiB."""

Question = tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class Section:
    """Questions of one kind, or all of them."""

    name: str
    accuracy: float | None
    """Share of the n questions answered rightly, 0 to 1; None where n is 0."""
    correct: int
    n: int
    """Questions asked: all four words have a vector (and are frequent enough for the protocol)."""
    oov: int
    """Questions left out."""
    oov_share: float
    """oov of all questions, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Analogies:
    """The figures of a list of analogies."""

    total: Section
    sections: list[Section]


def analogies(vectors: KeyedVectors, questions: Path, protocol: Literal["top30k", "full"] = "top30k") -> Analogies:
    """Count analogies answered rightly: of all words but a, b and c, d is the nearest to b - a + c (unit vectors).

    questions: UTF-8 lines of four words; a line ": name" begins a section. protocol: "top30k" takes the 30,000 most frequent words
    only, both in questions and as answers; "full" takes all. Case does not matter; of several spellings the most frequent is asked for.
    Raises DataError for another format. (The figures of gensim's evaluate_word_analogies, many questions at a time.)
    """
    words = vectors.index_to_key[: RESTRICTED if protocol == "top30k" else None]
    spellings = defaultdict(list)
    for at, word in enumerate(words):
        spellings[word.upper()].append(at)
    unit = lookup.unit(vectors.vectors[: len(words)])
    sections = []
    for name, asked in _read(questions):
        known = [question for question in asked if all(word in spellings for word in question)]
        correct = _correct(unit, known, spellings)
        sections.append(_section(name, correct=correct, n=len(known), oov=len(asked) - len(known)))
    correct, n, oov = (sum(getattr(section, field) for section in sections) for field in ("correct", "n", "oov"))
    return Analogies(total=_section("all", correct=correct, n=n, oov=oov), sections=sections)


def _correct(unit: NDArray[np.float32], asked: Sequence[Question], spellings: dict[str, list[int]]) -> int:
    """Count the questions answered rightly."""
    correct, rows = 0, max(1, _CELLS // len(unit))
    for start in range(0, len(asked), rows):
        part = asked[start : start + rows]
        a, b, c, _ = np.array([[spellings[word][0] for word in question] for question in part]).T
        similarities = (unit[b] - unit[a] + unit[c]) @ unit.T
        for row, question in zip(similarities, part, strict=True):
            row[[at for word in question[:3] for at in spellings[word]]] = -np.inf
        for answer, question in zip(similarities.argmax(axis=1), part, strict=True):
            # An expected word that is one of the three cannot be the answer.
            correct += int(answer) in spellings[question[3]] and question[3] not in question[:3]
    return correct


def _section(name: str, *, correct: int, n: int, oov: int) -> Section:
    return Section(
        name=name,
        accuracy=correct / n if n else None,
        correct=correct,
        n=n,
        oov=oov,
        oov_share=oov / (n + oov) if n + oov else 0.0,
    )


def _read(path: Path) -> list[tuple[str, list[Question]]]:
    """Read sections and their questions in capitals."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}); expected UTF-8 lines of four words") from error
    sections: list[tuple[str, list[Question]]] = []
    for number, line in enumerate(lines, 1):
        words = line.upper().split()
        if line.startswith(":"):
            sections.append((line[1:].strip(), []))
        elif len(words) == 4:
            if not sections:
                sections.append((path.stem, []))
            sections[-1][1].append((words[0], words[1], words[2], words[3]))
        elif words:
            raise DataError(
                f"{path}, line {number}, has {len(words)} words; expected four (a is to b as c is to d), or ': section'"
            )
    if not any(asked for _, asked in sections):
        raise DataError(
            f"{path} holds no analogies; expected lines of four words, in sections that begin with ': name'"
        )
    return sections
