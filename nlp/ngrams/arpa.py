r"""ARPA files: n-gram models as text, the form that KenLM, SRILM and IRSTLM share.

    \data\
    ngram 1=5
    ngram 2=7

    \1-grams:
    -0.4694344	a	-0.30103        log10 p, n words, log10 backoff (none: 0), between tabs or spaces
    ...
    \end\

Only the model is held in memory, not the file. Format: SRILM's manual page ngram-format(5).
"""

import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import IO

import numpy as np
import orjson
from numpy.typing import NDArray

from nlp.ngrams import arpa_lines, assembly, query
from nlp.ngrams.tables import Level, NGramModel
from nlp.vocabulary import BOS, BOS_ID, EOS, UNK, UNK_ID, Vocabulary

ZERO = -99.0
"""The logarithm of 0 as SRILM writes it (KenLM reads it as a number); read and written as such here."""
NO_UNKNOWN = -100.0
"""log10 p of `<unk>` when the file has none, as in KenLM."""

_ROWS = 100_000
"""Lines written at once."""


def read(path: Path) -> NGramModel:
    r"""Read an ARPA file of KenLM or SRILM, plain or compressed (gzip, bzip2, xz); lines before `\data\` are skipped.

    Words get ids in the order of the file, after `<unk>`, `<s>`, `</s>`. `<UNK>` is `<unk>` where that is absent.
    Where the first n-1 words of an n-gram are missing they are added (see `nlp.ngrams.assembly`). `normalised` is what a sample of contexts
    gives. Raises DataError, naming the line, for a file that breaks the format.
    """
    with arpa_lines.Lines(path) as source:
        counts = _counts(source)
        index, vocabulary, first = _unigrams(source, counts)
        levels = [first]
        for order in range(2, len(counts) + 1):
            rows, lines, probability, backoff = _section(source, order, counts, index)
            try:
                levels = assembly.extend(levels, vocabulary, rows, probability, backoff)
            except assembly.DuplicateError as error:
                text = " ".join(vocabulary.words[word] for word in rows[error.second])
                raise source.wrong(
                    f"found {text!r} again, as in line {lines[error.first]}; expected every n-gram once",
                    line=int(lines[error.second]),
                ) from error
        _directive(source, "\\end\\")
    model = NGramModel(vocabulary=vocabulary, levels=tuple(levels), smoothing="arpa")
    return replace(model, normalised=query.sums_to_one(model))


def write(model: NGramModel, path: Path) -> None:
    """Write a model as KenLM does: tabs, a backoff for every n-gram below the highest order, the fewest digits that give back the same
    float32. A path that ends in `.gz` is compressed. A probability or backoff of 0 becomes -99.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with gzip.open(temporary, "wb", 6) if path.suffix == ".gz" else temporary.open("wb") as file:
            _write(model, file)  # type: ignore[arg-type]
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _counts(source: arpa_lines.Lines) -> list[tuple[int, int]]:
    r"""Read how many n-grams of each order the header promises, and in which line. Stops before `\1-grams:`."""
    line = source.line()
    while line is not None and line.removeprefix(b"\xef\xbb\xbf") != b"\\data\\":
        line = source.line()
    if line is None:
        raise source.wrong("the file has no line \\data\\; expected an ARPA file")
    counts: list[tuple[int, int]] = []
    for number, block in source.blocks():
        for line_number, line in enumerate(block.splitlines(), number):
            match = re.fullmatch(rb"ngram\s+(\d+)\s*=\s*(\d+)", line.strip())
            if match and int(match[1]) == len(counts) + 1:
                counts.append((int(match[2]), line_number))
            elif line.strip():
                found = line.decode(errors="replace").strip()
                raise source.wrong(
                    f"found {found!r}; expected `ngram {len(counts) + 1}=` and a count", line=line_number
                )
    if not counts:
        raise source.wrong("found no counts; expected `ngram 1=` and a count after \\data\\")
    return counts


def _directive(source: arpa_lines.Lines, expected: str) -> None:
    line = source.line()
    while line == b"":
        line = source.line()
    if line is None:
        raise source.wrong(f"the file ends; expected {expected} (is it truncated?)")
    if line != expected.encode():
        raise source.wrong(f"found '{line.decode(errors='replace')}'; expected {expected}")


def _entries(source: arpa_lines.Lines, order: int, counts: Sequence[tuple[int, int]]) -> Iterator[arpa_lines.Entries]:
    """Yield one section, with its head, and check its promised count."""
    _directive(source, f"\\{order}-grams:")
    promised, line = counts[order - 1]
    found = 0
    for entries in arpa_lines.entries(source, order, highest=order == len(counts)):
        found += len(entries.lines)
        yield entries
    if found != promised:
        raise source.wrong(
            f"found {found} {order}-grams above; expected {promised}, which line {line} promises (is the file truncated?)"
        )


def _unigrams(
    source: arpa_lines.Lines, counts: Sequence[tuple[int, int]]
) -> tuple[dict[bytes, int], Vocabulary, Level]:
    """Read the 1-grams: ids by word as spelled in the file, the vocabulary, and the first level."""
    lines: dict[bytes, int] = {}
    numbers: list[NDArray[np.float64]] = [np.empty((0, 2))]
    for entries in _entries(source, 1, counts):
        for word, line in zip(entries.words[0], entries.lines.tolist(), strict=True):
            if lines.setdefault(word, line) != line:
                raise source.wrong(f"found {_text(source, word, line)!r} again, as in line {lines[word]}", line=line)
        numbers.append(np.stack([entries.log10_prob, entries.log10_backoff], axis=1))
    capital = [b"<UNK>"] if UNK.encode() not in lines else []
    special = [UNK.encode(), BOS.encode(), EOS.encode()]
    for word in special[1:]:
        if word not in lines:
            raise source.wrong(f"the 1-grams lack {word.decode()}; expected a model of sentences")
    words = [*special, *(word for word in lines if word not in {*special, *capital})]
    index = {word: number for number, word in enumerate(words)} | dict.fromkeys(capital, UNK_ID)
    table = np.zeros((len(words), 2))
    table[UNK_ID, 0] = NO_UNKNOWN
    table[[index[word] for word in lines]] = np.concatenate(numbers)
    table = _with_zeros(table)
    table[BOS_ID, 0] = 0.0
    texts = [_text(source, word, lines.get(word, 0)) for word in words]
    keys = np.arange(len(words), dtype=np.int64)
    level = Level(keys=keys, log10_prob=table[:, 0].copy(), log10_backoff=table[:, 1].copy())
    return index, Vocabulary(texts), level


def _text(source: arpa_lines.Lines, word: bytes, line: int) -> str:
    try:
        return word.decode()
    except UnicodeDecodeError as error:
        raise source.wrong(
            f"found the word {word!r}, which is not UTF-8; convert the file to UTF-8", line=line
        ) from error


def _with_zeros(log10: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read -99 as the logarithm of 0, of backoffs too, as SRILM does."""
    return np.where(log10 == ZERO, -np.inf, log10)


