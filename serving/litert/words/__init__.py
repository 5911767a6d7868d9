"""Word vectors as .tflite."""

from serving.litert.words.conversion import SIGNATURES, convert

__all__ = ["SIGNATURES", "convert"]
