"""Bytes to pixels: the one graph of training and export, with headers read first."""

from vision.decoding.pictures import (
    MAX_PIXELS,
    NO_IMAGE,
    TOO_LARGE,
    decode,
    decode_batch,
    decode_resized,
    decode_sized,
)

__all__ = ["MAX_PIXELS", "NO_IMAGE", "TOO_LARGE", "decode", "decode_batch", "decode_resized", "decode_sized"]
