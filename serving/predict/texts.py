"""Answers about texts and words: what `serving.predict` prints for an n-gram model and for word vectors."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.client import NoAnswerError
from serving.predict import opened as predict_model
from serving.predict.opened import Model, Opened

UNKNOWN = "not in the vocabulary"

Named = list[tuple[str, float]]
"""Words with their scores, best first."""


@dataclass(frozen=True, kw_only=True)
class TextScore:
    """What an n-gram model says to a text."""

    log_prob: float
    """Natural logarithm of its probability; -inf where a model without smoothing has never seen a part of it."""
    perplexity: float
    """exp(-log_prob / tokens), the end of each sentence being a token; 1 or more."""
    next_words: Named
    """Words that may follow, with probabilities; `</s>` is the end of the sentence."""


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """What word vectors say to a word."""

    neighbours: Named
    """The nearest other words, with cosine similarities."""
    vector: NDArray[np.float32]
    """(d,)."""


def answer_texts(opened: Opened, inputs: Sequence[str], *, as_json: bool) -> Iterator[bool]:
    """Print a line for each text that `inputs` mean (see `lines`), one after the other; whether each could be answered."""
    answer = ANSWERS[opened.task]
    for given in lines(inputs):
        yield _answer(given, given, partial(answer, opened.model, given), as_json=as_json)


def answer_analogies(opened: Opened, asked: Iterable[Sequence[str]], *, as_json: bool) -> Iterator[bool]:
    """Print a line for each (a, b, c): the words that are to c as b is to a. Raises ValueError where the model has no analogies."""
    if "analogy" not in opened.model.signatures:
        known = ", ".join(sorted(opened.model.signatures))
        raise ValueError(
            f"--analogy: the model at {opened.place} has no signature `analogy` (it has {known}); word2vec bundles have one"
        )
    for a, b, c in asked:
        title = f"{a} : {b} = {c} : ?"
        yield _answer(title, [a, b, c], partial(_answered_analogy, opened.model, a, b, c), as_json=as_json)


def text_score(loaded: Model, text: str) -> TextScore:
    """What an n-gram model says to a text. Raises ValueError when it refuses the text."""
    answer = _run(loaded, "serving_default", text=text)
    return TextScore(
        log_prob=float(answer["log_prob"][0]),
        perplexity=float(answer["perplexity"][0]),
        next_words=_named(answer["next_words"], answer["next_scores"]),
    )


def neighbours(loaded: Model, word: str) -> Neighbours:
    """What word vectors say to a word, spelled as training left it: mostly in lower case, a phrase joined by `_`.

    Raises ValueError when it is not in the vocabulary, with the spelling that is, if one is.
    """
    answer = _run(loaded, "serving_default", words=word)
    if not answer["in_vocabulary"][0]:
        raise ValueError(UNKNOWN + _hint(loaded, [word]))
    return Neighbours(neighbours=_named(answer["neighbours"], answer["similarities"]), vector=answer["vectors"][0])


def analogy(loaded: Model, a: str, b: str, c: str) -> Named:
    """Words that are to c as b is to a, with cosine similarities, best first. Raises ValueError for unknown words, naming them."""
    answer = _run(loaded, "analogy", a=a, b=b, c=c)
    if not np.all(answer["in_vocabulary"][0]):
        unknown = [word for word in dict.fromkeys((a, b, c)) if not _known(loaded, word)]
        raise ValueError(f"{', '.join(unknown)}: {UNKNOWN}{_hint(loaded, unknown)}")
    return _named(answer["words"], answer["similarities"])


def lines(inputs: Iterable[str]) -> Iterator[str]:
    """The texts that inputs mean: `-` the lines of standard input, `@FILE` those of a file, all else itself; blank lines are passed over.

    Bytes that are not UTF-8 stay in the text as lone surrogates. Raises FileNotFoundError.
    """
    for given in inputs:
        if given == "-":
            yield from _filled(sys.stdin.buffer)
        elif given.startswith("@"):
            path = Path(given[1:])
            if not path.is_file():
                raise FileNotFoundError(f"{path}: no such file; expected one with a text in each line")
            with path.open("rb") as file:
                yield from _filled(file)
        else:
            yield given


def _known(loaded: Model, word: str) -> bool:
    return bool(_run(loaded, "serving_default", words=word)["in_vocabulary"][0])


def _hint(loaded: Model, unknown: Iterable[str]) -> str:
    """The spellings under which unknown words are in the vocabulary after all, joined by `_` or in lower case too."""
    found = []
    for word in unknown:
        joined = "_".join(word.split())
        others = [other for other in dict.fromkeys((joined, joined.lower())) if other != word]
        found += [other for other in others if _known(loaded, other)][:1]
    return f"; words are looked up as they are spelled, and it has {', '.join(found)}" if found else ""


def _filled(file: Iterable[bytes]) -> Iterator[str]:
    texts = (line.decode("utf-8", "surrogateescape").strip("\r\n") for line in file)
    yield from (text for text in texts if text.strip())


def _answer(title: str, given: Any, make: Callable[[], tuple[str, Mapping[str, Any]]], *, as_json: bool) -> bool:
    """Print what `make` gives, as a line after the title or as a record with the input; its ValueError is named."""
    try:
        line, record = make()
    except NoAnswerError:  # the next input would get none either
        raise
    except ValueError as error:
        print(f"error: {title}: {error}", file=sys.stderr, flush=True)
        return False
    print(json.dumps({"input": given, **record}, ensure_ascii=False) if as_json else f"{title}: {line}", flush=True)
    return True


def _answered_text(model: Model, text: str) -> tuple[str, dict[str, Any]]:
    score = text_score(model, text)
    line = f"perplexity {score.perplexity:.4g}, log probability {score.log_prob:.4g}; next {_listed(score.next_words)}"
    names, scores = _apart(score.next_words)
    return line, {
        "log_prob": score.log_prob,
        "perplexity": score.perplexity,
        "next_words": names,
        "next_scores": scores,
    }


def _answered_word(model: Model, word: str) -> tuple[str, dict[str, Any]]:
    found = neighbours(model, word)
    names, similarities = _apart(found.neighbours)
    return _listed(found.neighbours), {
        "neighbours": names,
        "similarities": similarities,
        "vector": found.vector.tolist(),
    }


def _answered_analogy(model: Model, a: str, b: str, c: str) -> tuple[str, dict[str, Any]]:
    found = analogy(model, a, b, c)
    names, similarities = _apart(found)
    return _listed(found), {"words": names, "similarities": similarities}


def _run(loaded: Model, signature: str, **texts: str) -> Mapping[str, NDArray[Any]]:
    inputs = {name: np.array([text.encode("utf-8", "surrogateescape")], object) for name, text in texts.items()}
    return predict_model.run(loaded, signature, inputs, reason=lambda message: message.split("\n")[0])


def _named(names: NDArray[Any], scores: NDArray[Any]) -> Named:
    """The first row; places that no word was left for are empty strings."""
    pairs = zip(names[0], scores[0], strict=True)
    return [(name.decode("utf-8", "surrogateescape"), float(score)) for name, score in pairs if name]


def _apart(named: Named) -> tuple[list[str], list[float]]:
    return [name for name, _ in named], [score for _, score in named]


def _listed(named: Named) -> str:
    return ", ".join(f"{name} {score:.3f}" for name, score in named) or "none"


ANSWERS: Mapping[str, Callable[[Model, str], tuple[str, dict[str, Any]]]] = {
    "ngram": _answered_text,
    "word2vec": _answered_word,
}
"""By task: a text to the printed line and the record of --json."""
