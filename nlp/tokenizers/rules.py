"""The rules of the tokenizers as TensorFlow string operations: the same ones prepare a corpus and run in the served graph.

Every rule takes string tensors of any shape, valid UTF-8, and gives text with one sentence per line and spaces between words; there may
be more spaces than needed and lines without a word. TensorFlow has its own Unicode tables (ICU, RE2), so that a model does not depend on
Python's.
"""

from collections.abc import Callable
from typing import Any

# Unicode's White_Space (PropList.txt) as RE2 writes it. A no-break space forbids the end of a line, and so of a sentence: "Mr. Smith".
_BREAKING = r"\t\n\x0b\x0c\r \x{85}\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{2028}\x{2029}\x{205f}\x{3000}"
_WHITE = _BREAKING + r"\x{a0}\x{2007}\x{202f}"
_WORD = r"\pL\pM\pN"

# TensorFlow lower-cases by the language of the machine (LANG, LC_ALL): in Turkish I becomes ı, in Lithuanian Ì gets a dot. These
# letters, and with them all ASCII ones, are therefore lower-cased by ourselves first.
_BY_LANGUAGE = {"\u0130": "i\u0307", "\u00cc": "\u00ec", "\u00cd": "\u00ed", "\u0128": "\u0129", "\u012e": "\u012f"}


def words(text: Any) -> Any:
    """Keep runs of letters, marks and digits of any script, with inner apostrophes, in lower case."""
    text = _replaced(_lower(text), rf"[.!?](?:[{_BREAKING}]|\z)", "\n")
    text = _replaced(text, "\u2019", "'")
    text = _replaced(text, rf"[^{_WORD}'\n]+", " ")
    text = _replaced(text, "''+", " ")
    text = _replaced(text, r"(\A|[ \n])'", r"\1")
    return _replaced(text, r"'([ \n]|\z)", r"\1")


def letters(text: Any) -> Any:
    """Keep runs of a to z in lower case; . ! ? end a sentence before a space."""
    return _replaced(_replaced(_lower(text), r"[.!?](?:[ \n]|\z)", "\n"), r"[^a-z\n]+", " ")


def english(text: Any) -> Any:
    """Keep runs of a to z and apostrophes in lower case; every full stop, exclamation and question mark ends a sentence."""
    return _replaced(_replaced(_lower(text), "[.!?]+", "\n"), r"[^a-z'\n]+", " ")


def space(text: Any) -> Any:
    """Split as KenLM does: spaces, tabs, carriage returns and zero bytes separate words, and each line is a sentence."""
    return _replaced(text, r"[\t\r\x00]", " ")


def characters(text: Any) -> Any:
    """Write white space as ▁; each line is a sentence, and the caller separates the characters."""
    return _replaced(_replaced(text, r"\r\n", "\n"), rf"[{_WHITE.replace(chr(92) + 'n', '')}]", "\u2581")


RULES: dict[str, Callable[[Any], Any]] = {
    "words": words,
    "space": space,
    "letters": letters,
    "english": english,
    "characters": characters,
}


def valid(text: Any) -> Any:
    """Replace bytes that are not UTF-8 by U+FFFD."""
    import tensorflow as tf

    return tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")


def _lower(text: Any) -> Any:
    import tensorflow as tf

    text = tf.strings.lower(text)
    for upper, lower in _BY_LANGUAGE.items():
        text = _replaced(text, upper, lower)
    return tf.strings.lower(text, encoding="utf-8")


def _replaced(text: Any, pattern: str, by: str) -> Any:
    import tensorflow as tf

    return tf.strings.regex_replace(text, pattern, by)
