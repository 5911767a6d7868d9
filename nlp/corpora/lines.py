"""Text to learn from: a built-in corpus, a file or a folder, as lines that are read as often as needed and never all held in memory."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Literal, get_args

from nlp.corpora.files import Invalid, TextFile, UnusableError, probe
from nlp.errors import DataError

Errors = Literal["strict", "replace"]

BUILT_IN = ("lee",)

_LISTED = 100
_PARTS = {
    "train": re.compile(r"train(ing)?\d*"),
    "validation": re.compile(r"(val|valid|validation|dev|devel|development)\d*"),
    "test": re.compile(r"test(ing)?\d*"),
}


@dataclass(frozen=True)
class _Part:
    """A share of the lines, chosen by a number in [0, 1) for each text."""

    key: bytes
    low: float
    high: float

    def holds(self, line: str, number: int) -> bool:
        """Whether this part has the line: equal lines are in one part; blank ones are spread by their number."""
        # A cryptographic hash, so that no regularity of the text is visible in the parts.
        digest = hashlib.blake2b(
            (line if line.strip() else f"\0{number}").encode(), digest_size=6, key=self.key
        ).digest()
        return self.low <= int.from_bytes(digest, "little") / 2**48 < self.high


class Lines:
    """The lines of some text files without their ends; can be read again and again."""

    names: tuple[str, ...]
    """The files."""
    errors: Errors
    """How bytes that are not UTF-8 are treated: `strict` raises DataError, `replace` puts U+FFFD there."""
    replaced: int
    """Lines of the last iteration in which bytes that are not UTF-8 were replaced by U+FFFD."""
    replacements: list[Invalid]
    """The first hundred of them."""
    skipped: list[tuple[str, str]]
    """Files that were left out, or from some line on, and why."""

    def __init__(
        self,
        files: Sequence[TextFile],
        *,
        errors: Errors = "strict",
        most: int | None = None,
        skipped: Sequence[tuple[str, str]] = (),
        folder: bool = False,
    ) -> None:
        """files: at least one; most: the first so many lines only; folder: a corrupt file among others is skipped, not an error.

        skipped: files that are left out already.
        """
        self.names = tuple(file.name for file in files)
        self.errors = errors
        self.replaced = 0
        self.replacements = []
        self.skipped = list(skipped)
        self._files = tuple(files)
        self._most = most
        self._known = tuple(skipped)
        self._folder = folder
        self._parts: tuple[_Part, ...] = ()

    def __iter__(self) -> Iterator[str]:
        return (line for _, _, line in self._placed())

    def place(self, number: int) -> str:
        """Name file and line of the line with this number, from 1, for messages; reads up to there again."""
        name, line, _ = next(islice(self.tolerant()._placed(), number - 1, None))
        return f"{name}, line {line}"

    def part(self, seed: int, low: float, high: float) -> "Lines":
        """Select the lines whose number in [0, 1), a function of seed and text, is at least low and below high."""
        lines = copy(self)
        # A part of a part is drawn anew: with the same numbers it would be all or nothing.
        lines._parts = (*self._parts, _Part(f"{seed} {len(self._parts)}".encode(), low, high))
        return lines

    def tolerant(self) -> "Lines":
        """Return the same lines, with U+FFFD for bytes that are not UTF-8."""
        lines = copy(self)
        lines.errors = "replace"
        return lines

    def _placed(self) -> Iterator[tuple[str, int, str]]:
        """Yield file, number (from 1) and text of every line."""
        self.replaced = 0
        self.replacements = []
        self.skipped = list(self._known)
        if not self._parts:
            return self._all()
        return (
            found
            for number, found in enumerate(self._all())
            if all(part.holds(found[2], number) for part in self._parts)
        )

    def _all(self) -> Iterator[tuple[str, int, str]]:
        left = self._most
        for file in self._files:
            try:
                for number, line in enumerate(file.lines(self._note if self.errors == "replace" else None), 1):
                    if left is not None:
                        if left <= 0:
                            return
                        left -= 1
                    yield file.name, number, line
            except UnusableError as error:
                if not self._folder:
                    raise
                self.skipped.append((file.name, str(error)))

    def _note(self, found: Invalid) -> None:
        self.replaced += 1
        if len(self.replacements) < _LISTED:
            self.replacements.append(found)


@dataclass(frozen=True)
class Corpus:
    """Training text, and held-out text where the data has some."""

    name: str
    """The built-in name, or that of the file or folder."""
    train: Lines
    validation: Lines | None = None
    test: Lines | None = None

    def fingerprint(self) -> str:
        """SHA-256 of all lines in UTF-8, part by part, however they are packed; reads everything once."""
        digest = hashlib.sha256()
        for name in ("train", "validation", "test"):
            digest.update(f"\0{name}\0".encode())
            for line in getattr(self, name) or ():
                digest.update(line.encode())
                digest.update(b"\n")
        return digest.hexdigest()


def read(
    data: str,
    *,
    errors: Errors = "strict",
    validation: Path | None = None,
    test: Path | None = None,
    most: int | None = None,
) -> Corpus:
    """Find a corpus by its name or path.

    data: `lee` (a file of that name is `./lee`), a text file (plain, .gz, .xz, .bz2) or a folder. A folder's files with train, valid
        (val, dev) or test in their names or in those of their folders are those parts; where none has train, the others are the
        training text, sorted by name.
    errors: how bytes that are not UTF-8 are treated: `strict` raises DataError that names them, `replace` puts U+FFFD there.
    validation, test: held-out files or folders, in place of the folder's own.
    most: of each part, the first so many lines only.

    Raises DataError when there is no text, or a file is not text. In a folder with usable files the others are listed in `Lines.skipped`.
    """
    if errors not in get_args(Errors):
        raise ValueError(f"errors is '{errors}'; expected one of {', '.join(get_args(Errors))}")
    if data in BUILT_IN:
        path, name = _lee(), data
    else:
        path, name = Path(data), Path(data).resolve().name
    parts = (_folder_parts if path.is_dir() else _file_parts)(path, errors=errors, most=most)
    for part, held_out in (("validation", validation), ("test", test)):
        if held_out is not None:
            parts[part] = _held_out(held_out, errors=errors, most=most)
    return Corpus(name, parts["train"], parts.get("validation"), parts.get("test"))


def split(
    lines: Lines, *, seed: int, shares: tuple[float, float, float] = (0.6, 0.2, 0.2)
) -> tuple[Lines, Lines, Lines]:
    """Split into training, validation and test lines by seed and text, so that equal lines are in the same part.

    shares: of the three, 0 to 1, together 1; a part of share 0 is empty.

    Raises DataError when a part with a share has only blank lines.
    """
    if min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        raise ValueError(f"shares are {shares}; expected three numbers of 0 or more that sum to 1")
    edges = (0.0, shares[0], shares[0] + shares[1] if shares[2] else 1.0, 1.0)
    parts = tuple(lines.part(seed, low, high) for low, high in pairwise(edges))
    if not all(any(line.strip() for line in part) for part, share in zip(parts, shares, strict=True) if share):
        counts = [sum(1 for line in part if line.strip()) for part in parts]
        if not any(counts):
            raise DataError("the text has only blank lines, so there is nothing to split; give lines with words")
        raise DataError(
            f"the text is too short to split: {sum(counts)} lines fall to training, validation and test as"
            f" {counts[0]}, {counts[1]}, {counts[2]} (equal lines stay together); give more lines, another seed or"
            " held-out files of your own"
        )
    return parts[0], parts[1], parts[2]


def _lee() -> Path:
    """Find the excerpt of the Lee news corpus that comes with gensim."""
    try:
        from gensim.test.utils import datapath
    except ImportError as error:
        raise DataError(
            f"the built-in corpus 'lee' comes with gensim, which cannot be imported ({error}): pip install gensim"
        ) from None
    path = Path(datapath("lee_background.cor"))
    if not path.is_file():
        raise DataError(
            f"the installed gensim has no {path.name}, the built-in corpus 'lee'; install gensim 4 again or give a text file"
        )
    return path


def _file(path: Path, *, errors: Errors, most: int | None) -> Lines:
    if not path.exists():
        raise DataError(
            f"no file or folder {path}; expected a text file, a folder of text files or a built-in corpus: {', '.join(BUILT_IN)}"
        )
    return Lines([probe(path, str(path))], errors=errors, most=most)


def _file_parts(path: Path, *, errors: Errors, most: int | None) -> dict[str, Lines]:
    return {"train": _file(path, errors=errors, most=most)}


def _held_out(path: Path, *, errors: Errors, most: int | None) -> Lines:
    if not path.is_dir():
        return _file(path, errors=errors, most=most)
    return _lines(path, _text_files(path), errors=errors, most=most)


def _folder_parts(folder: Path, *, errors: Errors, most: int | None) -> dict[str, Lines]:
    """Assign the files of a folder to training and held-out text by their names."""
    named: dict[str, list[Path]] = {"train": [], "validation": [], "test": [], "": []}
    files = _text_files(folder)
    for path in files:
        named[_part(path.relative_to(folder))].append(path)
    rest = named.pop("")
    if not named["train"]:
        named["train"], rest = rest, []
    if files and not named["train"]:
        raise DataError(
            f"{folder} holds no training text, only {', '.join(path.name for path in files[:5])}; add train.txt or name the file"
        )
    unused = [(str(path.relative_to(folder)), "neither train, valid nor test in its name") for path in rest]
    return {
        part: _lines(folder, paths, errors=errors, most=most, unused=unused if part == "train" else ())
        for part, paths in named.items()
        if paths or part == "train"
    }


def _text_files(folder: Path) -> list[Path]:
    """List everything but hidden files and folders, sorted by name."""
    found = (path for path in folder.rglob("*") if not path.is_dir())
    return sorted(path for path in found if not any(name.startswith(".") for name in path.relative_to(folder).parts))


def _part(path: Path) -> str:
    """Return train, validation, test or nothing, by the words in the names of file and folders, the file's own first."""
    for name in reversed(path.parts):
        for word in re.split(r"[._-]", name.lower()):
            for part, pattern in _PARTS.items():
                if pattern.fullmatch(word):
                    return part
    return ""


def _lines(
    folder: Path, paths: Sequence[Path], *, errors: Errors, most: int | None, unused: Sequence[tuple[str, str]] = ()
) -> Lines:
    files, skipped = [], []
    for path in paths:
        name = str(path.relative_to(folder))
        try:
            files.append(probe(path, name))
        except UnusableError as error:
            skipped.append((name, str(error)))
    if not files:
        reasons = "".join(f"\n  {reason}" for _, reason in skipped[:10])
        raise DataError(
            f"{folder} holds no text file (files: {len(skipped)}); expected UTF-8 text, plain or .gz, .xz, .bz2{reasons}"
        )
    return Lines(files, errors=errors, most=most, skipped=[*skipped, *unused], folder=True)
