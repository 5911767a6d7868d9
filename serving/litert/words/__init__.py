"""Word vectors as .tflite."""

from serving.litert.words.conversion import SIGNATURES, convert
from serving.litert.words.parity import Interpreter

__all__ = ["SIGNATURES", "Interpreter", "convert"]
