"""Keep the models up to date: look for new versions and new configs, and read the config file again on SIGHUP."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from serving.server import errors
from serving.server.errors import Code, ServingError
from serving.server.models import config
from serving.server.models.config import ModelConfig
from serving.server.models.repository import Repository
from serving.server.process.flags import Flags
from serving.server.recording.recorder import Recorder

log = logging.getLogger("serving")

LOOK_SECONDS = 0.2
"""SIGHUP is noticed within this time: a signal handler may only set an event."""


class Watcher:
    """Applies configs, and watches for new ones and for new versions until the server ends."""

    def __init__(self, repository: Repository, recorder: Recorder | None, flags: Flags) -> None:
        self._repository, self._recorder, self._flags = repository, recorder, flags
        self.stopping = threading.Event()
        """Set when the server ends."""
        self._reread = threading.Event()

    def apply(self, configs: Sequence[ModelConfig] | None) -> None:
        """Serve the models of these configs, and record their requests."""
        self._repository.apply(configs)
        if self._recorder is not None and configs is not None:
            self._recorder.follow(configs)

    def reread(self) -> None:
        """Ask for the config file to be read again soon; safe in a signal handler."""
        self._reread.set()

    def follow(self) -> None:
        """Watch until the end: new versions and new configs in a thread each, SIGHUP in this one."""
        flags = self._flags
        if flags.file_system_poll_wait_seconds:
            seconds = flags.file_system_poll_wait_seconds
            _start(poll_versions, self._repository, seconds, self.stopping, report)
        if flags.model_config_file and flags.model_config_file_poll_wait_seconds:
            path, seconds = Path(flags.model_config_file), flags.model_config_file_poll_wait_seconds
            _start(poll_config, path, seconds, self.stopping, self.apply, report)
        while not self.stopping.wait(LOOK_SECONDS):
            if self._reread.is_set():
                self._reread.clear()
                self.reload()

    def reload(self) -> None:
        """Read the config file again; a wrong one is reported and changes nothing."""
        if not self._flags.model_config_file:
            log.warning("SIGHUP reads --model_config_file again, but the server was started without one.")
            return
        try:
            self.apply(config.read(Path(self._flags.model_config_file)))
            log.info("Read %s again.", self._flags.model_config_file)
        except Exception as error:  # whatever it is, the next signal must find this thread alive
            report(errors.from_exception(error))


def poll_versions(
    repository: Repository, seconds: float, stop: threading.Event, report: Callable[[ServingError], None]
) -> None:
    """Refresh the repository every `seconds` until `stop`; `report` is called once with each new error."""
    reported: set[str] = set()
    while not stop.wait(seconds):
        try:
            problems = repository.refresh()
        except Exception as error:  # a machine without threads or memory; the next refresh may succeed
            problems = [errors.from_exception(error)]
        for problem in problems:
            if str(problem) not in reported:
                report(problem)
        reported = {str(problem) for problem in problems}


def poll_config(
    path: Path,
    seconds: float,
    stop: threading.Event,
    apply: Callable[[Sequence[ModelConfig] | None], None],
    report: Callable[[ServingError], None],
) -> None:
    """Read the config file every `seconds` until `stop`, and apply what changed.

    A file that is refused is reported once and changes nothing. A config whose models do not load is applied again only
    when it changes; any other refused one every time, because its versions or folders may still come.
    """
    settled: object = "nothing yet"
    reported = ""
    while not stop.wait(seconds):
        configs = None
        try:
            configs = config.read(path)
            if configs != settled:
                apply(configs)
                settled = configs
            reported = ""
        except Exception as error:  # whatever the file holds, the server goes on and reads it again
            problem = errors.from_exception(error)
            if configs is not None and problem.code is Code.UNKNOWN:
                settled = configs
            if str(problem) != reported:
                report(problem)
            reported = str(problem)


def report(error: ServingError) -> None:
    """Write an error to the log."""
    log.error("%s", error)


def _start(function: Callable[..., None], *arguments: object) -> None:
    """Call a function in a thread of its own."""
    threading.Thread(target=function, args=arguments, name=function.__name__, daemon=True).start()
