"""Loading and unloading of versions in threads, so that slow loads, slow closes and long calls delay nothing else."""

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from serving.server import errors
from serving.server.errors import ServingError
from serving.server.models.config import ModelConfig
from serving.server.models.version_folders import fingerprint
from serving.server.models.versions import Model, State, Version

log = logging.getLogger(__name__)

Load = Callable[[ModelConfig, Path], Model]
"""Loads and warms up the version of a model in a folder."""


class VersionLoader:
    """Loads versions that are in START, and unloads those in UNLOADING; their fields change under `lock`."""

    def __init__(
        self,
        load: Load,
        lock: threading.Lock,
        *,
        threads: int,
        retries: int,
        retry_seconds: float,
        ended: Callable[[Version], None],
    ) -> None:
        """`ended` is called with each unloaded version, while the lock is held."""
        self._load = load
        self._lock = lock
        self._threads = threads
        self._retries = retries
        self._retry_seconds = retry_seconds
        self._ended = ended
        self._unloads: set[threading.Thread] = set()
        self._stopped = False

    def load(self, tasks: Iterable[tuple[ModelConfig, Version]], then: Callable[[Version], None] | None = None) -> None:
        """Load the versions that are due; each ends with `loaded` or with `error` set, then `then` is called with it."""

        def load_one(task: tuple[ModelConfig, Version]) -> None:
            config, version = task
            if version.is_due(self._retries) and not self._stopped:
                self._load_one(config, version)
                if then is not None:
                    then(version)

        if self._threads:
            with ThreadPoolExecutor(self._threads, thread_name_prefix="load") as pool:
                list(pool.map(load_one, tasks))
        else:
            list(map(load_one, tasks))

    def stop(self) -> None:
        """Load no further version."""
        self._stopped = True

    def unload(self, leaving: Iterable[Version]) -> None:
        """Close versions that take no more calls, when their running calls have ended; returns at once."""
        for version in leaving:
            thread = threading.Thread(target=self._unload_one, args=(version,), name="unload", daemon=True)
            with self._lock:
                self._unloads.add(thread)
            thread.start()

    def join(self) -> None:
        """Wait until all unloading has ended."""
        with self._lock:
            unloads = list(self._unloads)
        for thread in unloads:
            thread.join()

    def _load_one(self, config: ModelConfig, version: Version) -> None:
        with self._lock:
            version.state = State.LOADING
        version.held = fingerprint(version.folder)
        try:
            loaded = self._load(config, version.folder)
        except Exception as error:  # whatever is wrong with a model, the server and the other models continue
            cause = errors.from_exception(error)
            with self._lock:  # a new error without the traceback: its frames would keep the broken model in memory
                version.failed(ServingError(cause.code, cause.message), self._retry_seconds)
            return
        with self._lock:
            version.loaded, version.error, version.failures = loaded, None, 0
        log.info("Loaded model %s, version %d.", version.name, version.number)

    def _unload_one(self, version: Version) -> None:
        if version.drained is not None:
            version.drained.wait()
        try:
            version.model.close()
        except Exception:  # the version is gone for its callers all the same
            log.exception("Model %s, version %d could not be closed cleanly.", version.name, version.number)
        with self._lock:
            version.loaded, version.state = None, State.END
            self._ended(version)
            self._unloads.discard(threading.current_thread())
        log.info("Unloaded model %s, version %d.", version.name, version.number)
