"""The gRPC server: port, Unix socket, TLS, tokens, and a stop that lets calls finish."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health_pb2_grpc

from serving.server.errors import StartError
from serving.server.grpc_api.admission import MOST_REFUSING_SECONDS, Admission
from serving.server.grpc_api.health import Health
from serving.server.grpc_api.options import Options
from serving.server.metrics import Metrics
from serving.server.models.repository import Repository

CHANNEL_ARGUMENTS: Mapping[str, int | str] = {
    "grpc.max_receive_message_length": 2**31 - 1,  # as in TensorFlow Serving: no message can be longer
    "grpc.max_send_message_length": 2**31 - 1,
    "grpc.so_reuseport": 0,  # else a second server takes the port too, and each gets half of the calls
}


class GrpcServer:
    """PredictionService, ModelService and, if wanted, the health service, answered by a pool of threads.

    `reload` is called with the ModelServerConfig of a HandleReloadConfigRequest, and may raise ServingError. `record` is
    called with each request whose answer is OK.
    """

    def __init__(
        self,
        repository: Repository,
        *,
        reload: Callable[[Any], None],
        options: Options | None = None,
        metrics: Metrics | None = None,
        record: Callable[..., None] | None = None,
    ) -> None:
        self._repository = repository
        self._reload = reload
        self._metrics = metrics
        self._record = record
        self._options = options = options or Options()
        self._credentials = _credentials(options.ssl) if options.ssl is not None else None
        self._health = Health() if options.health else None
        self._pool = ThreadPoolExecutor(options.max_threads or 4 * (os.cpu_count() or 1), thread_name_prefix="grpc")
        self._admission = Admission(options.token)
        self._server = grpc.server(
            self._pool,
            interceptors=[self._admission],
            options=list({**CHANNEL_ARGUMENTS, **_channel_arguments(options.channel_arguments)}.items()),
        )
        self.port = 0
        """The port that is listened to; 0 before `start`, and without one."""

    def start(self, address: str | None, port: int, socket_path: str = "") -> None:
        """Listen and answer; port 0 chooses a free one. Loads TensorFlow. Raises StartError when it cannot listen.

        `address`: an IPv4 or IPv6 address, None for no port. `socket_path`: a Unix socket beside or instead of it.
        """
        self._add_services()
        if address is not None:
            self.port = self._listen(f"[{address}]:{port}" if ":" in address else f"{address}:{port}")
        if socket_path:
            self._listen(f"unix:{socket_path}")
        self._server.start()

    def stop(self, grace_seconds: float) -> None:
        """Refuse new calls, let running calls finish for `grace_seconds`, and end the rest."""
        if self._health:
            self._health.leave()
        self._admission.shut(min(grace_seconds, MOST_REFUSING_SECONDS))
        self._server.stop(grace_seconds).wait()
        self._pool.shutdown(wait=False)

    def _add_services(self) -> None:
        """Register the services; here, because their messages load TensorFlow."""
        from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

        from serving.server.grpc_api.model_service import ModelService
        from serving.server.grpc_api.prediction_service import PredictionService

        prediction = PredictionService(
            self._repository,
            metrics=self._metrics,
            tensor_content=self._options.tensor_content,
            rules=self._options.rules,
            record=self._record,
        )
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(prediction, self._server)
        model = ModelService(self._repository, self._reload)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(model, self._server)
        if self._health:
            health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)

    def _listen(self, address: str) -> int:
        """Bind one address and return its port."""
        try:
            if self._credentials is None:
                return self._server.add_insecure_port(address)
            return self._server.add_secure_port(address, self._credentials)
        except RuntimeError as error:
            advice = (
                "Check the keys and certificates of --ssl_config_file, and that nothing else uses the address."
                if self._credentials is not None
                else "Stop what uses it, or choose another --port, --rest_api_host or --grpc_socket_path."
            )
            raise StartError(f"Cannot listen on {address} for gRPC. {advice}") from error


def _channel_arguments(text: str) -> dict[str, int | str]:
    """Parse "name=value,name=value"; whole numbers become int."""
    arguments: dict[str, int | str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        if not name or not equals:
            raise StartError(f"--grpc_channel_arguments: '{part}' was found, name=value was expected.")
        try:
            arguments[name] = int(value)
        except ValueError:
            arguments[name] = value
    return arguments


def _credentials(ssl: Any) -> Any:
    """Make the server's credentials from an SSLConfig message with PEM text in its fields."""
    for field in ("server_key", "server_cert"):
        if "-----BEGIN" not in getattr(ssl, field):
            raise StartError(f"--ssl_config_file: no PEM text was found in {field}. Put the text itself there.")
    if ssl.client_verify and not ssl.custom_ca:
        raise StartError("--ssl_config_file: client_verify needs custom_ca, the certificate that signs the clients'.")
    return grpc.ssl_server_credentials(
        [(ssl.server_key.encode(), ssl.server_cert.encode())],
        root_certificates=ssl.custom_ca.encode() or None,
        require_client_auth=ssl.client_verify,
    )
