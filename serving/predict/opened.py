"""The model that answers `serving.predict`: in a bundle, or on a server."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from serving import bundle, native_log, saved_model
from serving.client import AnswerError
from serving.predict import remote as remote_model
from serving.saved_model.names import INVALID_ARGUMENT
from serving.tasks import TASKS


class Model(Protocol):
    """A model that answers: a `saved_model.LoadedModel`, or a `remote_model.RemoteModel`."""

    @property
    def signatures(self) -> Mapping[str, Any]:
        """By name."""

    def run(self, signature: str, inputs: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        """Outputs by name, the batch first."""


@dataclass(frozen=True, kw_only=True)
class Answerer:
    """A model that is ready to answer."""

    model: Model
    task: str
    """One of `tasks.TASKS`."""
    place: str
    """Path or address, for messages."""
    input_description: Mapping[str, Any]
    """`input` of the bundle's model.json; empty where a server does not say it."""


@contextmanager
def in_bundle(path: Path) -> Iterator[Answerer]:
    """The newest bundle in a run folder, an export folder or a version folder. Raises ValueError or FileNotFoundError."""
    folder = bundle.find(path)
    description = bundle.read_description(folder)
    task = description["task"]
    if task not in TASKS:
        known = ", ".join(TASKS)
        raise bundle.BundleError(f"{folder} is for the task {task!r}; this version answers {known}")
    native_log.load_tensorflow()
    # Half a second less until the first picture. Texts are many, and answered in a fraction of a millisecond.
    with saved_model.load(folder, few_runs=TASKS[task].asked_with == "pictures") as model:
        yield Answerer(model=model, task=task, place=str(path), input_description=description["input"])


@contextmanager
def on_server(
    url: str, *, model: str, version: int | None, label: str, token: str, described: bool
) -> Iterator[Answerer]:
    """A model on the server at `url`, see `remote_model.opened`. described: whether to ask what its model.json says of `input`."""
    with remote_model.opened(url, model=model, version=version, label=label, token=token) as remote:
        yield Answerer(
            model=remote,
            task=remote.task,
            place=url,
            input_description=_input_description(remote, url) if described else {},
        )


def run(
    model: Model, signature: str, inputs: Mapping[str, NDArray[Any]], *, reason: Callable[[str], str]
) -> Mapping[str, NDArray[Any]]:
    """The model's answer. Raises ValueError for an input that it refuses, with what `reason` makes of its message."""
    try:
        return model.run(signature, inputs)
    except Exception as error:
        if isinstance(error, AnswerError):
            said = reason(error.message) if error.status == 400 else f"the server answered {error}"
        elif getattr(error, "error_code", None) == INVALID_ARGUMENT:  # tf.errors, without importing TensorFlow
            said = reason(str(getattr(error, "message", error)))
        else:
            raise
        raise ValueError(said) from error


def _input_description(remote: remote_model.RemoteModel, url: str) -> Mapping[str, Any]:
    """The `input` of model.json, from the server's page."""
    described = remote.description()
    if described is None:
        print(
            f"note: {url} does not say whether the model cuts pictures (its page is off): they are drawn as if it took all of each",
            file=sys.stderr,
        )
    return (described or {}).get("input") or {}
