"""The models that are served: versions are found on disk, loaded, swapped, and lent to calls."""

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from serving.server.errors import Code, ServingError
from serving.server.models import changes, labels, loading, served
from serving.server.models import config as model_config
from serving.server.models.changes import Change
from serving.server.models.config import ModelConfig
from serving.server.models.finding import VersionFinder, of_model
from serving.server.models.served import ServedModel
from serving.server.models.spec import ModelSpec
from serving.server.models.versions import State, Version

log = logging.getLogger(__name__)


class Repository:
    """Models by name with the versions that their policies ask for; new versions are ready before old ones are unloaded.

    One change is made at a time, under `_changing`; the fields of models and versions change under `_lock`, which
    is not held while loading, closing or waiting.
    """

    def __init__(
        self,
        load: loading.Load,
        *,
        retries: int = 5,
        retry_seconds: float = 60.0,
        load_threads: int = 0,
        allow_labels_for_unavailable: bool = False,
    ) -> None:
        """`load_threads`: versions loaded at the same time; 0 loads one after the other in the calling thread."""
        self._allow_labels = allow_labels_for_unavailable
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        self._models: dict[str, ServedModel] = {}
        self._gone: dict[str, ServedModel] = {}
        self._loader = loading.VersionLoader(
            load, self._lock, threads=load_threads, retries=retries, retry_seconds=retry_seconds, ended=self._ended
        )
        self._finder = VersionFinder()
        self._applied = False
        self._listed = False
        """Whether one of the configs listed models; the others were empty."""
        self._closed = False

    def acquire(self, spec: ModelSpec) -> Version:
        """Find the version that `spec` means; it stays loaded until `release`. Raises ServingError if there is none."""
        with self._lock:
            version = served.find(self._models.get(spec.name), spec)
            version.runs += 1
            return version

    def release(self, version: Version) -> None:
        """End a call on a version that came from `acquire`."""
        with self._lock:
            version.runs -= 1
            if version.drained is not None and not version.runs:
                version.drained.set()

    @contextmanager
    def use(self, spec: ModelSpec) -> Iterator[Version]:
        """Find the version that `spec` means; it stays loaded for the `with` block. Raises ServingError if there is none."""
        version = self.acquire(spec)
        try:
            yield version
        finally:
            self.release(version)

    def status(self, spec: ModelSpec) -> list[Version]:
        """Copy the known versions of a model, highest first, or the one that `spec` names; see `served.listed`."""
        with self._lock:
            return served.listed(self._models.get(spec.name) or self._gone.get(spec.name), spec)

    def models(self) -> dict[str, list[Version]]:
        """Copy all versions by model, highest version first; models in the order of the config."""
        with self._lock:
            return {name: model.copies() for name, model in self._models.items()}

    def ready(self) -> bool:
        """Whether a config was applied and every model in it has an available version."""
        with self._lock:
            return self._applied and all(model.current is not None for model in self._models.values())

    def apply(self, configs: Sequence[ModelConfig] | None) -> None:
        """Serve exactly these models: load new ones, then unload those that are not listed, and set the labels.

        Returns when each new model, and each with a new base path or policy, has a version available. Raises ServingError
        when one gets none, or when names or labels are wrong; then nothing changes. None stands for an empty config:
        nothing is done, and once models have been listed it is refused.
        """
        with self._changing:
            if self._closed:
                raise ServingError(Code.UNAVAILABLE, "The server is stopping; it accepts no new config.")
            if configs is None:
                self._apply_empty()
                return
            model_config.check_names(config.name for config in configs)
            model_config.check_platforms(configs, self._models)
            pairs = [(config, self._models.get(config.name)) for config in configs]
            with self._lock:
                for config, model in pairs:
                    labels.check(config, model, new_ones_on_any=self._allow_labels)
            asked = [changes.step(config, model, self._finder) for config, model in pairs]
            steps = [change for change in asked if change is not None]
            before = dict(self._models)
            self._track(steps)
            self._loader.load([(change.config, version) for change in steps for version in change.versions])
            if failed := [change for change in steps if change.failed()]:
                self._undo(before, steps)
                raise changes.not_available(failed, "model" if self._listed else "servable")
            self._commit(configs, steps)

    def refresh(self) -> list[ServingError]:
        """Scan the base paths, load new versions and unload those that they replace; return the errors."""
        with self._changing:
            problems: list[ServingError] = []
            steps: dict[str, Change] = {}
            for name, model in {} if self._closed else self._models.items():
                try:
                    steps[name] = Change(model.config, model, self._finder.find(model.config))
                except (ServingError, OSError) as error:
                    # Loaded versions stay loaded: a base path that vanishes must not end the service. An empty one
                    # does, as in TensorFlow Serving.
                    problems.append(of_model(name, error))
            self._track(steps.values())
            tasks = [(change.config, version) for change in steps.values() for version in change.versions]
            self._loader.load(tasks, then=lambda version: self._publish(steps[version.name]))
            for change in steps.values():
                self._publish(change)
                problems += change.problems()
            return problems

    def stop(self) -> None:
        """Load no further version, because the server ends."""
        self._loader.stop()

    def close(self) -> None:
        """Unload everything, when the running calls have ended."""
        with self._changing:
            self._closed = True
            with self._lock:
                leaving = [version for model in self._models.values() for version in model.retire()]
            self._loader.unload(leaving)
        self._loader.join()

    def _apply_empty(self) -> None:
        if self._listed:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                "Cannot transition to requested config. It is only legal to transition from one ModelConfigList to "
                "another.",
            )
        log.info("Taking no action for empty config.")
        self._applied = True

    def _track(self, steps: Iterable[Change]) -> None:
        """Make the records of the wanted versions, and list new models."""
        with self._lock:
            for change in steps:
                change.track()
                self._models.setdefault(change.config.name, change.model)

    def _publish(self, change: Change) -> None:
        with self._lock:
            leaving = change.publish()
        self._loader.unload(leaving)

    def _undo(self, before: dict[str, ServedModel], steps: list[Change]) -> None:
        """Unload what a failed config has loaded, and forget its new models."""
        with self._lock:
            self._models = before
            staged = [version for change in steps for version in change.versions if version.state is State.LOADING]
            for version in staged:
                version.leave()
        self._loader.unload(staged)

    def _commit(self, configs: Sequence[ModelConfig], steps: list[Change]) -> None:
        """Switch to the new config in one step, then unload the versions that it replaces."""
        changed = {change.config.name: change.model for change in steps}
        leaving: list[Version] = []
        with self._lock:
            old_models, self._models = self._models, {}
            for config in configs:
                old = old_models.pop(config.name)
                model = changed.get(config.name, old)
                if model is not old:  # another base path
                    leaving += old.retire()
                    model.inherit(old)
                if config.name in self._gone:
                    model.inherit(self._gone.pop(config.name))
                model.config = config
                self._models[config.name] = model
            for change in steps:
                leaving += change.publish()
            for name, model in old_models.items():
                leaving += model.retire()
                self._gone[name] = model
            self._applied = self._listed = True
        self._loader.unload(leaving)

    def _ended(self, version: Version) -> None:
        """Note that a version was unloaded."""
        model = self._models.get(version.name) or self._gone.get(version.name)
        if model is not None:
            model.forget()
