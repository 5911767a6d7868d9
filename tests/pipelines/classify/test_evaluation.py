"""The scores of a classifier: of the held-out answers, with what the folds add."""

import numpy as np

from pipelines.classify import evaluation
from pipelines.classify.training import Trained
from vision.datasets import Examples, LabelledImages


def test_the_answers_to_the_test_images_are_scored() -> None:
    pool = np.zeros((4, 2, 2, 1), np.uint8)
    part = Examples(pool=pool, index=np.arange(4), labels=np.array([0, 1, 1, 0]), names=("a", "b", "c", "d"))
    data = LabelledImages(classes=("x", "y"), train=part, validation=part, test=part)
    answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]], np.float32)
    trained = Trained(data=data, model=None, probabilities=answers, spread={"neighbours": 3.0})
    evaluated = evaluation.evaluate(trained)
    assert evaluated.trained is trained
    assert (evaluated.scores["accuracy"], evaluated.scores["n"], evaluated.scores["neighbours"]) == (0.75, 4.0, 3.0)
