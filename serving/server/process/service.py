"""Start the server, keep it running, and end it cleanly."""

import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from serving import native_log
from serving.server.batching.scheduler import BatchScheduler
from serving.server.errors import ServingError, StartError
from serving.server.metrics import Metrics
from serving.server.models import config
from serving.server.models.repository import Repository
from serving.server.process import model_loader, settings, sockets
from serving.server.process.flags import Flags
from serving.server.process.settings import Settings
from serving.server.process.watching import Watcher
from serving.server.recording.recorder import Recorder
from serving.server.rest_api import http_server

log = logging.getLogger("serving")


def run(flags: Flags) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises StartError when a port is taken, a file is wrong or a model cannot be loaded."""
    log.addHandler(logging.StreamHandler())
    log.setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    sockets.raise_file_limit()
    service = Service(settings.read(flags))
    try:
        service.serve()
    finally:
        service.close()


class Service:
    """The parts of a running server and the threads that keep them up to date."""

    def __init__(self, chosen: Settings) -> None:
        flags = chosen.flags
        self._settings, self._flags = chosen, flags
        # A taken port is reported before any model is loaded.
        self._listener = sockets.listen(flags, "rest_api_port") if flags.rest_api_port else None
        if flags.port:
            sockets.listen(flags, "port").close()
        self._metrics = Metrics(per_signature=flags.enable_signature_metrics) if chosen.metrics_path else None
        self._scheduler = BatchScheduler(chosen.batching, metrics=self._metrics) if chosen.batching else None
        self._recorder = _recorder(flags, self._metrics)
        self._repository = Repository(
            model_loader.loader(chosen, scheduler=self._scheduler, metrics=self._metrics),
            retries=flags.max_num_load_retries,
            retry_seconds=flags.load_retry_interval_micros / 1e6,
            load_threads=flags.num_load_threads,
            allow_labels_for_unavailable=flags.allow_version_labels_for_unavailable_models,
        )
        self._watcher = Watcher(self._repository, self._recorder, flags)
        threads = flags.rest_api_num_threads or 4 * (os.cpu_count() or 1)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="rest")
        self._http: http_server.HttpServer | None = None
        self._app: Any = None
        self._grpc = self._grpc_server()
        self._grpc_end: threading.Thread | None = None
        self._problems: list[str] = []

    def serve(self) -> None:
        """Answer until a signal; a second thread loads the models and watches for changes."""
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, lambda _number, _frame: self._watcher.reread())
        self._http = self._http_server() if self._listener else None
        watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)
        watcher.start()
        try:
            if self._http is not None:
                self._http.run(sockets=[self._listener] if self._listener else [])
            else:
                self._watcher.stopping.wait()
        finally:
            self._watcher.stopping.set()
            self._repository.stop()
            watcher.join(self._flags.drain_seconds)
        if self._problems:
            raise StartError("; ".join(self._problems))

    def close(self) -> None:
        """Finish the running calls over gRPC, then free everything."""
        self._stop_grpc()
        if self._grpc_end is not None:
            self._grpc_end.join()
        self._repository.close()
        if self._scheduler is not None:
            self._scheduler.close()
        if self._recorder is not None:
            self._recorder.close()
        self._executor.shutdown()
        if self._listener is not None:
            self._listener.close()

    def _http_server(self) -> http_server.HttpServer:
        from serving.server.page import Page
        from serving.server.rest_api.app import RestApi
        from serving.server.rest_api.options import Options

        flags, tls = self._flags, self._settings.rest_tls
        options = Options.of(flags, token=self._settings.token, metrics_path=self._settings.metrics_path)
        page = Page(self._repository) if flags.page else None
        record = self._recorder.record if self._recorder else None
        self._app = app = RestApi(
            self._repository, self._executor, options=options, metrics=self._metrics, page=page, record=record
        )
        app.not_ready = "loading"
        context = http_server.context_from(tls, "--rest_api_ssl_config_file") if tls else None
        return http_server.HttpServer(
            app,
            tls=context,
            drain_seconds=flags.drain_seconds,
            slow_seconds=flags.rest_api_body_timeout_in_ms / 1000,
            on_stop=self._drain,
        )

    def _watch(self) -> None:
        """Load the models, then look for changes; a model that does not load at the start ends the server."""
        try:
            native_log.load_tensorflow()
            self._watcher.apply(self._settings.models)
            if self._watcher.stopping.is_set():
                return
            self._start_grpc()
            if self._app is not None:
                self._app.not_ready = ""
        except Exception as error:  # whatever is wrong would stay unseen in this thread
            known = isinstance(error, StartError | ServingError | OSError)
            self._problems.append(str(error) if known else f"{type(error).__name__}: {error}")
            self._end()
            return
        if self._http is not None:
            log.info("Exporting HTTP/REST API at:localhost:%d ...", self._flags.rest_api_port)
        self._watcher.follow()

    def _grpc_server(self) -> Any:
        """Make the gRPC API, which does not listen yet; None without an address for it."""
        flags = self._flags
        if not (flags.port or flags.grpc_socket_path):
            return None
        from serving.server.grpc_api.options import Options
        from serving.server.grpc_api.server import GrpcServer

        return GrpcServer(
            self._repository,
            reload=lambda message: self._watcher.apply(config.from_message(message)),
            options=Options.of(flags, token=self._settings.token, ssl=self._settings.grpc_tls),
            metrics=self._metrics,
            record=self._recorder.record if self._recorder else None,
        )

    def _start_grpc(self) -> None:
        flags = self._flags
        if self._grpc is not None:
            self._grpc.start(flags.rest_api_host if flags.port else None, flags.port, flags.grpc_socket_path)
            log.info("Running gRPC ModelServer at %s:%d ...", flags.rest_api_host, flags.port)

    def _stop_grpc(self) -> None:
        """Let the gRPC API finish its calls, at the same time as REST and with the same limit."""
        if self._grpc is not None and self._grpc_end is None:
            self._grpc_end = threading.Thread(
                target=self._grpc.stop, args=(self._flags.drain_seconds,), name="grpc end"
            )
            self._grpc_end.start()

    def _drain(self) -> None:
        """Begin to end: take no new connections over both APIs, and load no further version."""
        self._watcher.stopping.set()
        self._repository.stop()
        self._app.drain()
        self._stop_grpc()

    def _end(self) -> None:
        """Make `serve` return."""
        self._watcher.stopping.set()
        if self._http is not None:
            self._http.should_exit = True


def _recorder(flags: Flags, metrics: Metrics | None) -> Recorder | None:
    """Make the recorder; None when no request can ever be recorded, so that calls need not ask."""
    if not flags.request_log_prefix and not flags.model_config_file:
        return None
    try:
        return Recorder(prefix=flags.request_log_prefix, rate=flags.request_log_sampling_rate, metrics=metrics)
    except ServingError as error:
        raise StartError(f"--request_log_prefix: {error.message}") from error


def _stop(_number: int, _frame: object) -> None:
    """Exit cleanly. uvicorn handles the signals while it runs, and raises them again when it has ended."""
    sys.exit(0)
