"""The routes of TensorFlow Serving's REST API: two regular expressions, and the calls that they stand for."""

import functools
import re
from urllib.parse import unquote

from serving.server.errors import Code, ServingError, invalid_argument
from serving.server.models.spec import ModelSpec
from serving.server.models.version_folders import LARGEST_VERSION

API = re.compile(r"/v1/.*", re.IGNORECASE)
SPEC = r"(?:(?:/versions/([0-9]+))|(?:/labels/([^/:]+)))?"
POST = re.compile(r"(?i:/v1/models/([^/:]+)" + SPEC + r"):(classify|regress|predict)")
GET = re.compile(r"/v1/models(?:/([^/:]+))?" + SPEC + r"(?:/(metadata))?", re.IGNORECASE)


@functools.lru_cache(maxsize=1024)
def find(method: str, target: str) -> tuple[str, ModelSpec]:
    """Find the call that a request means, and its model: predict, classify, regress, status, metadata or models.

    The call "models" names no model. `target`: path and query as they came, because TensorFlow Serving matches both.
    Everything unknown is INVALID_ARGUMENT (400), never 404 or 405.
    """
    if method == "POST" and (match := POST.fullmatch(target)):
        return match[4], _spec(*match.groups()[:3])
    if method == "GET" and (match := GET.fullmatch(target)):
        spec = _spec(*match.groups()[:3])
        # TensorFlow Serving matches the word in any case, but answers only this spelling with the metadata.
        return ("metadata" if match[4] == "metadata" else "status") if match[1] else "models", spec
    raise invalid_argument(f"Malformed request: {method} {target}")


def _spec(name: str | None, version: str | None, label: str | None) -> ModelSpec:
    """Read the model that the path names; escapes are decoded after the match, so that a name may hold a slash."""
    if version is not None and (len(version.lstrip("0")) > 19 or int(version) > LARGEST_VERSION):
        raise ServingError(Code.INVALID_ARGUMENT, f"Failed to convert version: {version} to numeric.")
    return ModelSpec(
        name=unquote(name or ""),
        version=int(version) if version is not None else None,
        label=unquote(label) if label is not None else None,
    )
