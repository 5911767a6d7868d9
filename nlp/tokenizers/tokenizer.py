"""Text to sentences of words, by one of a few named rules, in Python and in a TensorFlow graph alike."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from nlp.corpora import Lines
from nlp.errors import DataError
from nlp.tokenizers import rules
from nlp.vocabulary import BOS, EOS, UNK

Name = Literal["words", "space", "letters", "english", "characters"]
Symbols = Literal["refuse", "drop", "rename"]

NAMES: tuple[str, ...] = get_args(Name)

RENAMED = {UNK: "<UNK>", BOS: "<S>", EOS: "</S>"}
"""The new names of the models' own symbols where a text holds them and they are renamed."""

_CHUNK = 1 << 20


class Sentences(NamedTuple):
    """One text, split."""

    sentences: list[list[str]]
    """The words, sentence by sentence; at least one sentence, which may be empty."""
    open: list[str]
    """The last sentence where it is not finished (neither a sentence nor a line ends with the text), else empty."""


class GraphText(NamedTuple):
    """A batch of texts, split as in `Sentences`."""

    sentences: Any
    """RaggedTensor of strings (b, sentences, words)."""
    open: Any
    """RaggedTensor of strings (b, words)."""


@dataclass(frozen=True)
class Tokenizer:
    """A rule that splits text into sentences and words.

    `words`: lower case; a sentence ends at a line's end and after . ! ? before white space (no no-break space) or the text's end; words
        are runs of Unicode letters, marks and digits with inner apostrophes (’ becomes ').
    `letters`: lower case; . ! ? end a sentence before a space or the text's end; words are runs of a to z.
    `english`: lower case; . ! ? end a sentence anywhere; words are runs of a to z and apostrophes.
    `space`: KenLM's input as it is: each line is a sentence; spaces, tabs, carriage returns and zero bytes separate words (other white
        space does not).
    `characters`: each line is a sentence, every code point a word, white space is ▁.
    """

    name: str
    """One of NAMES."""
    shortest: int = field(default=1, kw_only=True)
    """Sentences of a corpus with fewer words are left out. 1 leaves out those without a word, except under `space`, where an empty line
    is an empty sentence. A text in a request keeps its short sentences."""
    symbols: Symbols = field(default="refuse", kw_only=True)
    """How `<unk>`, `<s>` and `</s>` in text are treated under `space`: as an error, left out as by `lmplz --skip_symbols`, or renamed
    to `<UNK>`, `<S>`, `</S>`. A text in a request is never refused: there `refuse` renames. Other rules never give such words."""

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise ValueError(f"no tokenizer '{self.name}'; there are {', '.join(NAMES)}")
        if self.symbols not in get_args(Symbols):
            raise ValueError(f"symbols are '{self.symbols}'; expected one of {', '.join(get_args(Symbols))}")
        if self.shortest < 1:
            raise ValueError(f"the shortest sentence has {self.shortest} words; expected 1 or more")

    def normalise(self, lines: Iterable[str], *, place: Callable[[int], str] | None = None) -> Iterator[str]:
        """Yield chunks of about 1 MiB: one sentence per line, words separated by one space; every chunk ends with a line's end.

        lines: without their ends. A chunk is longer where one line is.
        place: gives the name of a line by its number, from 1, for errors; `corpora.Lines` have their own.

        Raises DataError for `<unk>`, `<s>` or `</s>` in the text under `space`, unless `symbols` drops or renames them.
        """
        if place is None:
            place = lines.place if isinstance(lines, Lines) else "line {} of the text".format
        first = 1
        for chunk, count in _chunks(lines):
            sentences = self._sentences(self._ruled(chunk).removesuffix("\n").split("\n"), first, place)
            first += count
            if sentences:
                yield "\n".join(sentences) + "\n"

    def sentences(self, text: str) -> Sentences:
        """Split one text in Python, as `graph` does."""
        pieces = self._ruled(text).split("\n")
        if self.name == "space":
            pieces = [_without_symbols(piece, self._asked) for piece in pieces]
        found = [self._words(piece) for piece in pieces]
        kept = [*found[:-1], *filter(None, found[-1:])] if self.name == "space" else [words for words in found if words]
        return Sentences(kept or [[]], found[-1])

    def graph(self, text: Any) -> GraphText:
        """Split a batch of texts inside a TensorFlow graph, by stock operations.

        text: string (b,), UTF-8; bytes that are not become U+FFFD.
        """
        import tensorflow as tf

        ruled = rules.RULES[self.name](rules.valid(text))
        pieces = tf.strings.split(ruled, "\n")
        words = self._graph_words(pieces.values)
        found = pieces.with_values(words)
        last = tf.gather(words, pieces.row_splits[1:] - 1)
        return GraphText(_graph_kept(found, lines=self.name == "space"), last)

    @property
    def _asked(self) -> Symbols:
        return "rename" if self.symbols == "refuse" else self.symbols

    def _ruled(self, text: str) -> str:
        """Write one sentence per line, words separated by one space (the characters of `characters` by none)."""
        text = _valid(text)
        if self.name == "space":
            return _tidy(text.replace("\t", " ").replace("\r", " ").replace("\0", " "))
        ruled = str(rules.RULES[self.name](text.encode()).numpy(), "utf-8")
        return ruled if self.name == "characters" else _tidy(ruled)

    def _words(self, piece: str) -> list[str]:
        if self.name == "characters":
            return list(piece)
        return piece.split(" ") if piece else []

    def _sentences(self, pieces: list[str], first: int, place: Callable[[int], str]) -> list[str]:
        """Select the pieces that a corpus keeps, as lines; `first` is the number of the first line, `place` as in `normalise`."""
        if self.name == "characters":
            return [" ".join(piece) for piece in pieces if len(piece) >= self.shortest]
        if self.name == "space":
            pieces = _checked(pieces, self.symbols, first, place)
            if self.shortest == 1:
                return pieces
        return [piece for piece in pieces if piece and piece.count(" ") + 1 >= self.shortest]

    def _graph_words(self, pieces: Any) -> Any:
        """Split pieces, string (n,), into words, ragged string (n, words)."""
        import tensorflow as tf

        if self.name == "characters":
            return tf.strings.unicode_split(pieces, "UTF-8")
        words = tf.strings.split(pieces, " ")
        words = tf.ragged.boolean_mask(words, words.with_values(words.values != ""))
        if self.name != "space":
            return words
        for symbol, renamed in RENAMED.items():
            if self._asked == "drop":
                words = tf.ragged.boolean_mask(words, words.with_values(words.values != symbol))
            else:
                words = words.with_values(tf.where(words.values == symbol, renamed, words.values))
        return words


