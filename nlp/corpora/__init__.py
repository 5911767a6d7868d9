"""Text to learn from, as lines that are read as often as needed: `read` finds it, `split` divides it."""

from nlp.corpora.lines import BUILT_IN, Corpus, Errors, Lines, read, split

__all__ = ["BUILT_IN", "Corpus", "Errors", "Lines", "read", "split"]
