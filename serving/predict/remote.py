"""A model on a server, with the methods of `saved_model.LoadedModel`; TensorFlow is not needed for it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving import tasks
from serving.client import AnswerError, Client
from serving.saved_model.names import INIT_SIGNATURE

NOTHING: Mapping[str, Any] = {"inputs": {}, "outputs": {}}
"""A signature that is not there."""
NUMPY_NAMES = {"float": "float32", "double": "float64", "half": "float16", "bfloat16": "float32"}
ADVICE = {
    401: " Give the server's token, with --token.",
    404: " --model, --version and --label say which model answers.",
}


class RemoteModel:
    """One version of a served model."""

    def __init__(self, client: Client) -> None:
        """Ask the server what the model declares. Raises AnswerError and NoAnswerError."""
        self._client = client
        self.version, signatures = client.metadata()
        self.signatures = {name: each for name, each in signatures.items() if name != INIT_SIGNATURE}
        self.task = _task(self.signatures)
        """One of `tasks.TASKS`, by what the model takes and gives; empty for any other."""

    def run(self, signature: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The outputs by name, with the dtypes that the signature declares; strings as object arrays of bytes."""
        outputs = self.signatures[signature]["outputs"]
        found = self._client.predict(inputs=dict(inputs), signature=signature, arrays=True)
        if len(outputs) == 1:
            found = dict.fromkeys(outputs, found)
        return {name: _typed(found[name], info["dtype"]) for name, info in outputs.items()}

    def description(self) -> dict[str, Any] | None:
        """`task`, `labels` and `input` of the bundle's model.json; None where no page of this server tells them."""
        wanted = (self._client.model, str(self.version))
        try:
            models = self._client.get("/page/models.json")["models"]
            found = [
                each for model in models for each in model["versions"] if (model["name"], each["version"]) == wanted
            ]
        except (AnswerError, KeyError):
            return None
        return found[0] if found else None


@contextmanager
def opened(url: str, *, model: str, version: int | None, label: str, token: str) -> Iterator[RemoteModel]:
    """Open a model for one of the tasks on the server at `url`; without a name, its only one.

    Raises ValueError where the server says that there is no such model, or that it takes or gives something else, and
    NoAnswerError where no server answers.
    """
    try:
        with Client(url, model=model or _only_model(url, token), version=version, label=label, token=token) as client:
            remote = RemoteModel(client)
            _check(remote, f"the model {client.model} at {url}")
            yield remote
    except AnswerError as error:
        raise ValueError(f"{url} answered {str(error).rstrip('.')}.{ADVICE.get(error.status, '')}") from error


def _only_model(url: str, token: str) -> str:
    with Client(url, token=token) as client:
        names = _names(client)
    if len(names) != 1:
        found = f"{url} has the models {', '.join(names)}" if names else f"{url} does not list its models"
        raise ValueError(f"--model is missing, and {found}; say which one answers")
    return names[0]


def _names(client: Client) -> list[str]:
    try:
        return client.models()
    except AnswerError as error:
        if error.status == 401:
            raise
    try:
        return [model["name"] for model in client.get("/page/models.json")["models"]]
    except (AnswerError, KeyError):
        return []


def _task(signatures: Mapping[str, Any]) -> str:
    default = signatures.get("serving_default", NOTHING)
    return tasks.named(frozenset(default["inputs"]), frozenset(default["outputs"]))


def _check(remote: RemoteModel, place: str) -> None:
    if not remote.task:
        default = remote.signatures.get("serving_default", NOTHING)
        raise ValueError(
            f"{place} takes {sorted(default['inputs'])} and gives {sorted(default['outputs'])} by serving_default; this "
            f"version answers {', '.join(map(tasks.takes, tasks.TASKS))}"
        )


def _typed(value: NDArray[Any], dtype: str) -> NDArray[Any]:
    """JSON names no dtype; a float32 comes back exactly, since the server writes enough digits."""
    if dtype == "DT_STRING":
        encoded = [each.encode("utf-8", "surrogateescape") if isinstance(each, str) else each for each in value.flat]
        return np.array(encoded, object).reshape(value.shape)
    name = dtype.removeprefix("DT_").lower()
    return value.astype(NUMPY_NAMES.get(name, name))
