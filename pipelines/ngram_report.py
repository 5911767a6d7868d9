"""What the report of an n-gram model shows."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nlp.ngrams.coverage import Coverage
from pipelines import plots, report, sections, text_plots
from pipelines.text_plots import Word

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Part(NamedTuple):
    """Training, validation or test text."""

    name: str
    sentences: int
    words: int
    types: int
    """Distinct words."""
    oov: int
    """Words that are outside the vocabulary, repeated ones counted again."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one run has to show. Every text in it may come from the corpus."""

    scores: Mapping[str, float]
    """As in scores.json; listed."""
    smoothing: str
    parameters: Mapping[str, str | float | Sequence[float]]
    """Of the smoothing, such as the discounts by order."""
    normalised: bool
    """Whether the probabilities after every context sum to 1."""
    vocabulary: int
    """Words that the model can give a probability, `<unk>` and the end of a sentence among them."""
    ngrams: Sequence[int]
    """N-grams in the model, orders 1 to N."""
    parts: Sequence[Part]
    """The last one is the test text, which the scores are about."""
    coverage: Sequence[Coverage]
    perplexity: Sequence[tuple[int, float, float]]
    """(order, including unknown words, which count as `<unk>`, excluding them) on the test text, the orders rising; the last is this
    run's model."""
    matched: Sequence[float]
    """Share of the test tokens by the order of the n-gram that gave their probability; first, as order 0, the unknown words."""
    samples: Sequence[tuple[float, str]]
    """(temperature, sentence) that the model wrote."""
    hardest: Sequence[tuple[str, float]]
    """Test sentences with the highest perplexity, and that."""
    easiest: Sequence[tuple[str, float]]
    coloured: Sequence[Sequence[Word]]
    """A few test sentences, word by word."""
    replaced: int
    """Lines in which bytes that are no UTF-8 became U+FFFD."""
    skipped: Sequence[tuple[str, str]]
    """(name, reason) of the files that were left out."""
    seconds: Mapping[str, float]
    """By act."""


def write(folder: Path, evidence: Evidence) -> None:
    """Write report.html: what the perplexity means, where n-grams run out, what the model finds likely, and what it is made of."""
    parts = [
        _meaning(evidence),
        _curse(evidence.coverage),
        _orders(evidence.perplexity),
        _matched(evidence.matched),
        _word_by_word(evidence.coloured),
        _sentences(evidence),
        _samples(evidence.samples),
        _model(evidence),
        _corpus(evidence.parts, evidence.replaced),
        sections.timing(evidence.seconds),
        sections.skipped(evidence.skipped),
    ]
    present = [part for part in parts if part is not None]
    report.write(folder / "report.html", title=f"ngram: {folder.name}", summary=_summary(evidence), sections=present)


def perplexity(value: float) -> str:
    """A perplexity in four digits, in words where it is infinite."""
    if math.isnan(value):
        return "not known"
    return "infinite" if math.isinf(value) else f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _meaning(evidence: Evidence) -> report.Section:
    """The scores in plain words."""
    test, (_, including, excluding) = evidence.parts[-1], evidence.perplexity[-1]
    tokens = test.words + test.sentences
    told = (
        f"The model was asked for the probability of {tokens:,} held-out tokens: {test.words:,} words and the ends of "
        f"{test.sentences:,} sentences. "
    )
    if math.isfinite(including):
        told += (
            f"Its perplexity is {perplexity(including)}: on average it was as unsure of the next word as someone who has "
            f"to pick one of {perplexity(including)} equally likely words, which is {math.log2(including):.2f} bits a token. A "
            f"guess that knows nothing would pick one of {evidence.vocabulary:,}. "
        )
    elif math.isfinite(excluding):
        told += "Its perplexity is infinite: the words outside its closed vocabulary are impossible to it. "
    else:
        told += (
            "Its perplexity is infinite: at least one of them is impossible to the model. A smoothing that leaves room for what "
            "was not seen, such as modified-kneser-ney, has a finite one. "
        )
    notes = [told + _unknown(test, excluding)]
    if not evidence.normalised:
        notes.append(
            f"The scores of {evidence.smoothing} do not sum to 1, so this figure is no true perplexity; compare it only with its own kind."
        )
    notes.append(
        "Perplexities compare only on the same test text, cut by the same tokeniser, with the same vocabulary: the smaller the vocabulary, "
        "the more words are the one word <unk>, and the lower the figure."
    )
    body = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    rows = [[name.replace("_", " "), f"{value:,.6g}"] for name, value in evidence.scores.items()]
    return report.Section(title="What the scores mean", body=body + sections.grid(["score", "value"], rows))


