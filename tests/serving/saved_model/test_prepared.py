"""A signature takes and gives arrays by their aliases; what could end the process is refused."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from serving import saved_model


@pytest.fixture(scope="module")
def half(half_plus_two: Path) -> Iterator[saved_model.LoadedModel]:
    with saved_model.load(half_plus_two / "00000123", intra_op_threads=1, inter_op_threads=1) as model:
        yield model


@pytest.fixture(scope="module")
def echoing(echo: Path) -> Iterator[saved_model.LoadedModel]:
    with saved_model.load(echo / "1") as model:
        yield model


@pytest.mark.parametrize("shape", [(), (2,), (2, 2), (2, 2, 3)])
def test_missing_dimensions_are_refused(echoing: saved_model.LoadedModel, shape: tuple[int, ...]) -> None:
    # The convolution would abort the process; `picture` only adds, but stands in the same graph.
    with pytest.raises(ValueError, match=r"'default' has the shape \[.*'picture' takes 4 dimensions.*batch first"):
        echoing.run("picture", {"default": np.ones(shape, np.float32)})
    for enough in ((2, 2, 2, 3), (1, 5, 5, 3), (1, 1, 2, 2, 3)):
        answer = echoing.run("picture", {"default": np.ones(enough, np.float32)})
        assert answer["out"].sum() == np.prod(enough)


def test_outputs_go_by_alias(half: saved_model.LoadedModel) -> None:
    answer = half.run("both", {"x": np.array([[6.0]], np.float32)})
    assert {alias: array.item() for alias, array in answer.items()} == {"half": 3.0, "whole": 6.0}


@pytest.mark.parametrize("names", [[], ["z"], ["x", "z"]])
def test_wrong_input_names(half: saved_model.LoadedModel, names: list[str]) -> None:
    with pytest.raises(ValueError, match=r"takes \['x'\]"):
        half.run("serving_default", {name: np.zeros((1, 1), np.float32) for name in names})


def test_some_outputs_alone(half: saved_model.LoadedModel) -> None:
    x = {"x": np.array([[6.0]], np.float32)}
    assert half.run("both", x, outputs=["whole"]).keys() == {"whole"}
    with pytest.raises(ValueError, match=r"Output 'none' was not found. This signature has: "):
        half.run("both", x, outputs=["none"])


def test_few_runs_need_one_callable_and_answer_the_same(half_plus_two: Path) -> None:
    with saved_model.load(half_plus_two / "00000123", few_runs=True) as model:
        for _ in range(3):
            assert model.run("serving_default", {"x": np.array([[1.0]], np.float32)})["y"] == [[2.5]]
