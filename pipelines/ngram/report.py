"""The report of an n-gram model."""

import html
import math
from collections.abc import Sequence

from nlp.ngrams.coverage import Coverage
from pipelines.ngram import pictures
from pipelines.ngram.evidence import Evidence, Part
from pipelines.ngram.pictures import Word
from pipelines.report import page, plots
from pipelines.report import parts as report_parts
from pipelines.text import left_out

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def sections(evidence: Evidence) -> list[page.Section | None]:
    """What the perplexity means, where n-grams run out, what the model finds likely, and what it is made of."""
    return [
        _meaning(evidence),
        _curse(evidence.coverage),
        _orders(evidence.perplexity),
        _matched(evidence.matched),
        _word_by_word(evidence.coloured),
        _sentences(evidence),
        _samples(evidence.samples),
        _model(evidence),
        _corpus(evidence.parts, evidence.replaced),
    ]


def perplexity(value: float) -> str:
    """A perplexity in four digits, in words where it is infinite."""
    if math.isnan(value):
        return "not known"
    return "infinite" if math.isinf(value) else f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _meaning(evidence: Evidence) -> page.Section:
    """The scores in plain words."""
    test, (_, including, excluding) = evidence.parts[-1], evidence.perplexity[-1]
    tokens = test.words + test.sentences
    sentence = (
        f"The model was asked for the probability of {tokens:,} held-out tokens: {test.words:,} words and the ends of "
        f"{test.sentences:,} sentences. "
    )
    if math.isfinite(including):
        sentence += (
            f"Its perplexity is {perplexity(including)}: on average it was as unsure of the next word as someone who has "
            f"to pick one of {perplexity(including)} equally likely words, which is {math.log2(including):.2f} bits per token. A "
            f"guess that knows nothing would pick one of {evidence.vocabulary:,}. "
        )
    elif math.isfinite(excluding):
        sentence += "Its perplexity is infinite: the words outside its closed vocabulary are impossible to it. "
    else:
        sentence += (
            "Its perplexity is infinite: at least one of them is impossible to the model. A smoothing that leaves room for what "
            "was not seen, such as modified-kneser-ney, has a finite one. "
        )
    notes = [sentence + _unknown(test, excluding)]
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
    return page.Section(title="What the scores mean", body=body + report_parts.grid(["score", "value"], rows))


def _unknown(test: Part, excluding: float) -> str:
    if not test.oov:
        return "All test words are in the vocabulary."
    one = test.oov == 1
    return (
        f"{test.oov:,} of the words ({test.oov / test.words:.1%}) {'is' if one else 'are'} not in the vocabulary (OOV) and "
        f"{'counts' if one else 'count'} as <unk>; without {'it' if one else 'them'} the perplexity is {perplexity(excluding)}."
    )


def _curse(rows: Sequence[Coverage]) -> page.Section | None:
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
    sentence = (
        f"Of {_large(last.possible)} possible n-grams of {last.order} words the training text holds {last.distinct:,}, and "
        f"{last.once / max(last.distinct, 1):.0%} of those only once. "
    )
    if math.isfinite(last.unseen):
        sentence += f"{last.unseen:.1%} of the test text's are new. Smoothing decides how likely these are."
    drawn = pictures.by_order(numbers, title="distinct n-grams", log=True)
    drawn += pictures.by_order(shares, title="test n-grams that are new", percent=True)
    head = ["words", "possible", "seen", "seen once", "in the test text", "new", "new, distinct"]
    table = report_parts.grid(head, [_coverage_row(row) for row in rows])
    note = report_parts.remark(
        "All words outside the vocabulary count as one word, so there are more distinct new n-grams than these."
    )
    body = f'<p>{html.escape(sentence)}</p><div class="plots">{drawn}</div>{table}<p></p>{note}'
    return page.Section(title="The curse of dimensionality", body=body)


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


