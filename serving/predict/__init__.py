"""`python -m serving.predict`: answers on the command line, from a bundle or a server."""

from serving.predict.command_line import main
from serving.predict.ngram import TextScore, text_score
from serving.predict.pictures import classify, explanation
from serving.predict.word2vec import Neighbours, analogy, neighbours

__all__ = ["Neighbours", "TextScore", "analogy", "classify", "explanation", "main", "neighbours", "text_score"]
