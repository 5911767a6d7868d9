"""What keeps the models up to date: looks for new versions and new configs, and SIGHUP."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from serving.server import errors
from serving.server.errors import ServingError
from serving.server.models import config
from serving.server.models.config import ModelConfig
from serving.server.models.repository import Repository
from serving.server.process.flags import Flags
from serving.server.recording.recorder import Recorder

log = logging.getLogger("serving")

LOOK_SECONDS = 0.2
"""SIGHUP is noticed within this time: a signal handler may only set an event."""


class Watcher:
    """Applies configs, and follows what changes until the end."""

    def __init__(self, repository: Repository, recorder: Recorder | None, flags: Flags) -> None:
        self._repository, self._recorder, self._flags = repository, recorder, flags
        self.stopping = threading.Event()
        """Set when the server ends."""
        self._reread = threading.Event()

    def apply(self, configs: Sequence[ModelConfig] | None) -> None:
        """Serve and record what the configs say."""
        self._repository.apply(configs)
        if self._recorder is not None and configs is not None:
            self._recorder.follow(configs)

    def reread(self) -> None:
        """Let the config file be read again soon; safe in a signal handler."""
        self._reread.set()

    def follow(self) -> None:
        """Look for new versions and new configs until the end, each in its own thread."""
        flags = self._flags
        polls: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        if flags.file_system_poll_wait_seconds:
            polls.append((poll, (self._repository, flags.file_system_poll_wait_seconds, self.stopping, report)))
        if flags.model_config_file and flags.model_config_file_poll_wait_seconds:
            path, seconds = Path(flags.model_config_file), flags.model_config_file_poll_wait_seconds
            polls.append((config.poll_file, (path, seconds, self.stopping, self.apply, report)))
        for function, arguments in polls:
            threading.Thread(target=function, args=arguments, name=function.__name__, daemon=True).start()
        while not self.stopping.wait(LOOK_SECONDS):
            if self._reread.is_set():
                self._reread.clear()
                self.reload()

    def reload(self) -> None:
        """Read the config file again, on SIGHUP; a wrong one is reported and changes nothing."""
        if not self._flags.model_config_file:
            log.warning("SIGHUP reads --model_config_file again, but the server was started without one.")
            return
        try:
            self.apply(config.read(Path(self._flags.model_config_file)))
            log.info("Read %s again.", self._flags.model_config_file)
        except Exception as error:  # whatever it is, the next signal must find this thread alive
            report(errors.from_exception(error))


def poll(repository: Repository, seconds: float, stop: threading.Event, report: Callable[[ServingError], None]) -> None:
    """Refresh the repository every `seconds` until `stop`; `report` hears of each new error once."""
    reported: set[str] = set()
    while not stop.wait(seconds):
        try:
            problems = repository.refresh()
        except Exception as error:  # a machine without threads or memory; the next look may do better
            problems = [errors.from_exception(error)]
        for problem in problems:
            if str(problem) not in reported:
                report(problem)
        reported = {str(problem) for problem in problems}


def report(error: ServingError) -> None:
    """Write an error to the log."""
    log.error("%s", error)
