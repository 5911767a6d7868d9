"""The two regular expressions, case by case; the expectations are those of TensorFlow Serving's own tests and source."""

import pytest

from serving.server.errors import Code, ServingError
from serving.server.models.spec import ModelSpec
from serving.server.rest_api import routes


@pytest.mark.parametrize(
    ("method", "target", "call", "spec"),
    [
        ("POST", "/v1/models/m:predict", "predict", ModelSpec(name="m")),
        ("POST", "/v1/models/m:classify", "classify", ModelSpec(name="m")),
        ("POST", "/V1/MODELS/m:regress", "regress", ModelSpec(name="m")),
        ("POST", "/v1/models/m/versions/007:predict", "predict", ModelSpec(name="m", version=7)),
        ("POST", "/v1/models/m/labels/a%20b:predict", "predict", ModelSpec(name="m", label="a b")),
        ("POST", "/v1/models/a%2Fb%3Apredict:predict", "predict", ModelSpec(name="a/b:predict")),
        ("GET", "/v1/models", "models", ModelSpec(name="")),
        ("GET", "/v1/models/m", "status", ModelSpec(name="m")),
        ("GET", "/v1/models/m?x=1", "status", ModelSpec(name="m?x=1")),
        ("GET", "/v1/models/m/versions/9223372036854775807", "status", ModelSpec(name="m", version=2**63 - 1)),
        ("GET", "/v1/models/m/labels/l", "status", ModelSpec(name="m", label="l")),
        ("GET", "/v1/models/m/metadata", "metadata", ModelSpec(name="m")),
        ("GET", "/v1/models/m/versions/1/METADATA", "status", ModelSpec(name="m", version=1)),
        ("GET", "/v1/models/m/labels/l/metadata", "metadata", ModelSpec(name="m", label="l")),
        ("GET", "/v1/models/versions", "status", ModelSpec(name="versions")),
    ],
)
def test_found(method: str, target: str, call: str, spec: ModelSpec) -> None:
    assert routes.API.fullmatch(target)
    assert routes.find(method, target) == (call, spec)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/v1/models/m"),
        ("POST", "/v1/models/m:predict/"),
        ("POST", "/v1/models/m:predict?x=1"),
        ("POST", "/v1/models/m:Predict"),
        ("POST", "/v1/models/m:"),
        ("POST", "/v1/models/:predict"),
        ("POST", "/v1/models/m/versions/-1:predict"),
        ("POST", "/v1/models/m/versions/1/labels/l:predict"),
        ("POST", "/v1/models/m/versions/\N{ARABIC-INDIC DIGIT FOUR}:predict"),
        ("GET", "/v1/models/m:predict"),
        ("GET", "/v1/models/"),
        ("GET", "/v1/models/m/"),
        ("GET", "/v1/models/m/metadata/"),
        ("GET", "/v1/"),
        ("PUT", "/v1/models/m:predict"),
        ("DELETE", "/v1/models/m"),
        ("HEAD", "/v1/models/m"),
        ("get", "/v1/models/m"),
    ],
)
def test_malformed(method: str, target: str) -> None:
    with pytest.raises(ServingError) as caught:
        routes.find(method, target)
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert caught.value.message == f"Malformed request: {method} {target}"


@pytest.mark.parametrize("version", ["9223372036854775808", "99999999999999999999", "9" * 100_000])
def test_version_beyond_int64(version: str) -> None:
    with pytest.raises(ServingError, match=f"Failed to convert version: {version[:50]}.* to numeric.") as caught:
        routes.find("GET", f"/v1/models/m/versions/{version}")
    assert caught.value.code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize("target", ["/", "/v1", "/v2/models/m", "/healthz", "/v10/models"])
def test_other_paths_are_none_of_the_api(target: str) -> None:
    assert not routes.API.fullmatch(target)
