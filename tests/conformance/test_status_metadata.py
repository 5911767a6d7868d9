"""Status and metadata over REST (get_model_status_impl.cc, get_model_metadata_impl.cc and their tests)."""

from typing import Any

import pytest

from tests.conformance.cases import Case, check, params
from tests.conformance.server import Server

HALF = "/v1/models/half_plus_two"
AVAILABLE = '{"model_version_status": [{"version": "123", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}]}'


def status(name: str, path: str) -> Case:
    return Case(name, path, None, answer=AVAILABLE)


def missing(name: str, path: str, *words: str) -> Case:
    return Case(name, path, None, 404, words=words)


CASES = [
    status("status_all_versions", HALF),
    status("status_version", f"{HALF}/versions/123"),
    status("version_dirs_zero_padded", f"{HALF}/versions/00123"),
    status("status_by_label", f"{HALF}/labels/Version_Label"),
    status("status_label_returns_all_versions", f"{HALF}/labels/anything"),
    missing("status_unknown_model", "/v1/models/foo", "Could not find any versions of model foo"),
    missing("status_unknown_model_with_label", "/v1/models/foo/labels/L", "Could not find any versions of model foo"),
    missing("status_unknown_version", f"{HALF}/versions/99", "Could not find version 99 of model half_plus_two"),
    missing("status_unknown_model_version", "/v1/models/foo/versions/1", "Could not find version 1 of model foo"),
    missing("metadata_unknown_model", "/v1/models/foo/metadata", "Servable not found for request: Latest(foo)"),
    missing(
        "metadata_unknown_version",
        f"{HALF}/versions/99/metadata",
        "Servable not found for request: Specific(half_plus_two, 99)",
    ),
    Case(
        "metadata_unknown_label",
        f"{HALF}/labels/no/metadata",
        None,
        400,
        words=("Unrecognized servable version label: no",),
    ),
]


@pytest.mark.parametrize("case", params(CASES))
def test_get(case: Case, served: Server) -> None:
    check(case, served)


def test_latest_policy_default(served: Server) -> None:
    """Only the higher version of 123 and 124 was ever loaded."""
    found = served.ask("/v1/models/two_versions").json["model_version_status"]
    assert [(entry["version"], entry["state"]) for entry in found] == [("124", "AVAILABLE")]
    assert served.ask("/v1/models/two_versions:predict", '{"instances": [1.0]}').json == {"predictions": [3.5]}


def metadata(served: Server, path: str) -> Any:
    answer = served.ask(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    return answer.json


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"{HALF}/metadata", id="metadata"),
        pytest.param(f"{HALF}/versions/123/metadata", id="metadata_with_version"),
        pytest.param(f"{HALF}/labels/Version_Label/metadata", id="metadata_with_label"),
    ],
)
def test_metadata(path: str, served: Server) -> None:
    found = metadata(served, path)
    assert found.keys() == {"model_spec", "metadata"}
    assert found["model_spec"] == {"name": "half_plus_two", "signature_name": "", "version": "123"}
    assert found["metadata"].keys() == {"signature_def"}
    assert found["metadata"]["signature_def"].keys() == {"signature_def"}
    signatures = found["metadata"]["signature_def"]["signature_def"]
    assert signatures.keys() >= {
        "serving_default",
        "regress_x_to_y",
        "regress_x_to_y2",
        "regress_x2_to_y3",
        "classify_x_to_y",
    }
    shape = {"dim": [{"size": "-1", "name": ""}, {"size": "1", "name": ""}], "unknown_rank": False}
    assert signatures["serving_default"] == {
        "inputs": {"x": {"dtype": "DT_FLOAT", "tensor_shape": shape, "name": "x:0"}},
        "outputs": {"y": {"dtype": "DT_FLOAT", "tensor_shape": shape, "name": "add:0"}},
        "method_name": "tensorflow/serving/predict",
        "defaults": {},
    }
    assert signatures["regress_x_to_y"]["method_name"] == "tensorflow/serving/regress"
    assert signatures["regress_x_to_y"]["inputs"]["inputs"]["dtype"] == "DT_STRING"


def test_metadata_unknown_rank(served: Server) -> None:
    signatures = metadata(served, "/v1/models/float_echo/metadata")["metadata"]["signature_def"]["signature_def"]
    assert signatures["serving_default"]["inputs"]["default"]["tensor_shape"] == {"dim": [], "unknown_rank": True}


def test_metadata_signature_without_inputs(served: Server) -> None:
    signatures = metadata(served, "/v1/models/counter/metadata")["metadata"]["signature_def"]["signature_def"]
    assert signatures["incr_counter"]["inputs"] == {}
    shape = signatures["incr_counter"]["outputs"]["output"]["tensor_shape"]
    assert shape == {"dim": [], "unknown_rank": False}


def test_metadata_model_name_is_decoded(served: Server) -> None:
    assert metadata(served, "/v1/models/no%2Fslash%3Aname/metadata")["model_spec"]["name"] == "no/slash:name"


def test_metadata_parses_as_the_proto(served: Server) -> None:
    """The JSON is that of GetModelMetadataResponse; its Any holds a SignatureDefMap without a type."""
    from google.protobuf import json_format
    from tensorflow_serving.apis import get_model_metadata_pb2

    found = metadata(served, f"{HALF}/metadata")
    parsed = json_format.ParseDict(found["metadata"]["signature_def"], get_model_metadata_pb2.SignatureDefMap())
    assert parsed.signature_def["serving_default"].inputs["x"].tensor_shape.dim[0].size == -1
