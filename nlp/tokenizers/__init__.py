"""Text to sentences of words, in Python and in a TensorFlow graph, by one of a few named rules."""

from nlp.tokenizers.tokenizer import NAMES, GraphText, Sentences, Tokenizer

__all__ = ["NAMES", "GraphText", "Sentences", "Tokenizer"]
