"""Word vectors in files: word2vec's text (.txt, .vec) and binary (.bin), also with .gz, and gensim's KeyedVectors (.kv)."""

import codecs
import gzip
import pickle
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from gensim.models import KeyedVectors, Word2Vec
from numpy.typing import NDArray

from nlp.embeddings.gensim_log import quiet
from nlp.embeddings.vectors import keyed
from nlp.errors import DataError

TEXT, BINARY, KEYED = (".txt", ".vec"), (".bin",), (".kv",)
"""Endings of names, by format."""
_BLOCK = 1 << 20
_MOST_DIMENSIONS = 1_000_000
_LONGEST_WORD = 10_000
"""Bytes; a longer stretch without a space does not occur in a word2vec file."""

Row = tuple[str, bytes, NDArray[np.float32]]
"""Where in the file (for messages), the word, and its vector."""


def read(path: Path) -> KeyedVectors:
    """Read the vectors of a file, in the format of its name.

    A .kv file is a pickle, which can run code: open only those from a source you trust. The word2vec formats hold no counts. Raises
    DataError that names the place where the file is broken.
    """
    suffix = _suffix(path)
    try:
        if suffix in KEYED:
            return _read_keyed(path)
        with _open(path) as file:
            size, dimensions = _header(file, path)
            rows = _binary_rows(file, path, dimensions) if suffix in BINARY else _text_rows(file, path, dimensions)
            return _gather(rows, path, size=size)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}); expected word vectors") from error


def write(path: Path, vectors: KeyedVectors) -> None:
    """Write the vectors, in the format of the name; atomic. Raises DataError for a word that the format cannot hold."""
    suffix = _suffix(path)
    temporary = path.with_name(f".tmp-{path.name}")
    try:
        with quiet():
            if suffix in KEYED:
                # One file: gensim would put a large matrix beside it, under a second name.
                vectors.save(str(temporary), sep_limit=1 << 62)
            else:
                _check_words(vectors)
                vectors.save_word2vec_format(str(temporary), binary=suffix in BINARY)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _check_words(vectors: KeyedVectors) -> None:
    """Raise DataError for words that word2vec's formats cannot hold."""
    for word in vectors.index_to_key:
        if not word or set(word) & set(" \n\r\t"):
            raise DataError(
                f"the word {word!r} is empty or holds white space, which word2vec's formats cannot; use {KEYED[0]}"
            )