def _chunks(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield lines with their ends, about 1 MiB together, and their number."""
    gathered: list[str] = []
    size = 0
    for line in lines:
        gathered.append(line)
        size += len(line) + 1
        if size >= _CHUNK:
            yield "\n".join(gathered) + "\n", len(gathered)
            gathered, size = [], 0
    if gathered:
        yield "\n".join(gathered) + "\n", len(gathered)


def _tidy(text: str) -> str:
    """Leave one space between words, none at the ends of lines."""
    while "  " in text:
        text = text.replace("  ", " ")
    return text.replace(" \n", "\n").replace("\n ", "\n").strip(" ")


def _valid(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot encode, as the graph replaces their bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text


def _without_symbols(line: str, symbols: Symbols) -> str:
    """Drop or rename the models' symbols in a line."""
    if not any(symbol in line for symbol in RENAMED):
        return line
    if symbols == "drop":
        return " ".join(word for word in line.split(" ") if word not in RENAMED)
    return " ".join(RENAMED.get(word, word) for word in line.split(" "))


def _checked(lines: list[str], symbols: Symbols, first: int, place: Callable[[int], str]) -> list[str]:
    """Drop or rename the models' symbols, or raise DataError that names the first of them."""
    checked = [_without_symbols(line, symbols) for line in lines]
    if symbols == "refuse":
        for number, (line, changed) in enumerate(zip(lines, checked, strict=True), first):
            if line != changed:
                raise DataError(_symbol_found(line, place(number)))
    return checked


def _symbol_found(line: str, where: str) -> str:
    words = line.split(" ")
    place = next(i for i, word in enumerate(words) if word in RENAMED)
    around = " ".join(words[max(0, place - 3) : place + 4])
    return (
        f"{where} has the word '{words[place]}' (word {place + 1}, in '{around:.120}'), which the model keeps for itself; take it out"
        f" of the text, or use --symbols drop (as lmplz --skip_symbols) or --symbols rename (to {RENAMED[words[place]]})"
    )


def _graph_kept(found: Any, *, lines: bool) -> Any:
    """Leave out sentences without words, but keep at least one for each text.

    found: ragged string (b, pieces, words); lines: keep empty pieces too, unless they follow the last line's end.
    """
    import tensorflow as tf

    row = found.value_rowids()
    place = tf.ragged.range(found.row_lengths()).values
    last = place == tf.gather(found.row_lengths(), row) - 1
    keep = found.values.row_lengths() > 0
    if lines:
        keep |= ~last
    none = ~tf.reduce_any(found.with_values(keep), axis=1)
    return tf.ragged.boolean_mask(found, found.with_values(keep | (last & tf.gather(none, row))))
