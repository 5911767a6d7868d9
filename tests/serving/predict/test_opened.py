"""What is opened for `serving.predict`, and how a refusal of the graph becomes a sentence."""

from pathlib import Path

import numpy as np
import pytest

from serving import saved_model
from serving.bundle import BundleError
from serving.predict import opened as predict_model
from tests.serving import page_models, text_models


def test_a_bundle_says_its_task_and_input(tmp_path: Path) -> None:
    text_models.write_ngram(tmp_path / "run" / "export" / "2")
    with predict_model.in_bundle(tmp_path / "run") as opened:
        assert (opened.task, opened.place, opened.input_description) == ("ngram", str(tmp_path / "run"), {})
        answer = predict_model.run(opened.model, "serving_default", {"text": np.array([b"a"], object)}, reason=str)
        assert answer["perplexity"].shape == (1,)


def test_other_tasks_are_refused(tmp_path: Path) -> None:
    page_models.write(tmp_path, "translate")
    with (
        pytest.raises(BundleError, match="is for the task 'translate'; this version answers classify, ngram, word2vec"),
        predict_model.in_bundle(tmp_path),
    ):
        pass


def test_what_the_graph_refuses_is_a_value_error_and_the_rest_is_not(half_plus_two: Path) -> None:
    with saved_model.load(half_plus_two / "00000123") as model:
        with pytest.raises(ValueError, match=r"^told: .*Type mismatch"):
            predict_model.run(
                model, "serving_default", {"x": np.array([b"no"], object)}, reason=lambda message: f"told: {message}"
            )
        with pytest.raises(ValueError, match="Signature 'none' was not found"):
            predict_model.run(model, "none", {}, reason=str)
