"""The report of word vectors."""

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from nlp.embeddings.evaluation import Analogies, Section, Similarity
from nlp.embeddings.phrases import Phrase
from pipelines.report import page, plots
from pipelines.report import parts as report_parts
from pipelines.report import sections as report_sections
from pipelines.text import left_out
from pipelines.word2vec import pictures
from pipelines.word2vec.evidence import Evidence

FEW = 0.5
"""Where less than this share of a word list is known, the page warns of the figure."""
SHORT = 3
"""A history of fewer epochs is a table; a line would show nothing."""


def sections(evidence: Evidence) -> list[page.Section | None]:
    """What the scores mean and rest on, what lies near what, the map, the text, the training."""
    return [
        _meaning(evidence),
        _neighbours(evidence.neighbours),
        _map(evidence),
        _analogies(evidence.analogies),
        _tried(evidence.tried),
        _frequencies(evidence),
        _phrases(evidence.phrases),
        _history(evidence),
        _forms(evidence.parity),
    ]


def _meaning(evidence: Evidence) -> page.Section:
    notes = [about_pairs(name, found) for name, found in evidence.similarity.items()]
    notes += [about_analogies(name, found) for name, found in evidence.analogies.items()]
    notes.append(
        "How far to trust this: a figure is about the pairs and questions it rests on, so compare two sets of vectors on the same words. "
        "For orientation, skip-gram vectors of 13.4 million words of Wikipedia reach 0.58 on WordSim-353 and 0.29 on SimLex-999 "
        "(make bench word2vec); small texts stay far below."
    )
    body = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    silent = {name.removeprefix("n_") for name, n in evidence.scores.items() if name.startswith("n_") and not n}
    listed = {name: value for name, value in evidence.scores.items() if name.partition("_")[2] not in silent}
    rows = [[name.replace("_", " "), _score(value)] for name, value in listed.items()]
    return page.Section(title="What the scores mean", body=body + report_parts.grid(["score", "value"], rows))


def about_pairs(name: str, found: Similarity) -> str:
    """One list of word pairs in plain words, with how much of it the figure rests on."""
    pairs = found.n + found.oov
    base = f"{found.n:,} of its {pairs:,} word pairs"
    rest = "in the others a word has no vector" if found.oov else "every word has a vector"
    if not _known(found.spearman):
        return f"{name} says nothing here: it knows {base}; {rest}."
    sentence = (
        f"{name}: the order in which the vectors put the pairs and the order in which people put them have a correlation of "
        f"{found.spearman:.3f} (Spearman; 1 is the same order, 0 is chance). It rests on {base}; {rest}."
    )
    if found.n < FEW * pairs:
        # The standard error of a rank correlation near 0 is 1 / sqrt(n - 1).
        doubt = 2 / math.sqrt(max(found.n - 1, 1))
        sentence += f" With so few pairs chance alone gives up to {min(doubt, 1.0):.2f}."
    return sentence


def about_analogies(protocol: str, found: Analogies) -> str:
    """One protocol of analogies in plain words."""
    total = found.total
    if not total.n:
        return f"Analogies ({protocol}) say nothing here: no question has vectors for all of its four words."
    asked = f"{total.n:,} of {total.n + total.oov:,}" if total.oov else f"all {total.n:,}"
    return (
        f"Analogies ({protocol}): of the questions “a is to b as c is to …” {asked} could be asked, and {total.correct:,} of those, "
        f"{total.correct / total.n:.1%}, were answered right."
    )


