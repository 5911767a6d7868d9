"""The answers of an n-gram model: how likely a text is, and what may follow."""

from dataclasses import dataclass

from serving.predict import texts
from serving.predict.opened import Model
from serving.predict.texts import Named, Shown


@dataclass(frozen=True, kw_only=True)
class TextScore:
    """The answer of an n-gram model to a text."""

    log_prob: float
    """Natural logarithm of its probability; -inf where a model without smoothing has never seen a part of it."""
    perplexity: float
    """exp(-log_prob / tokens), the end of each sentence being a token; 1 or more."""
    next_words: Named
    """Words that may follow, with probabilities; `</s>` is the end of the sentence."""


def text_score(loaded: Model, text: str) -> TextScore:
    """The answer of an n-gram model to a text. Raises ValueError when it refuses the text."""
    answer = texts.run(loaded, "serving_default", text=text)
    return TextScore(
        log_prob=float(answer["log_prob"][0]),
        perplexity=float(answer["perplexity"][0]),
        next_words=texts.named(answer["next_words"], answer["next_scores"]),
    )


def shown(model: Model, text: str) -> Shown:
    """What is printed for a text."""
    score = text_score(model, text)
    line = f"perplexity {score.perplexity:.4g}, log probability {score.log_prob:.4g}; next {texts.listed(score.next_words)}"
    names, scores = texts.apart(score.next_words)
    return line, {
        "log_prob": score.log_prob,
        "perplexity": score.perplexity,
        "next_words": names,
        "next_scores": scores,
    }
