"""tensorflow.serving.PredictionService: the calls that run a model. Importing this module loads TensorFlow.

Each call makes the checks of TensorFlow Serving, in its order: predict_util.cc, classifier.cc, regressor.cc,
multi_inference.cc, get_model_metadata_impl.cc.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from serving.server import tensor_proto
from serving.server.calls import example_request, predict_request, prediction
from serving.server.calls.prediction import DEFAULT_SIGNATURE
from serving.server.calls.rules import PLAIN, Rules
from serving.server.calls.signature_checks import METHODS
from serving.server.errors import Code, invalid_argument
from serving.server.grpc_api import call
from serving.server.grpc_api import examples as grpc_examples
from serving.server.metrics import Metrics
from serving.server.models.repository import Repository
from serving.server.models.versions import Version
from serving.server.recording.request_log import Kind, Record

SIGNATURE_DEF = "signature_def"

KINDS: Mapping[str, Kind] = {"Predict": "predict", "Classify": "classify", "Regress": "regress"}
"""From the name of a call in the metrics to its name in the request log."""


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """All calls of the service.

    `tensor_content`: pack the outputs of Predict. `record` is called with each request whose answer is OK.
    """

    def __init__(
        self,
        repository: Repository,
        *,
        metrics: Metrics | None = None,
        tensor_content: bool = False,
        rules: Rules = PLAIN,
        record: Record | None = None,
    ) -> None:
        self._repository = repository
        self._metrics = metrics
        self._tensor_content = tensor_content
        self._rules = rules
        self._record = record

    def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802, the names in prediction_service.proto
        """Run a signature on tensors."""
        return self._counted("Predict", request, context, self._predict)

    def Classify(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer labels and scores for each tf.Example."""
        return self._counted("Classify", request, context, self._classify)

    def Regress(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer one number for each tf.Example."""
        return self._counted("Regress", request, context, self._regress)

    def MultiInference(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run several signatures on the same tf.Examples."""
        return call.answer(context, lambda deadline: self._multi_inference(request, deadline))

    def GetModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer the signatures of a version."""
        return call.answer(context, lambda _deadline: self._metadata(request))

    def _counted(self, api: str, request: Any, context: Any, work: Callable[[Any, float | None], Any]) -> Any:
        """Answer a call that the metrics count."""
        metrics, start = self._metrics, time.perf_counter()

        def done(code: Code) -> None:
            if metrics:
                metrics.count_request(request.model_spec.name, code)
            if metrics and code is Code.OK:
                metrics.time_request(request.model_spec.name, api, "GRPC", time.perf_counter() - start)

        return call.answer(context, lambda deadline: work(request, deadline), done)

    def _predict(self, request: Any, deadline: float | None) -> Any:
        spec = call.model_spec(request)
        with self._repository.use(spec) as version:
            signatures = version.model.signatures
            name, inputs, wanted = predict_request.read(signatures, request, rules=self._rules)
            start = time.perf_counter()
            outputs = prediction.run(version, name, inputs, outputs=wanted, deadline=deadline)
            self._note(version, "Predict", name, inputs, start)
        answer = predict_pb2.PredictResponse()
        _name(answer.model_spec, version, name)
        for alias, array in outputs.items():
            declared = signatures[name].outputs[alias].dtype
            tensor_proto.write(array, answer.outputs[alias], declared=declared, content=self._tensor_content)
        return answer

    def _classify(self, request: Any, deadline: float | None) -> Any:
        return self._on_examples(
            "Classify", request, classification_pb2.ClassificationResponse(), grpc_examples.classify, deadline
        )

    def _regress(self, request: Any, deadline: float | None) -> Any:
        return self._on_examples(
            "Regress", request, regression_pb2.RegressionResponse(), grpc_examples.regress, deadline
        )

    def _on_examples(
        self, api: str, request: Any, answer: Any, fill: Callable[..., None], deadline: float | None
    ) -> Any:
        """Let `fill` write the result into `answer`, and return it."""
        spec = call.model_spec(request)
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        with self._repository.use(spec) as version:
            examples = example_request.read(request.input)
            start = time.perf_counter()
            fill(version, name, examples, answer.result, rules=self._rules, deadline=deadline)
            self._note(version, api, name, {"inputs": examples}, start)
            if self._metrics:
                self._metrics.count_examples(version.name, len(examples))
        _name(answer.model_spec, version, name)
        return answer

    def _multi_inference(self, request: Any, deadline: float | None) -> Any:
        first = request.tasks[0] if request.tasks else inference_pb2.InferenceTask()
        answer = inference_pb2.MultiInferenceResponse()
        with self._repository.use(call.from_message(first.model_spec)) as version:
            names = example_request.check_tasks(version, request.tasks, rules=self._rules)
            examples = example_request.read(request.input)
            for task, name in zip(request.tasks, names, strict=True):
                result = answer.results.add()
                classifies = task.method_name == METHODS["classify"]
                fill = grpc_examples.classify if classifies else grpc_examples.regress
                filled = result.classification_result if classifies else result.regression_result
                fill(version, name, examples, filled, rules=self._rules, deadline=deadline)
                _name(result.model_spec, version, name)
            if self._metrics:
                self._metrics.count_examples(version.name, len(examples))
        return answer

    def _metadata(self, request: Any) -> Any:
        if not request.HasField("model_spec"):
            raise invalid_argument("Missing ModelSpec")
        if not request.metadata_field:
            raise invalid_argument("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != SIGNATURE_DEF:
                raise invalid_argument(f"Metadata field {field} is not supported")
        signatures = get_model_metadata_pb2.SignatureDefMap()
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        with self._repository.use(call.model_spec(request)) as version:
            for name, signature in version.model.metadata.items():
                signatures.signature_def[name].CopyFrom(signature)
            _name(answer.model_spec, version, "")
        answer.metadata[SIGNATURE_DEF].Pack(signatures)
        return answer

    def _note(self, version: Version, api: str, name: str, inputs: Mapping[str, np.ndarray], start: float) -> None:
        """Measure and record a run that was OK and began at `start`."""
        if self._metrics:
            self._metrics.time_run(version.name, api, "TF1", time.perf_counter() - start, name)
        if self._record:
            self._record(version, KINDS[api], name, inputs)


def _name(message: Any, version: Version, signature: str) -> None:
    """Write into the answer's ModelSpec which version and signature answered."""
    message.name = version.name
    message.version.value = version.number
    message.signature_name = signature
