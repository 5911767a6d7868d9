"""The export of a classifier: nothing where there is nothing to export; the files themselves are tried end to end."""

from pathlib import Path

import numpy as np

from pipelines.classify import export
from pipelines.classify.config import Config
from pipelines.classify.evaluation import Evaluated
from pipelines.classify.training import Trained
from vision.datasets import Examples, LabelledImages


def test_nearest_neighbours_are_not_exported(tmp_path: Path) -> None:
    part = Examples(pool=np.zeros((2, 2, 2, 1), np.uint8), index=np.arange(2), labels=np.arange(2), names=("a", "b"))
    data = LabelledImages(classes=("x", "y"), train=part, validation=part, test=part)
    trained = Trained(data=data, model=None, probabilities=np.eye(2, dtype=np.float32))
    exported = export.write(Config(), tmp_path, Evaluated(trained=trained, scores={}))
    assert exported.parity is None
    assert exported.hint == "no export: --no-export was given, or this model has none"
    assert not list(tmp_path.iterdir())
