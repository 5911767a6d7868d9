"""A look at a corpus before anything is learned from it: sizes, repeated lines, markup, invalid bytes."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nlp.corpora import Corpus, Lines
from nlp.errors import DataError
from nlp.tokenizers import Tokenizer

_MARKUP = re.compile(
    r"<[/!]?[A-Za-z][^<>\n]{0,80}>|&(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z]{2,8});|https?://\S+|\[\[|\]\]|\{\{|\}\}|={2,}"
)
_MARKUP_BEGINS = ("<", "&", "://", "[[", "]]", "{{", "}}", "==")

_EXAMPLES = 5
_LONG_SENTENCE = 1000
_LITTLE_TEXT = 10_000


@dataclass
class _Part:
    """Counts of one part, made while its lines are read."""

    lines: int = 0
    empty: int = 0
    characters: int = 0
    duplicates: int = 0
    longest_line: tuple[int, int] = (0, 0)
    """Characters and number."""
    seen: set[int] = field(default_factory=set)
    """Hashes of the lines that are not blank."""
    in_training: int = 0
    markup: Counter[str] = field(default_factory=Counter)
    markup_lines: int = 0
    sentences: int = 0
    longest_sentence: int = 0
    words: Counter[str] = field(default_factory=Counter)
    problem: str | None = None


def check(corpus: Corpus, tokenizer: Tokenizer) -> dict[str, Any]:
    """Count and check every part of a corpus, and return the result as JSON can hold it.

    Returns `name`, `tokenizer`, `parts` (a dictionary for each of train, validation and test that there is: see `_described`), `errors`
    (which stop a run) and `warnings` (to look at), both lists of sentences. Reads all text once; a set of line hashes and the counts of
    the words are in memory.
    """
    found: dict[str, dict[str, Any]] = {}
    errors: list[str] = []
    warnings: list[str] = []
    train: _Part | None = None
    for name in ("train", "validation", "test"):
        lines: Lines | None = getattr(corpus, name)
        if lines is None:
            continue
        tolerant = lines.tolerant()
        part = _measured(tolerant, tokenizer, train)
        found[name] = _described(part, tolerant, train)
        errors += _errors(name, part, tolerant, strict=lines.errors == "strict")
        warnings += _warnings(
            name, found[name], strict=lines.errors == "strict", sentences=tokenizer.name != "characters"
        )
        train = train or part
    return {"name": corpus.name, "tokenizer": tokenizer.name, "parts": found, "errors": errors, "warnings": warnings}


def _measured(lines: Lines, tokenizer: Tokenizer, train: _Part | None) -> _Part:
    part = _Part()
    try:
        for chunk in tokenizer.normalise(_watched(lines, part, train), place=lines.place):
            sentences = chunk.split("\n")[:-1]
            part.sentences += len(sentences)
            part.longest_sentence = max(
                part.longest_sentence, *(line.count(" ") + 1 if line else 0 for line in sentences)
            )
            part.words.update(chunk.replace("\n", " ").split(" "))
    except DataError as error:
        part.problem = str(error)
    del part.words[""]
    return part


def _watched(lines: Lines, part: _Part, train: _Part | None) -> Iterator[str]:
    """Yield the lines, and count them in `part`."""
    for line in lines:
        part.lines += 1
        part.characters += len(line)
        part.longest_line = max(part.longest_line, (len(line), -part.lines))
        if line.strip():
            mark = hash(line)
            part.duplicates += mark in part.seen
            part.in_training += train is not None and mark in train.seen
            part.seen.add(mark)
            if any(begin in line for begin in _MARKUP_BEGINS) and (marks := _MARKUP.findall(line)):
                part.markup_lines += 1
                part.markup.update(mark[:60] for mark in marks)
        else:
            part.empty += 1
        yield line


def _described(part: _Part, lines: Lines, train: _Part | None) -> dict[str, Any]:
    words = part.words.total()
    found = {
        "files": len(lines.names),
        "lines": part.lines,
        "empty_lines": part.empty,
        "characters": part.characters,
        "longest_line": {"characters": part.longest_line[0], "line": -part.longest_line[1]},
        "duplicate_lines": part.duplicates,
        "sentences": part.sentences,
        "longest_sentence": part.longest_sentence,
        "words": words,
        "types": len(part.words),
        "types_once": sum(1 for count in part.words.values() if count == 1),
        "most_frequent": [[word, count] for word, count in part.words.most_common(_EXAMPLES)],
        "markup_lines": part.markup_lines,
        "markup": [[mark, count] for mark, count in part.markup.most_common(_EXAMPLES)],
        "invalid_utf8_lines": lines.replaced,
        "invalid_utf8": [str(place) for place in lines.replacements],
        "skipped": [{"name": name, "reason": reason} for name, reason in lines.skipped],
    }
    if train is not None:
        unknown = {word: count for word, count in part.words.items() if word not in train.words}
        found |= {
            "lines_in_training": part.in_training,
            "unknown_words": sum(unknown.values()),
            "unknown_types": len(unknown),
            "unknown_share": sum(unknown.values()) / words if words else 0.0,
        }
    return found


def _errors(name: str, part: _Part, lines: Lines, *, strict: bool) -> list[str]:
    errors = [f"{name}: {part.problem}"] if part.problem else []
    if strict and lines.replaced:
        errors.append(
            f"{name}: {_many(lines.replaced, 'line')} not UTF-8, first {lines.replacements[0]}; correct them, or use --errors replace"
        )
    if not part.words and not part.problem:
        errors.append(f"{name}: no words in {_many(part.lines, 'line')}; is this the tokenizer for this text?")
    return errors


def _warnings(name: str, found: dict[str, Any], *, strict: bool, sentences: bool) -> list[str]:
    """List what may be wrong with the text; sentences: whether lines are sentences of words (and not of characters)."""
    filled = found["lines"] - found["empty_lines"]
    doubts = [
        (len(found["skipped"]), f"{_many(len(found['skipped']), 'file')} not used, or not to the end"),
        (
            not strict and found["invalid_utf8_lines"],
            f"{_many(found['invalid_utf8_lines'], 'line')} with U+FFFD for bytes that are not UTF-8",
        ),
        (
            found["duplicate_lines"] * 20 > filled,
            f"{_many(found['duplicate_lines'], 'line')} of {filled} repeated",
        ),
        (
            found.get("lines_in_training"),
            f"{_many(found.get('lines_in_training', 0), 'line')} of {filled} also in training",
        ),
        (
            found.get("unknown_share", 0) > 0.1,
            f"{found.get('unknown_share', 0):.0%} of the words are unknown to the training text",
        ),
        (
            found["markup_lines"] * 100 > filled,
            f"{_many(found['markup_lines'], 'line')} with what looks like markup: {_shown(found)}",
        ),
        (
            sentences and found["longest_sentence"] > _LONG_SENTENCE,
            f"a sentence of {found['longest_sentence']} words; is there one sentence per line? word2vec cuts at {_LONG_SENTENCE}",
        ),
        (
            name == "train" and 0 < found["words"] < _LITTLE_TEXT,
            f"only {_many(found['words'], 'word')}; expect little of a model",
        ),
    ]
    return [f"{name}: {doubt}" for true, doubt in doubts if true]


def _shown(found: dict[str, Any]) -> str:
    return ", ".join(f"'{mark}'" for mark, _ in found["markup"][:3])


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