def _known(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def _score(value: float | None) -> str:
    return f"{value:,.6g}" if value is not None and not math.isnan(value) else "no score"


def _neighbours(rows: Sequence[tuple[str, int, Sequence[tuple[str, float]]]]) -> page.Section | None:
    if not rows:
        return None
    note = report_parts.remark(
        "The words whose vectors point most nearly the same way, with the cosine of the angle between."
    )
    table = [
        [f"{word} ({count:,})", ", ".join(f"{other} {cosine:.2f}" for other, cosine in near)]
        for word, count, near in rows
    ]
    grid = report_parts.grid(["word (how often it occurs)", "nearest words"], table, words=(1,))
    return page.Section(title="Nearest words", body=note + grid)


def _map(evidence: Evidence) -> page.Section | None:
    words = [word for group in evidence.groups for word in group]
    if not words:
        return None
    note = report_parts.remark(
        f"The two directions in which these {len(words)} vectors differ most (PCA), {sum(evidence.explained):.0%} of all their variance: "
        "words near each other here may still be far apart. One colour: words that are near each other in all dimensions. Pale dots have "
        "no room for their word; point at them."
    )
    colours = [number for number, group in enumerate(evidence.groups) for _ in group]
    return page.Section(title="Map of words", body=note + pictures.scatter(evidence.points, words, groups=colours))


def _analogies(protocols: Mapping[str, Analogies]) -> page.Section | None:
    columns = [{section.name: section for section in found.sections if section.n} for found in protocols.values()]
    names = dict.fromkeys(name for column in columns for name in column)
    if not names:
        return None
    rows = [[name, *(_right(column.get(name)) for column in columns)] for name in names]
    rows.append(["all", *(_right(found.total) for found in protocols.values())])
    note = report_parts.remark(
        "Right of those that could be asked; sections with none are left out. The answer is the word nearest to b - a + c (3CosAdd)."
    )
    grid = report_parts.grid(["section", *protocols], rows)
    return page.Section(title="Analogies by section", body=note + grid)


def _right(found: Section | None) -> str:
    return f"{found.correct:,} of {found.n:,} ({found.correct / found.n:.1%})" if found and found.n else "none"


def _tried(rows: Sequence[tuple[str, str, str, str, float]]) -> page.Section | None:
    if not rows:
        return None
    table = [[f"{a} : {b} = {c} : …", answer, f"{cosine:.2f}"] for a, b, c, answer, cosine in rows]
    note = report_parts.remark(
        "As a is to b, so is c to the answer: the word nearest to b - a + c, with the cosine of the angle between."
    )
    grid = report_parts.grid(["question", "answer", "cosine"], table, words=(1,))
    return page.Section(title="Analogies tried", body=note + grid)


def _frequencies(evidence: Evidence) -> page.Section:
    kept, words = int(evidence.counts.sum()), len(evidence.counts)
    joined = ", a phrase being one" if evidence.phrases else ""
    which = f"{words:,} distinct words occur {evidence.min_count:,} times or more and have vectors"
    if words == evidence.vocabulary_size:
        which = f"the {words:,} most frequent words have vectors, the rarest of them occurs {int(evidence.counts.min()):,} times"
    sentence = (
        f"{evidence.raw_words:,} words{joined}, in {evidence.sentences:,} sentences; {which}, "
        f"which covers {kept / max(evidence.raw_words, 1):.1%} of the text. "
    )
    rare = int((evidence.counts < 4 * evidence.min_count).sum())
    sentence += (
        f"{rare:,} of them occur less than {4 * evidence.min_count:,} times: their vectors are the least certain."
    )
    picture = pictures.zipf(evidence.counts, min_count=evidence.min_count)
    return page.Section(
        title="Word frequencies", body=f"<p>{sentence}</p>{picture}" + left_out.replaced(evidence.replaced)
    )


def _phrases(found: Sequence[Phrase]) -> page.Section | None:
    if not found:
        return None
    rows = [[phrase.text, f"{phrase.count:,}", f"{phrase.score:,.4g}"] for phrase in found]
    grid = report_parts.grid(["phrase", "occurs", "score"], rows)
    return page.Section(title="Phrases", body=report_parts.remark("Words that were joined, the surest first.") + grid)


def _history(evidence: Evidence) -> page.Section | None:
    rows = evidence.rows
    if not rows:
        return None
    note = report_parts.remark(f"By {evidence.method}, {evidence.settings}.")
    if len(rows) >= SHORT:
        return page.Section(title="Training", body=note + plots.curves(rows, monitor=""))
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    return page.Section(
        title="Training", body=note + report_parts.grid([key.replace("_", " ") for key in columns], cells)
    )


def _cell(value: float | None) -> str:
    if value is None or math.isnan(value):
        return ""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.5g}"


def _forms(parity: Mapping[str, Any] | None) -> page.Section | None:
    if parity is None:
        return None
    note = (
        f"max |Δ|: largest difference of a number in any of the {parity['words']:,} vectors. Agreement, all neighbours: share of "
        f"{parity['n']:,} words with the same nearest one, share of all {parity['neighbours']} that are the same. ms: one search."
    )
    return report_sections.forms(parity, note, {"agreement_k": "all neighbours"})


def summary(evidence: Evidence) -> dict[str, str]:
    """The figures at the top of the page."""
    lists = evidence.similarity
    card = {name: f"{found.spearman:.3f}" if _known(found.spearman) else "no score" for name, found in lists.items()}
    card |= {f"pairs of {name}": f"{found.n:,} of {found.n + found.oov:,}" for name, found in lists.items()}
    for protocol, found in list(evidence.analogies.items())[:1]:
        total = found.total
        card[f"analogies, {protocol}"] = f"{total.correct / total.n:.1%} of {total.n:,}" if total.n else "no score"
    return card | {
        "words with vectors": f"{len(evidence.counts):,}",
        "dimensions": str(evidence.dimensions),
        "training words": f"{evidence.raw_words:,}",
        "epochs": str(len(evidence.rows)),
        "method": evidence.method,
    }
