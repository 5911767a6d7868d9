"""The answers of a server: statuses, metadata and errors."""

import email.utils
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from serving.client import bodies


class AnswerError(Exception):
    """The server answered, but not with 200: `status` is the HTTP status, `message` what the server says."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class NoAnswerError(ConnectionError):
    """Nobody listens, the connection broke, or the answer took too long."""


class NotConnectedError(NoAnswerError):
    """Nothing was sent yet, so that it may be tried again."""


class VersionStatus(NamedTuple):
    """One version of a model; `state` is START, LOADING, AVAILABLE, UNLOADING or END."""

    version: int
    state: str
    error_code: str
    error_message: str


class Metadata(NamedTuple):
    """The declaration of a model: the version that answered, and by signature `inputs`, `outputs` and `method_name`."""

    version: int
    signatures: dict[str, Any]


class Answer(NamedTuple):
    """The answer to one request: the HTTP status, the header Retry-After, and the body."""

    status: int
    retry_after: str
    body: bytes


def content(answer: Answer) -> Any:
    """The JSON of a 200; AnswerError for everything else."""
    try:
        found = bodies.decode(answer.body)
    except ValueError:
        found = None
    if answer.status == 200 and isinstance(found, dict):
        return found
    text = " ".join(answer.body[:200].decode("utf-8", "replace").split())
    said = found.get("error") if isinstance(found, dict) else None
    raise AnswerError(answer.status, str(said) if said else f"not TensorFlow Serving's JSON: {text or 'an empty body'}")


def versions(found: Mapping[str, Any]) -> list[VersionStatus]:
    """The versions in a model's status."""
    return [
        VersionStatus(
            int(each["version"]), each["state"], each["status"]["error_code"], each["status"]["error_message"]
        )
        for each in found["model_version_status"]
    ]


def waiting_seconds(retry_after: str) -> float:
    """The header's number of seconds, or seconds until its date; 0 when it says nothing."""
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0