def _orders(rows: Sequence[tuple[int, float, float]]) -> page.Section | None:
    """Only where there is something to compare."""
    if len(rows) < 2:
        return None
    best = min(rows, key=lambda row: row[1])
    first, last = rows[0], rows[-1]
    sentence = f"From {perplexity(first[1])} with order {first[0]} to {perplexity(last[1])} with order {last[0]}; "
    sentence += f"the lowest is order {best[0]} with {perplexity(best[1])}."
    if not math.isfinite(best[1]):
        sentence = "With unknown words no order has a finite perplexity."
    table = report_parts.grid(
        ["order", "including unknown words", "excluding them"], [[str(n), *map(perplexity, pair)] for n, *pair in rows]
    )
    # The plot's x axis counts from 1.
    by_order = {order: pair for order, *pair in rows}
    orders = range(1, last[0] + 1)
    series = {
        label: [by_order.get(order, [math.nan, math.nan])[place] for order in orders]
        for place, label in enumerate(("including unknown words", "excluding them"))
    }
    picture = pictures.by_order(series, title="perplexity")
    return page.Section(title="Perplexity by order", body=f'<p>{sentence}</p><div class="plots">{picture}{table}</div>')


def _matched(shares: Sequence[float]) -> page.Section:
    names = ["unknown word", "the word alone", *(f"{order} words" for order in range(2, len(shares)))]
    note = report_parts.remark(
        "How long the n-gram was that gave a test token its probability, the token counted. If the longest hardly ever match, a lower "
        "<code>--order</code> does nearly as well."
    )
    bars = plots.bars([(name, 100 * share) for name, share in zip(names, shares, strict=True)], full=100.0, unit="%")
    return page.Section(title="Longest match", body=note + bars)


def _word_by_word(coloured: Sequence[Sequence[Word]]) -> page.Section | None:
    if not coloured:
        return None
    note = report_parts.remark(
        "Held-out sentences. Below each word its surprise in bits, -log2 of its probability after what stands before it: each bit more "
        "is half as likely. The darker, the more surprising; dashed: not in the vocabulary."
    )
    return page.Section(title="Word by word", body=note + "".join(map(pictures.surprise, coloured)))


def _sentences(evidence: Evidence) -> page.Section | None:
    if not evidence.hardest and not evidence.easiest:
        return None
    groups = [("Most surprising", evidence.hardest), ("Least surprising", evidence.easiest)]
    body = "".join(
        f'<p style="margin-top:12px">{title} test sentences, by perplexity:</p>'
        + report_parts.grid(
            ["sentence", "perplexity"], [[text or "(empty)", perplexity(value)] for text, value in rows]
        )
        for title, rows in groups
        if rows
    )
    return page.Section(title="Most and least surprising sentences", body=body)


def _samples(samples: Sequence[tuple[float, str]]) -> page.Section | None:
    if not samples:
        return None
    note = report_parts.remark(
        "Drawn word by word. Temperature 1 draws as the model believes; below, likely words are preferred; above, all words become alike."
    )
    body = ""
    for temperature in dict.fromkeys(temperature for temperature, _ in samples):
        items = [html.escape(text or "(empty)") for other, text in samples if other == temperature]
        body += f"<p><b>Temperature {temperature:g}</b></p><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
    return page.Section(title="Written by the model", body=note + body)


def _model(evidence: Evidence) -> page.Section:
    counts = [[str(order), f"{number:,}"] for order, number in enumerate(evidence.ngrams, 1)]
    body = f"<p>{html.escape(evidence.smoothing)}, {sum(evidence.ngrams):,} n-grams.</p>"
    body += report_parts.grid(["order", "n-grams in the model"], counts)
    if evidence.parameters:
        rows = [[name, _parameter(value)] for name, value in evidence.parameters.items()]
        body += "<p></p>" + report_parts.grid(["parameter", "value"], rows)
    return page.Section(title="The model", body=body)


def _parameter(value: str | float | Sequence[float]) -> str:
    if isinstance(value, str):
        return value
    return ", ".join(f"{number:.6g}" for number in ([value] if isinstance(value, int | float) else value))


def _corpus(parts: Sequence[Part], replaced: int) -> page.Section:
    rows = [
        [part.name, f"{part.sentences:,}", f"{part.words:,}", f"{part.types:,}", f"{part.oov:,}", _share(part)]
        for part in parts
    ]
    head = ["text", "sentences", "words", "distinct", "outside the vocabulary", "share"]
    return page.Section(title="The text", body=report_parts.grid(head, rows) + left_out.replaced(replaced))


def _share(part: Part) -> str:
    return f"{part.oov / part.words:.1%}" if part.words else "none"


def summary(evidence: Evidence) -> dict[str, str]:
    """The figures at the top of the page."""
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