def _unknown(test: Part, excluding: float) -> str:
    if not test.oov:
        return "All test words are in the vocabulary."
    one = test.oov == 1
    return (
        f"{test.oov:,} of the words ({test.oov / test.words:.1%}) {'is' if one else 'are'} not in the vocabulary (OOV) and "
        f"{'counts' if one else 'count'} as <unk>; without {'it' if one else 'them'} the perplexity is {perplexity(excluding)}."
    )


def _curse(rows: Sequence[Coverage]) -> report.Section | None:
    if not rows:
        return None
    numbers = {
        "seen": [float(row.distinct) for row in rows],
        "seen once": [float(row.once) for row in rows],
        "possible": [row.possible for row in rows],
    }
    shares = {
        "repeated ones counted": [row.unseen for row in rows],
        "distinct": [row.unseen_distinct for row in rows],
    }
    last = rows[-1]
    told = (
        f"Of {_large(last.possible)} possible n-grams of {last.order} words the training text holds {last.distinct:,}, and "
        f"{last.once / max(last.distinct, 1):.0%} of those only once. "
    )
    if math.isfinite(last.unseen):
        told += f"{last.unseen:.1%} of the test text's are new. What to make of these is all that smoothing is about."
    pictures = text_plots.by_order(numbers, title="distinct n-grams", log=True)
    pictures += text_plots.by_order(shares, title="test n-grams that are new", percent=True)
    head = ["words", "possible", "seen", "seen once", "in the test text", "new", "new, distinct"]
    table = sections.grid(head, [_coverage_row(row) for row in rows])
    note = sections.remark(
        "All words outside the vocabulary count as one word, so there are more distinct new n-grams than these."
    )
    body = f'<p>{html.escape(told)}</p><div class="plots">{pictures}</div>{table}<p></p>{note}'
    return report.Section(title="The curse of dimensionality", body=body)


def _coverage_row(row: Coverage) -> list[str]:
    numbers = [_large(row.possible), f"{row.distinct:,}", f"{row.once:,}", f"{row.held_out:,}"]
    shares = ["none" if math.isnan(share) else f"{share:.1%}" for share in (row.unseen, row.unseen_distinct)]
    return [str(row.order), *numbers, *shares]


def _large(value: float) -> str:
    """A count of any size: 7,483 or 2.35·10¹⁹."""
    if value < 1e6:
        return f"{value:,.0f}"
    digits, exponent = f"{value:.2e}".split("e")
    return f"{digits}·10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def _orders(rows: Sequence[tuple[int, float, float]]) -> report.Section | None:
    """Only where there is something to compare."""
    if len(rows) < 2:
        return None
    best = min(rows, key=lambda row: row[1])
    first, last = rows[0], rows[-1]
    told = f"From {perplexity(first[1])} with order {first[0]} to {perplexity(last[1])} with order {last[0]}; "
    told += f"the lowest is order {best[0]} with {perplexity(best[1])}."
    if not math.isfinite(best[1]):
        told = "With unknown words no order has a finite perplexity."
    table = sections.grid(
        ["order", "including unknown words", "excluding them"], [[str(n), *map(perplexity, pair)] for n, *pair in rows]
    )
    # The plot's x axis counts from 1.
    by_order = {order: pair for order, *pair in rows}
    orders = range(1, last[0] + 1)
    series = {
        label: [by_order.get(order, [math.nan, math.nan])[place] for order in orders]
        for place, label in enumerate(("including unknown words", "excluding them"))
    }
    picture = text_plots.by_order(series, title="perplexity")
    return report.Section(title="Perplexity by order", body=f'<p>{told}</p><div class="plots">{picture}{table}</div>')