def _section(
    source: arpa_lines.Lines, order: int, counts: Sequence[tuple[int, int]], index: dict[bytes, int]
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Read a section: word ids (m, order), line numbers, log10 p and log10 backoffs (m,)."""
    found = [(np.empty((0, order), np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0))]
    for entries in _entries(source, order, counts):
        columns = [np.fromiter(map(index.get, words, repeat(-1)), np.int32, len(words)) for words in entries.words]
        rows = np.stack(columns, axis=1)
        if np.any(rows < 0):
            place, column = np.argwhere(rows < 0)[0]
            word = entries.words[column][place].decode(errors="replace")
            raise source.wrong(f"found the word {word!r}, which no 1-gram lists", line=int(entries.lines[place]))
        found.append((rows, entries.lines, _with_zeros(entries.log10_prob), _with_zeros(entries.log10_backoff)))
    rows, lines, probability, backoff = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return rows, lines, probability, backoff


def _write(model: NGramModel, file: IO[bytes]) -> None:
    counts = "".join(f"ngram {order}={len(level.keys)}\n" for order, level in enumerate(model.levels, 1))
    file.write(f"\\data\\\n{counts}".encode())
    words = np.array([word.encode() for word in model.vocabulary.words], object)
    for order, level in enumerate(model.levels, 1):
        file.write(f"\n\\{order}-grams:\n".encode())
        for start in range(0, len(level.keys), _ROWS):
            part = slice(start, start + _ROWS)
            columns = [_numerals(level.log10_prob[part]), _ngrams(model, order, level.keys[part], words)]
            if order < model.order:
                columns.append(_numerals(level.log10_backoff[part]))
            file.write(b"\n".join(map(b"\t".join, zip(*columns, strict=True))) + b"\n")
    file.write(b"\n\\end\\\n")


def _ngrams(model: NGramModel, order: int, keys: NDArray[np.int64], words: NDArray[np.object_]) -> list[bytes]:
    columns = []
    for level in range(order, 1, -1):
        prefix, last = np.divmod(keys, len(model.vocabulary))
        columns.append(words[last].tolist())
        keys = model.levels[level - 2].keys[prefix]
    columns.append(words[keys].tolist())
    return list(map(b" ".join, zip(*reversed(columns), strict=True)))


def _numerals(values: NDArray[np.float64]) -> list[bytes]:
    """Format with orjson, which writes float32 with the fewest digits, and much faster than NumPy."""
    finite = np.where(np.isneginf(values), ZERO, values) + 0.0
    texts = orjson.dumps(finite.astype(np.float32), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    return [text.removesuffix(b".0") for text in texts]
