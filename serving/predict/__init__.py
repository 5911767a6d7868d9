"""`python -m serving.predict`: answers on the command line, from a bundle or a server."""

from serving.predict.command_line import main
from serving.predict.pictures import classify, explanation
from serving.predict.texts import Neighbours, TextScore, analogy, neighbours, text_score

__all__ = ["Neighbours", "TextScore", "analogy", "classify", "explanation", "main", "neighbours", "text_score"]