def _matched(shares: Sequence[float]) -> report.Section:
    names = ["unknown word", "the word alone", *(f"{order} words" for order in range(2, len(shares)))]
    note = sections.remark(
        "How long the n-gram was that gave a test token its probability, the token counted. If the longest hardly ever match, a lower "
        "<code>--order</code> does nearly as well."
    )
    bars = plots.bars([(name, 100 * share) for name, share in zip(names, shares, strict=True)], full=100.0, unit="%")
    return report.Section(title="Longest match", body=note + bars)


def _word_by_word(coloured: Sequence[Sequence[Word]]) -> report.Section | None:
    if not coloured:
        return None
    note = sections.remark(
        "Held-out sentences. Below each word its surprise in bits, -log2 of its probability after what stands before it: each bit more "
        "is half as likely. The darker, the more surprising; dashed: not in the vocabulary."
    )
    return report.Section(title="Word by word", body=note + "".join(map(text_plots.surprise, coloured)))


def _sentences(evidence: Evidence) -> report.Section | None:
    if not evidence.hardest and not evidence.easiest:
        return None
    groups = [("Most surprising", evidence.hardest), ("Least surprising", evidence.easiest)]
    body = "".join(
        f'<p style="margin-top:12px">{title} test sentences, by perplexity:</p>'
        + sections.grid(["sentence", "perplexity"], [[text or "(empty)", perplexity(value)] for text, value in rows])
        for title, rows in groups
        if rows
    )
    return report.Section(title="Most and least surprising sentences", body=body)


def _samples(samples: Sequence[tuple[float, str]]) -> report.Section | None:
    if not samples:
        return None
    note = sections.remark(
        "Drawn word by word. Temperature 1 draws as the model believes; below, likely words are preferred; above, all words become alike."
    )
    body = ""
    for temperature in dict.fromkeys(temperature for temperature, _ in samples):
        items = [html.escape(text or "(empty)") for other, text in samples if other == temperature]
        body += f"<p><b>Temperature {temperature:g}</b></p><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
    return report.Section(title="Written by the model", body=note + body)


def _model(evidence: Evidence) -> report.Section:
    counts = [[str(order), f"{number:,}"] for order, number in enumerate(evidence.ngrams, 1)]
    body = f"<p>{html.escape(evidence.smoothing)}, {sum(evidence.ngrams):,} n-grams.</p>"
    body += sections.grid(["order", "n-grams in the model"], counts)
    if evidence.parameters:
        rows = [[name, _parameter(value)] for name, value in evidence.parameters.items()]
        body += "<p></p>" + sections.grid(["parameter", "value"], rows)
    return report.Section(title="The model", body=body)


def _parameter(value: str | float | Sequence[float]) -> str:
    if isinstance(value, str):
        return value
    return ", ".join(f"{number:.6g}" for number in ([value] if isinstance(value, int | float) else value))


def _corpus(parts: Sequence[Part], replaced: int) -> report.Section:
    rows = [
        [part.name, f"{part.sentences:,}", f"{part.words:,}", f"{part.types:,}", f"{part.oov:,}", _share(part)]
        for part in parts
    ]
    head = ["text", "sentences", "words", "distinct", "outside the vocabulary", "share"]
    return report.Section(title="The text", body=sections.grid(head, rows) + text_plots.replaced(replaced))


def _share(part: Part) -> str:
    return f"{part.oov / part.words:.1%}" if part.words else "none"


def _summary(evidence: Evidence) -> dict[str, str]:
    (*training, test), (_, including, excluding) = evidence.parts, evidence.perplexity[-1]
    return {
        "perplexity": perplexity(including),
        "without unknown words": perplexity(excluding),
        "unknown words": _share(test),
        "held-out words": f"{test.words:,}",
        "training words": f"{training[0].words:,}" if training else "not known",
        "vocabulary": f"{evidence.vocabulary:,}",
        "order": str(len(evidence.ngrams)),
        "smoothing": evidence.smoothing,
        "n-grams": f"{sum(evidence.ngrams):,}",
    }
