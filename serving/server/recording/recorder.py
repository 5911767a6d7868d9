"""The request logs of the models: which requests are recorded, and where."""

import logging
import threading
from collections.abc import Mapping, Sequence

import numpy as np

from serving.server.errors import ServingError
from serving.server.metrics import Metrics
from serving.server.models.config import ModelConfig
from serving.server.models.versions import Version
from serving.server.recording.request_log import Kind, RequestLog

log = logging.getLogger(__name__)


class Recorder:
    """Records the requests of models that have a `logging_config`, and those of all others under one prefix, if any."""

    def __init__(self, *, prefix: str, rate: float, metrics: Metrics | None = None) -> None:
        """`prefix`, `rate`: for models without a `logging_config`; without a prefix none. Raises ServingError as RequestLog does."""
        self._metrics = metrics
        self._lock = threading.Lock()
        self._common = RequestLog(prefix, rate=rate, metrics=metrics) if prefix else None
        self._own: dict[str, tuple[tuple[str, float], RequestLog]] = {}

    def follow(self, configs: Sequence[ModelConfig]) -> None:
        """Follow these configs of all models from now on."""
        wanted = {
            config.name: (config.log_prefix, config.log_rate)
            for config in configs
            if config.log_prefix and config.log_rate > 0
        }
        with self._lock:
            kept = {name: own for name, own in self._own.items() if wanted.get(name) == own[0]}
            ended = [own for name, own in self._own.items() if name not in kept]
            self._own = kept | {
                name: (settings, made)
                for name, settings in wanted.items()
                if name not in kept and (made := self._log(name, *settings)) is not None
            }
        for _, request_log in ended:
            request_log.close()

    def record(self, version: Version, kind: Kind, signature: str, inputs: Mapping[str, np.ndarray]) -> None:
        """Record an answered request, if its model has a log; classify and regress have their examples under `inputs`."""
        own = self._own.get(version.name)
        chosen = own[1] if own is not None else self._common
        if chosen is not None:
            chosen.record(version, kind, signature, inputs)

    def _log(self, name: str, prefix: str, rate: float) -> RequestLog | None:
        try:
            return RequestLog(prefix, rate=rate, metrics=self._metrics)
        except ServingError as error:  # a model that cannot be recorded is served all the same
            log.error("The requests of model %s are not recorded: %s", name, error.message)
            return None

    def close(self) -> None:
        """Write the waiting requests, and close all logs."""
        for chosen in [self._common, *(own for _, own in self._own.values())]:
            if chosen is not None:
                chosen.close()
