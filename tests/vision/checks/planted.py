"""The digits with one mistake of each kind, shared by the tests of what --check finds and of how it is said."""

from dataclasses import replace

from vision.datasets import LabelledImages, Skipped
from vision.datasets.reading import read_labelled

BLANK, COPY, LEAK, RELABELLED = 10, 20, 30, 40
"""Positions in train that are made blank, equal to their successor, equal to a test image, and equal to one with another label."""
LEAKED = 3
"""Position in test of the image that is in train too."""


def clean() -> LabelledImages:
    """900 digits as they are."""
    return read_labelled("digits", size=None, seed=0, most=900)


def mistakes(clean: LabelledImages) -> LabelledImages:
    """The same with one mistake of each kind in train, and a file that could not be read."""
    pool, labels = clean.train.pool.copy(), clean.train.labels.copy()
    train, test = clean.train.index, clean.test.index
    pool[train[BLANK]] = 77
    pool[train[COPY]] = pool[train[COPY + 1]]
    labels[COPY] = labels[COPY + 1]
    pool[train[LEAK]] = pool[test[LEAKED]]
    labels[LEAK] = clean.test.labels[LEAKED]
    pool[train[RELABELLED]] = pool[train[RELABELLED + 1]]
    labels[RELABELLED] = (labels[RELABELLED + 1] + 1) % 10
    parts = [replace(part, pool=pool) for part in (clean.train, clean.validation, clean.test)]
    return replace(
        clean,
        train=replace(parts[0], labels=labels),
        validation=parts[1],
        test=parts[2],
        skipped=(Skipped("a<b>.jpg", "zero bytes"),),
    )
