"""`--check` of the text pipelines: what to know of a text before learning from it."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nlp import corpus_check
from nlp.corpora import Corpus
from nlp.errors import DataError
from nlp.tokenizers import Tokenizer
from pipelines.report import check as report_check
from pipelines.report import page, sections
from pipelines.report import parts as report_parts

Found = Mapping[str, Any]

MEASURES = {
    "files": "files",
    "lines": "lines",
    "empty_lines": "empty lines",
    "duplicate_lines": "repeated lines",
    "lines_in_training": "lines that are also in training",
    "invalid_utf8_lines": "lines that are not UTF-8",
    "markup_lines": "lines with what looks like markup",
    "characters": "characters",
    "sentences": "sentences",
    "longest_sentence": "words of the longest sentence",
    "words": "words",
    "types": "distinct words",
    "types_once": "distinct words that occur once",
    "unknown_words": "words that training does not hold",
    "unknown_types": "distinct ones",
}
"""Numbers of a part, in the order in which the page shows them, and what they are called."""
NEW = 0.9
"""Where more than this share of the words are distinct, they are hardly words."""


def check(folder: Path, corpus: Corpus, tokenizer: Tokenizer, *, min_count: int = 1) -> dict[str, float]:
    """Look at the text, report what was found in `folder`, and return how much of each kind there is.

    min_count: how often a word must occur to be kept.
    Raises DataError, when everything is written, if the text cannot be used as it is.
    """
    found = corpus_check.check(corpus, tokenizer)
    found["warnings"] += _doubts(found["parts"]["train"], tokenizer.name, min_count=min_count)
    check = report_check.Check(
        lines=_lines(found),
        content=found,
        title=f"The text: {found['name']}",
        summary=_summary(found),
        sections=_sections(found),
    )
    report_check.write(folder, check)
    errors = found["errors"]
    if errors:
        more = f" (and {len(errors) - 1} more, all in check.json)" if len(errors) > 1 else ""
        raise DataError(f"the text cannot be used as it is: {errors[0]}{more}")
    return _counts(found)


def _summary(found: Found) -> dict[str, str]:
    parts: Mapping[str, Found] = found["parts"]
    return {f"{name}, words": f"{part['words']:,}" for name, part in parts.items()} | {
        "distinct words": f"{parts['train']['types']:,}",
        "tokenizer": found["tokenizer"],
        "errors": str(len(found["errors"])),
        "warnings": str(len(found["warnings"])),
    }


def _sections(found: Found) -> list[page.Section | None]:
    parts: Mapping[str, Found] = found["parts"]
    return [
        _to_look_at(found),
        _sizes(parts),
        _examples("Most frequent words", "word", parts, "most_frequent"),
        _examples("What looks like markup", "text", parts, "markup"),
        _invalid(parts),
        sections.skipped(_skipped(parts)),
    ]


def _lines(found: Found) -> list[str]:
    lines = [_part(name, part) for name, part in found["parts"].items()]
    lines += [f"left out: {name}: {reason}" for name, reason in _skipped(found["parts"])]
    lines += [f"error: {text}" for text in found["errors"]]
    return [*lines, *(f"warning: {text}" for text in found["warnings"])]


def _doubts(train: Found, tokenizer: str, *, min_count: int) -> list[str]:
    """What may be wrong with the words of the training text."""
    doubts = []
    word, largest = train["most_frequent"][0] if train["words"] else ("", min_count)
    if largest < min_count:
        doubts.append(
            f"train: --min-count {min_count} leaves no word: the most frequent one, '{word}', occurs {largest} times"
        )
    kind = ""
    if train["types"] > NEW * train["words"] > 0:
        kind = "nearly every word occurs once only"
    elif train["longest_sentence"] == 1:
        kind = "no sentence has two words"
    if kind and tokenizer != "characters":
        doubts.append(f"train: {kind}; if there are no spaces between the words, use --tokenizer characters")
    return doubts


def _part(name: str, part: Found) -> str:
    line = f"{name}: {part['lines']:,} lines, {part['sentences']:,} sentences, {part['words']:,} words, {part['types']:,} distinct"
    return line + (f", {part['unknown_share']:.1%} not in training" if "unknown_share" in part else "")


def _counts(found: Found) -> dict[str, float]:
    parts: Sequence[Found] = list(found["parts"].values())
    counts = {
        "n": sum(part["lines"] for part in parts),
        "sentences": sum(part["sentences"] for part in parts),
        "words": sum(part["words"] for part in parts),
        "types": found["parts"]["train"]["types"],
        "duplicates": sum(part["duplicate_lines"] for part in parts),
        "across_parts": sum(part.get("lines_in_training", 0) for part in parts),
        "skipped": len(_skipped(found["parts"])),
        "warnings": len(found["warnings"]),
    }
    return {name: float(value) for name, value in counts.items()}


def _to_look_at(found: Found) -> page.Section:
    items = [f"<b>Error:</b> {html.escape(text)}" for text in found["errors"]]
    items += [html.escape(text) for text in found["warnings"]]
    body = "".join(f"<li>{item}</li>" for item in items or ["No warnings."])
    return page.Section(title="To look at", body=f"<ul>{body}</ul>")


def _sizes(parts: Mapping[str, Found]) -> page.Section:
    """One row per number, one column per part."""
    rows = [
        [called, *(f"{part[key]:,}" if key in part else "" for part in parts.values())]
        for key, called in MEASURES.items()
        if any(key in part for part in parts.values())
    ]
    longest = [part["longest_line"] for part in parts.values()]
    rows.append(["characters of the longest line", *(f"{line['characters']:,}" for line in longest)])
    rows.append(["which line that is", *(f"{line['line']:,}" for line in longest)])
    return page.Section(title="Sizes", body=report_parts.grid(["", *parts], rows))


def _examples(title: str, noun: str, parts: Mapping[str, Found], key: str) -> page.Section | None:
    """Pieces of text with how often each occurs."""
    rows = [[text, name, f"{count:,}"] for name, part in parts.items() for text, count in part[key]]
    if not rows:
        return None
    return page.Section(title=title, body=report_parts.grid([noun, "part", "occurs"], rows, words=(1,)))


def _invalid(parts: Mapping[str, Found]) -> page.Section | None:
    rows = [[place, name] for name, part in parts.items() for place in part["invalid_utf8"]]
    if not rows:
        return None
    note = report_parts.remark(
        "With <code>--errors replace</code> each becomes U+FFFD. At most a hundred of a part are listed."
    )
    grid = report_parts.grid(["place", "part"], rows, words=(1,))
    return page.Section(title="Bytes that are not UTF-8", body=note + grid)


def _skipped(parts: Mapping[str, Found]) -> list[tuple[str, str]]:
    return [(item["name"], item["reason"]) for part in parts.values() for item in part["skipped"]]
