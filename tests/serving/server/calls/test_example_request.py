"""Requests on tf.Examples, built by hand: the examples with their context, and the tasks of MultiInference."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import inference_pb2, input_pb2

from serving import saved_model
from serving.server.calls import example_request
from serving.server.calls.rules import Rules
from serving.server.errors import ServingError
from serving.server.models.versions import Version

METHOD = "tensorflow/serving/"


@pytest.fixture(scope="module")
def version(half_plus_two: Path) -> Version:
    folder = half_plus_two / "00000123"
    return Version("half_plus_two", 123, folder, loaded=saved_model.load(folder))


def example(number: float) -> Any:
    made = tf.train.Example()
    made.features.feature["x"].float_list.value.append(number)
    return made


def tasks(*asked: tuple[str, str]) -> list[Any]:
    """Each is a signature and the method to run it with."""
    made = []
    for signature, method in asked:
        task = inference_pb2.InferenceTask(method_name=METHOD + method)
        task.model_spec.name, task.model_spec.signature_name = "m", signature
        made.append(task)
    return made


def test_examples_are_read_as_strings() -> None:
    listed = input_pb2.Input(example_list={"examples": [example(1.0), example(2.0)]})
    strings = example_request.read(listed)
    assert strings.dtype == np.object_
    assert strings.tolist() == [example(1.0).SerializeToString(), example(2.0).SerializeToString()]
    assert example_request.read(input_pb2.Input()).shape == (0,)


def test_the_context_is_put_before_each_example() -> None:
    shared = input_pb2.ExampleListWithContext(examples=[tf.train.Example(), example(1.0)], context=example(6.0))
    context = example(6.0).SerializeToString()
    strings = example_request.read(input_pb2.Input(example_list_with_context=shared))
    assert strings.tolist() == [context, context + example(1.0).SerializeToString()]


@pytest.mark.parametrize("method", ["classify", "regress"])
def test_tasks_name_their_signatures(version: Version, method: str) -> None:
    assert example_request.check_tasks(version, []) == []
    assert example_request.check_tasks(version, tasks((method, method))) == [method]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            [("regress", "regress"), ("regress", "regress")],
            "INVALID_ARGUMENT: Duplicate evaluation of signature: regress",
        ),
        ([("regress", "predict")], "UNIMPLEMENTED: Unsupported signature method_name: tensorflow/serving/predict"),
        ([("none", "regress")], "INVALID_ARGUMENT: Requested signature not found in model graph: none"),
        ([("regress", "regress"), ("classify", "classify")], "INVALID_ARGUMENT: Input tensor must be the same for all"),
    ],
)
def test_tasks_that_do_not_fit(version: Version, asked: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(ServingError, match=f"^{words}"):
        example_request.check_tasks(version, tasks(*asked))


def test_tasks_for_several_models(version: Version) -> None:
    asked = tasks(("regress", "regress"), ("classify", "classify"))
    asked[1].model_spec.name = "other"
    with pytest.raises(ServingError, match="must access the same model name"):
        example_request.check_tasks(version, asked)
    asked[1].model_spec.name = ""
    with pytest.raises(ServingError, match="Found ModelSpec with an empty model name"):
        example_request.check_tasks(version, asked)


def test_signatures_must_be_declared_if_the_rules_say_so(version: Version) -> None:
    with pytest.raises(ServingError, match=r"method_name to be .*regress\. Was: .*predict"):
        example_request.check_tasks(version, tasks(("regress", "regress")), rules=Rules(check_method=True))
