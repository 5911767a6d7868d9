"""tensorflow.serving.ModelService: the state of the models, and new configs. Importing this module loads TensorFlow."""

from collections.abc import Callable
from typing import Any

from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2, model_service_pb2_grpc

from serving.server.errors import invalid_argument
from serving.server.grpc_api import call
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """The two calls of the service. `reload` is called with each new ModelServerConfig message, and may raise ServingError."""

    def __init__(self, repository: Repository, reload: Callable[[Any], None]) -> None:
        self._repository = repository
        self._reload = reload

    def GetModelStatus(self, request: Any, context: Any) -> Any:  # noqa: N802, the name in model_service.proto
        """Report the state of one version, or of all versions of a model; a label is ignored, as in TensorFlow Serving."""
        return call.answer(context, lambda _deadline: self._status(request))

    def HandleReloadConfigRequest(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Serve exactly the models of the request's config from now on, and answer when they are loaded."""
        return call.answer(context, lambda _deadline: self._load(request))

    def _status(self, request: Any) -> Any:
        if not request.HasField("model_spec"):
            raise invalid_argument("Missing ModelSpec")
        version = request.model_spec.version.value if request.model_spec.HasField("version") else None
        answer = get_model_status_pb2.GetModelStatusResponse()
        for known in self._repository.status(ModelSpec(name=request.model_spec.name, version=version)):
            state = get_model_status_pb2.ModelVersionStatus.State.Value(known.state.value)
            status = answer.model_version_status.add(version=known.number, state=state)
            status.status.SetInParent()
            if known.error:
                status.status.error_code = int(known.error.code)
                status.status.error_message = known.error.message
        return answer

    def _load(self, request: Any) -> Any:
        if request.config.WhichOneof("config") != "model_config_list":
            raise invalid_argument(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. "
                "Only ModelConfigList is currently supported"
            )
        self._reload(request.config)
        answer = model_management_pb2.ReloadConfigResponse()
        answer.status.SetInParent()
        return answer
