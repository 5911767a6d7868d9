"""LiteRT (.tflite): forms, quantisation, metadata and the mobile/ folder; one sub-folder per kind of model."""

from serving.litert.forms import FORMS, LiteRTError

__all__ = ["FORMS", "LiteRTError"]
