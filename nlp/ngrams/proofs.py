"""Requests to an exported n-gram model, with the answers that they must get."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.exported import Request
from nlp.ngrams import query
from nlp.ngrams.tables import Level, NGramModel
from nlp.tokenizers import Tokenizer
from nlp.vocabulary import BOS_ID, EOS, EOS_ID, UNK_ID


def requests(model: NGramModel, tokenizer: Tokenizer, texts: Sequence[str], *, k: int = 10) -> list[Request]:
    """Make a request with all `texts` for each signature of `signatures`, with the answers of `nlp.ngrams.query`."""
    model = _as_stored(model)
    inputs = {"text": np.array([text.encode() for text in texts], object)}
    answers = [_answer(model, tokenizer, text) for text in texts]
    totals = np.array([np.sum(scores.log10) * np.log(10) for _, scores, _ in answers])
    lengths = np.array([len(scores.log10) for _, scores, _ in answers])
    contexts = np.array([context for _, _, context in answers], np.int64).reshape(len(texts), -1)
    words, scores = _next_answer(model, contexts, query.next_count(model, k))
    with np.errstate(over="ignore"):
        perplexity = np.exp(-totals / lengths).astype(np.float32)
    default = {
        "log_prob": totals.astype(np.float32),
        "perplexity": perplexity,
        "next_words": words,
        "next_scores": scores,
    }
    tokens = {
        "tokens": _padded([np.array([word.encode() for word in shown], object) for shown, _, _ in answers], b""),
        "log_probs": _padded([(scores.log10 * np.log(10)).astype(np.float32) for _, scores, _ in answers], 0.0),
        "orders": _padded([scores.order.astype(np.int32) for _, scores, _ in answers], 0),
        "in_vocabulary": _padded([~scores.unknown for _, scores, _ in answers], False),
    }
    return [("serving_default", inputs, default), ("tokens", inputs, tokens)]


def _as_stored(model: NGramModel) -> NGramModel:
    """Round the model to the float32 numbers of the bundle, among which other words may be equally likely."""
    levels = [
        Level(
            keys=level.keys,
            log10_prob=level.log10_prob.astype(np.float32).astype(np.float64),
            log10_backoff=level.log10_backoff.astype(np.float32).astype(np.float64),
        )
        for level in model.levels
    ]
    return NGramModel(
        vocabulary=model.vocabulary, levels=tuple(levels), smoothing=model.smoothing, normalised=model.normalised
    )


def _answer(model: NGramModel, tokenizer: Tokenizer, text: str) -> tuple[list[str], query.Scores, list[int]]:
    """Return the tokens of a text, their scores, and the last words of the open sentence, padded with -1 on the left."""
    taken = tokenizer.sentences(text)
    flat = np.concatenate([[BOS_ID, *model.vocabulary.ids(words), EOS_ID] for words in taken.sentences])
    shown = [token for words in taken.sentences for token in [*words, EOS]]
    length = max(1, model.order - 1)
    context = [-1] * length + [BOS_ID, *model.vocabulary.ids(taken.open).tolist()]
    return shown, query.score(model, flat), context[-length:]


def _next_answer(model: NGramModel, contexts: NDArray[np.int64], k: int) -> tuple[NDArray[Any], NDArray[np.float32]]:
    names, scores = np.empty((len(contexts), k), object), np.empty((len(contexts), k), np.float32)
    for row, context in enumerate(contexts):
        log10 = query.next_log10(model, query.after(model, context[None]))[0]
        log10[UNK_ID] = -np.inf
        best = np.argsort(-log10, kind="stable")[:k]
        scores[row] = np.power(10.0, log10[best])
        names[row] = [model.vocabulary.words[i].encode() if log10[i] > -np.inf else b"" for i in best]
    return names, scores


def _padded(rows: Sequence[NDArray[Any]], filling: Any) -> NDArray[Any]:
    """Stack rows of different lengths, each filled up to the longest."""
    longest = max((len(row) for row in rows), default=0)
    padded = np.full((len(rows), longest), filling, rows[0].dtype if rows else object)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded
