"""Classify, Regress and MultiInference over a real channel: y = 0.5 x + 2 for the feature x of each tf.Example."""

from collections.abc import Iterator
from typing import Any

import pytest
import tensorflow as tf
from tensorflow_serving.apis import classification_pb2, inference_pb2, input_pb2, regression_pb2

from serving import saved_model
from serving.server.calls.rules import Rules
from serving.server.metrics import Metrics
from serving.server.models.config import ModelConfig
from serving.server.models.repository import Repository
from tests.serving.server import grpc_kit
from tests.serving.server.grpc_kit import SECONDS, Client, examples, refused

METHOD = "tensorflow/serving/"


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """The model `heads`, version 3."""
    base = tmp_path_factory.mktemp("heads")
    grpc_kit.write_heads(base / "3")
    heads = Repository(lambda _config, folder: saved_model.load(folder))
    heads.apply([ModelConfig(name="heads", base_path=base)])
    yield heads
    heads.close()


@pytest.fixture(scope="module")
def many(heads: Repository) -> Iterator[Client]:
    """A client of the model `heads`."""
    with grpc_kit.client_of(heads) as connected:
        yield connected


def classification(model: str, signature: str, given: Any) -> Any:
    """A ClassificationRequest."""
    message = classification_pb2.ClassificationRequest(input=given)
    message.model_spec.name, message.model_spec.signature_name = model, signature
    return message


def regression(model: str, signature: str, given: Any) -> Any:
    """A RegressionRequest."""
    message = regression_pb2.RegressionRequest(input=given)
    message.model_spec.name, message.model_spec.signature_name = model, signature
    return message


def multi(given: Any, *tasks: tuple[str, str, str]) -> Any:
    """A MultiInferenceRequest of tasks (model, signature, method)."""
    message = inference_pb2.MultiInferenceRequest(input=given)
    for model, signature, method in tasks:
        task = message.tasks.add(method_name=method)
        task.model_spec.name, task.model_spec.signature_name = model, signature
    return message


def classes(result: Any) -> list[list[tuple[str, float]]]:
    """Labels and scores of a ClassificationResult."""
    return [[(found.label, found.score) for found in row.classes] for row in result.classifications]


def test_classify(client: Client) -> None:
    answer = client.prediction.Classify(
        classification("half_plus_two", "labelled", examples(2.0, 4.0)), timeout=SECONDS
    )
    assert classes(answer.result) == [[("half", 3.0)], [("half", 4.0)]]
    spec = answer.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("half_plus_two", 123, "labelled")


def test_classify_without_labels(client: Client) -> None:
    answer = client.prediction.Classify(classification("half_plus_two", "classify", examples(2.0)), timeout=SECONDS)
    assert classes(answer.result) == [[("", 3.0)]]


def test_regress(client: Client) -> None:
    answer = client.prediction.Regress(
        regression("half_plus_two", "regress", examples(*map(float, range(50)))), timeout=SECONDS
    )
    assert [found.value for found in answer.result.regressions] == [0.5 * x + 2 for x in range(50)]
    assert answer.model_spec.signature_name == "regress"


def test_context_stands_in_each_example(client: Client) -> None:
    shared = input_pb2.ExampleListWithContext(
        examples=[tf.train.Example(), tf.train.Example()], context=grpc_kit.example(6.0)
    )
    answer = client.prediction.Regress(
        regression("half_plus_two", "regress", input_pb2.Input(example_list_with_context=shared)), timeout=SECONDS
    )
    assert [found.value for found in answer.result.regressions] == [5.0, 5.0]


def test_default_signature(many: Client) -> None:
    answer = many.prediction.Regress(regression("heads", "", examples(2.0)), timeout=SECONDS)
    assert answer.result.regressions[0].value == 3.0
    assert answer.model_spec.signature_name == "serving_default"


def test_errors(client: Client) -> None:
    with refused("INVALID_ARGUMENT", "Missing ModelSpec"):
        client.prediction.Classify(classification_pb2.ClassificationRequest())
    with refused("INVALID_ARGUMENT", "Missing ModelSpec"):
        client.prediction.Regress(regression_pb2.RegressionRequest())
    with refused("NOT_FOUND", "Servable not found for request: Latest(other)"):
        client.prediction.Classify(classification("other", "classify", examples(1.0)))
    with refused("INVALID_ARGUMENT", "No signature was found with the name: nope"):
        client.prediction.Regress(regression("half_plus_two", "nope", input_pb2.Input()))
    for empty in (input_pb2.Input(), examples()):
        with refused("INVALID_ARGUMENT", "Input is empty."):
            client.prediction.Classify(classification("half_plus_two", "classify", empty))
    with refused("INVALID_ARGUMENT", "Feature: x"):
        client.prediction.Classify(
            classification("half_plus_two", "classify", input_pb2.Input(example_list={"examples": [{}]}))
        )


def test_signatures_that_do_not_fit(client: Client) -> None:
    with pytest.raises(Exception, match="No regression inputs found in SignatureDef"):
        client.prediction.Regress(regression("half_plus_two", "serving_default", examples(1.0)))
    with pytest.raises(Exception, match=r"No classification outputs|at least one of"):
        client.prediction.Classify(classification("half_plus_two", "regress", examples(1.0)))


def test_method_names_are_checked_if_asked(heads: Repository) -> None:
    with grpc_kit.client_of(heads, rules=Rules(check_method=True)) as client:
        client.prediction.Regress(regression("heads", "regress", examples(1.0)), timeout=SECONDS)
        with refused("INVALID_ARGUMENT", "Expected classification signature method_name to be", "Was: " + METHOD):
            client.prediction.Classify(classification("heads", "regress", examples(1.0)))


def test_multi_inference(many: Client) -> None:
    answer = many.prediction.MultiInference(
        multi(examples(2.0, 4.0), ("heads", "classify", METHOD + "classify"), ("heads", "regress", METHOD + "regress")),
        timeout=SECONDS,
    )
    first, second = answer.results
    assert classes(first.classification_result) == [[("half", 3.0)], [("half", 4.0)]]
    assert [found.value for found in second.regression_result.regressions] == [3.0, 4.0]
    for result, signature in ((first, "classify"), (second, "regress")):
        spec = result.model_spec
        assert (spec.name, spec.version.value, spec.signature_name) == ("heads", 3, signature)


REGRESS = METHOD + "regress"


@pytest.mark.parametrize(
    ("tasks", "code", "words"),
    [
        ([], "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        ([("", "regress", REGRESS)], "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (
            [("heads", "regress", REGRESS), ("", "classify", REGRESS)],
            "INVALID_ARGUMENT",
            "Found ModelSpec with an empty model name.",
        ),
        (
            [("heads", "regress", REGRESS), ("x", "regress", REGRESS)],
            "INVALID_ARGUMENT",
            "All ModelSpecs in a MultiInferenceRequest must access the same model name.",
        ),
        (
            [("heads", "regress", REGRESS), ("heads", "regress", REGRESS)],
            "INVALID_ARGUMENT",
            "Duplicate evaluation of signature: regress",
        ),
        ([("heads", "z", REGRESS)], "INVALID_ARGUMENT", "Requested signature not found in model graph: z"),
        (
            [("heads", "", METHOD + "predict")],
            "UNIMPLEMENTED",
            "Unsupported signature method_name: tensorflow/serving/predict",
        ),
        (
            [("heads", "regress", REGRESS), ("heads", "other", REGRESS)],
            "INVALID_ARGUMENT",
            "Input tensor must be the same for all Signatures.",
        ),
        ([("other", "regress", REGRESS)], "NOT_FOUND", "Servable not found for request: Latest(other)"),
    ],
)
def test_multi_inference_errors(many: Client, tasks: list[tuple[str, str, str]], code: str, words: str) -> None:
    with refused(code, words):
        many.prediction.MultiInference(multi(examples(1.0), *tasks))


def test_multi_inference_on_nothing(many: Client) -> None:
    with refused("INVALID_ARGUMENT", "Input is empty."):
        many.prediction.MultiInference(multi(examples(), ("heads", "regress", REGRESS)))


def test_metrics_and_record(heads: Repository) -> None:
    metrics, heard = Metrics(), []
    with grpc_kit.client_of(heads, metrics=metrics, record=lambda *call: heard.append(call)) as client:
        client.prediction.Classify(classification("heads", "classify", examples(1.0, 2.0)), timeout=SECONDS)
        client.prediction.Regress(regression("heads", "regress", examples(1.0)), timeout=SECONDS)
        client.prediction.MultiInference(multi(examples(1.0), ("heads", "regress", REGRESS)), timeout=SECONDS)
    assert [(kind, signature, len(inputs["inputs"])) for _, kind, signature, inputs in heard] == [
        ("classify", "classify", 2),
        ("regress", "regress", 1),
    ]
    text = metrics.text()
    assert ':tensorflow:serving:request_example_count_total{model="heads"} 4' in text
    for api in ("Classify", "Regress"):
        assert (
            f':tensorflow:serving:request_latency_count{{model_name="heads",API="{api}",entrypoint="GRPC"}} 1' in text
        )
        assert f':tensorflow:serving:runtime_latency_count{{model_name="heads",API="{api}",runtime="TF1"}} 1' in text
