"""Modified Kneser-Ney with dictionaries and loops, written from the formulas alone: an independent reference for tests.

It goes the other way round than the code under test: the windows of the highest order come first, padded with as many `<s>` as lmplz pads
with, and everything shorter is summed from them.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain
from math import log10

Gram = tuple[str, ...]
Estimates = dict[Gram, tuple[float, float]]
"""Probability and backoff weight by n-gram."""


def windows(text: Sequence[Sequence[str]], order: int) -> Counter[Gram]:
    found: Counter[Gram] = Counter()
    for words in text:
        padded = ("<s>",) * (order - 1) + (*words, "</s>")
        found.update(padded[i - order + 1 : i + 1] for i in range(order - 1, len(padded)))
    return found


def collapsed(gram: Gram) -> Gram:
    while gram[:2] == ("<s>", "<s>"):
        gram = gram[1:]
    return gram


def raw_counts(found: Counter[Gram], order: int) -> list[Counter[Gram]]:
    """Of all n-grams of orders 1 to `order`."""
    raw: list[Counter[Gram]] = [Counter() for _ in range(order)]
    for window, times in found.items():
        for gram in {collapsed(window[order - n :]) for n in range(1, order + 1)}:
            raw[len(gram) - 1][gram] += times
    return raw


def adjusted_counts(raw: list[Counter[Gram]]) -> list[Counter[Gram]]:
    adjusted = [Counter({gram: times for gram, times in found.items() if gram[0] == "<s>"}) for found in raw[:-1]]
    for shorter, longer in zip(adjusted, raw[1:], strict=True):
        shorter.update(gram[1:] for gram in longer)
    return [*adjusted, Counter(raw[-1])]


def discounts(
    adjusted: list[Counter[Gram]],
    raw: list[Counter[Gram]],
    last: Gram,
    fallback: tuple[float, float, float] | None,
) -> list[tuple[float, float, float, float]]:
    found = []
    endings = {collapsed(last[i:]) for i in range(1, len(last))}
    for counts, raws in zip(adjusted, raw, strict=True):
        t = Counter(raws[gram] if gram in endings else a for gram, a in counts.items())
        estimate = None
        if t[1] and t[2] and t[3]:
            y = t[1] / (t[1] + 2 * t[2])
            estimate = (0.0, 1 - 2 * y * t[2] / t[1], 2 - 3 * y * t[3] / t[2], 3 - 4 * y * t[4] / t[3])
        if estimate is None or not all(0 <= estimate[k] <= k for k in (1, 2, 3)):
            if fallback is None:
                raise ZeroDivisionError(f"{dict(t)}")
            estimate = (0.0, *fallback)
        found.append(estimate)
    return found


def estimate(
    text: Sequence[Sequence[str]],
    order: int,
    *,
    prune: Sequence[int] = (),
    fallback: tuple[float, float, float] | None = None,
    interpolate_unigrams: bool = True,
    vocab_pad: int = 0,
) -> Estimates:
    ids = {
        word: number for number, word in enumerate(dict.fromkeys(["<unk>", "<s>", "</s>", *chain.from_iterable(text)]))
    }
    found = windows(text, order)
    raw = raw_counts(found, order)
    adjusted = adjusted_counts(raw)
    last = max(found, key=lambda window: [ids[word] for word in reversed(window)])
    taken = discounts(adjusted, raw, last, fallback)
    thresholds = [*prune, *[prune[-1] if prune else 0] * (order - len(prune))]
    kept = [{gram for gram in raw[n] if raw[n][gram] > thresholds[n]} for n in range(order)]
    kept[0] |= {("</s>",)}

    total: defaultdict[Gram, float] = defaultdict(float)
    lost: defaultdict[Gram, float] = defaultdict(float)
    for n in range(order):
        for gram, a in adjusted[n].items():
            total[gram[:-1]] += a
            lost[gram[:-1]] += taken[n][min(a, 3)] if gram in kept[n] else a
    gamma = {context: lost[context] / total[context] for context in total}

    types = max(vocab_pad, len(kept[0] - {("<s>",)}) + 1)
    prob: dict[Gram, float] = {("<unk>",): gamma[()] / types if interpolate_unigrams else gamma[()], ("<s>",): 1.0}
    for n in range(order):
        for gram in kept[n] - {("<s>",)}:
            a = adjusted[n][gram]
            below = prob[gram[1:]] if n else (1 / types if interpolate_unigrams else 0.0)
            prob[gram] = (a - taken[n][min(a, 3)]) / total[gram[:-1]] + gamma[gram[:-1]] * below
    return {gram: (p, gamma.get(gram, 1.0)) for gram, p in prob.items()}


def log10_prob(model: Estimates, context: Gram, word: str) -> float:
    if (*context, word) in model:
        return log10(model[*context, word][0])
    return log10(model[context][1] if context in model else 1.0) + log10_prob(model, context[1:], word)


def perplexities(model: Estimates, text: Sequence[Sequence[str]], order: int) -> tuple[float, float, int, int]:
    """Including and excluding words that are not in the vocabulary; tokens; how many of them are such words."""
    everything, known, oov, tokens = 0.0, 0.0, 0, 0
    for words in text:
        seen = ["<s>"]
        for word in [*words, "</s>"]:
            named = word if (word,) in model else "<unk>"
            log = log10_prob(model, tuple(seen[max(0, len(seen) - order + 1) :]) if order > 1 else (), named)
            everything += log
            known += log if named == word else 0
            oov += named != word
            tokens += 1
            seen.append(named)
    return 10 ** (-everything / tokens), 10 ** (-known / (tokens - oov)), tokens, oov