def _open(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _suffix(path: Path) -> str:
    name = path.with_suffix("") if path.suffix == ".gz" else path
    if name.suffix in TEXT + BINARY or path.suffix in KEYED:
        return name.suffix
    endings = ", ".join(TEXT + BINARY)
    raise DataError(
        f"the name of {path} does not tell its format; expected one of {endings} (also with .gz) or {KEYED[0]}"
    )


def _header(file: BinaryIO, path: Path) -> tuple[int, int]:
    """Read the numbers of words and dimensions from the first line."""
    line = file.readline(100).removeprefix(codecs.BOM_UTF8)
    if not line:
        raise DataError(f"{path} is empty; expected word vectors that begin with a line 'words dimensions'")
    try:
        size, dimensions = (int(number) for number in line.split())
    except ValueError as error:
        raise DataError(
            f"{path} begins with {line[:60]!r}; expected a line of two numbers, 'words dimensions'"
        ) from error
    if size < 1 or not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise DataError(
            f"{path} promises {size} words of {dimensions} dimensions; expected one word or more, 1 to {_MOST_DIMENSIONS} dimensions"
        )
    return size, dimensions


def _gather(rows: Iterator[Row], path: Path, *, size: int) -> KeyedVectors:
    """Check and join the rows."""
    found: dict[str, int] = {}
    parts: list[NDArray[np.float32]] = []
    for where, content, row in rows:
        word = _decode(content, path, where)
        if not word:
            raise DataError(f"{path}, {where}, has no word before its numbers")
        if word in found:
            raise DataError(
                f"{path}, {where}, holds {word!r} again, first in place {found[word]}; every word has one vector"
            )
        if not np.isfinite(row).all():
            raise DataError(f"{path}, {where}: the vector of {word!r} holds NaN or infinity; expected finite numbers")
        if len(found) == size:
            raise DataError(f"{path} continues at {where} after the {size} words that its first line promises")
        found[word] = len(found) + 1
        parts.append(row)
    if len(found) < size:
        raise DataError(f"{path} ends after {len(found)} words; its first line promises {size}")
    return keyed(list(found), np.stack(parts))


def _text_rows(file: BinaryIO, path: Path, dimensions: int) -> Iterator[Row]:
    for number, line in enumerate(file, 2):
        word, *values = line.rstrip(b" \r\n").split(b" ")
        where = f"line {number}"
        try:
            with np.errstate(over="ignore"):  # too large a number becomes infinity, which is refused below
                row = np.array(values, np.float64).astype(np.float32)
        except ValueError as error:
            raise DataError(f"{path}, {where}, {_not_numbers(values, dimensions)}") from error
        if len(row) != dimensions:
            raise DataError(
                f"{path}, {where}, has a vector of {len(row)} numbers; the first line promises {dimensions}"
            )
        yield where, word, row


def _not_numbers(values: list[bytes], dimensions: int) -> str:
    wrong = next(value for value in values if not _is_number(value))
    if len(values) > dimensions and all(_is_number(value) for value in values[-dimensions:]):
        return f"holds a word with a space ({wrong[:40]!r} is where a number should be); join its parts with _"
    return f"holds {wrong[:40]!r} where a number should be; a binary file has to be named .bin"


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _binary_rows(file: BinaryIO, path: Path, dimensions: int) -> Iterator[Row]:
    """Yield each word, followed by a space and little-endian float32 values; word2vec.c ends them with a line feed, gensim does not."""
    rest, length, number = b"", 4 * dimensions, 0
    while piece := file.read(max(_BLOCK, length)):
        rest, start = rest + piece, 0
        while (space := rest.find(b" ", start)) >= 0 and len(rest) > space + length:
            number += 1
            values = np.frombuffer(rest, "<f4", dimensions, space + 1)
            yield f"word {number}", rest[start:space].lstrip(b"\n"), values.astype(np.float32)
            start = space + 1 + length
        rest = rest[start:]
        if len(rest) > length + _LONGEST_WORD and b" " not in rest[:_LONGEST_WORD]:
            raise DataError(
                f"{path} holds no word after word {number}; expected word2vec's binary format (text is named .txt)"
            )
    if rest.strip(b"\n"):
        raise DataError(
            f"{path} is cut off or not a binary file: {len(rest)} bytes after word {number} are not a word with {dimensions} numbers"
        )


def _decode(content: bytes, path: Path, where: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        found = content[error.start : error.start + 1].hex()
        raise DataError(
            f"{path}, {where}: the word {content[:40]!r} is not UTF-8 (byte 0x{found} at {error.start}); convert the file to UTF-8"
        ) from error


def _read_keyed(path: Path) -> KeyedVectors:
    with path.open("rb"):
        pass
    try:
        with quiet():
            found: Any = KeyedVectors.load(str(path))
    except (
        pickle.UnpicklingError,
        AttributeError,
        ImportError,
        IndexError,
        KeyError,
        ValueError,
        EOFError,
        TypeError,
    ) as error:
        raise DataError(
            f"{path} holds no KeyedVectors ({error}); expected a file that gensim's save() wrote"
        ) from error
    vectors = found.wv if isinstance(found, Word2Vec) else found
    if not isinstance(vectors, KeyedVectors):
        raise DataError(f"{path} holds a {type(found).__name__}; expected gensim's KeyedVectors")
    if vectors.vectors.shape != (len(vectors.index_to_key), vectors.vector_size) or not len(vectors.index_to_key):
        raise DataError(f"{path} holds a matrix of shape {vectors.vectors.shape} for {len(vectors.index_to_key)} words")
    if not np.isfinite(vectors.vectors).all():
        raise DataError(f"{path} holds NaN or infinity; expected finite numbers")
    return vectors
