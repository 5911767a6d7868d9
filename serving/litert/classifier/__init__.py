"""A classifier as .tflite."""

from serving.litert.classifier.conversion import convert
from serving.litert.classifier.parity import HeldOut, Images, Interpreter

__all__ = ["HeldOut", "Images", "Interpreter", "convert"]
