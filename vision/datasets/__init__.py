"""Labelled images: one module per format, splits, batches."""

from vision.datasets.labelled import Examples, LabelledImages, Skipped

__all__ = ["Examples", "LabelledImages", "Skipped"]
