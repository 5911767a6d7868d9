"""The calls that paths and methods mean (tensorflow_serving/model_servers/http_rest_api_util.cc and its test)."""

import pytest

from tests.conformance.cases import Case, check, params, refused
from tests.conformance.server import Server

ONE = '{"instances": [1.0]}'
ANSWER = '{"predictions": [2.5]}'
RESERVED = "%21%23%24%25%26%27%28%29%2A%2B%2C%2F%3A%3B%3D%3F%40%5B%5D"
DECODED = "!#$%&'()*+,/:;=?@[]"
HALF = "/v1/models/half_plus_two"


def malformed(name: str, path: str, body: str | None = ONE, *, method: str = "") -> Case:
    shown = method or ("GET" if body is None else "POST")
    return Case(name, path, body, 400, words=(f"Malformed request: {shown} {path}",), method=method)


def found(name: str, path: str, body: str | None = ONE) -> Case:
    return Case(name, path, body, answer=ANSWER if body else "")


CASES = [
    malformed("get_unknown_v1_path", "/v1/foo", None),
    malformed("post_unknown_v1_path", "/v1/foo", ""),
    Case("get_models_without_name", "/v1/models", None, 400, words=("Missing model name in request.",)),
    malformed("get_models_slash", "/v1/models/", None),
    malformed("get_v1_slash", "/v1/", None),
    malformed("post_models_without_name", "/v1/models", ""),
    malformed("get_predict", "/v1/models/foo:predict", None),
    malformed("get_version_singular_predict", "/v1/models/foo/version/50:predict", None),
    malformed("post_version_singular_regress", "/v1/models/foo/version/50:regress", ""),
    malformed("post_version_word", "/v1/models/foo/versions/HELLO:regress", ""),
    malformed("post_version_negative", "/v1/models/foo/versions/-1:predict"),
    malformed("post_version_empty", "/v1/models/foo/versions/:predict"),
    malformed("post_metadata", "/v1/models/foo/metadata", ""),
    malformed("post_version_and_label", "/v1/models/foo/versions/50/labels/some_label:regress", ""),
    malformed("post_label_empty", "/v1/models/foo/labels/:predict"),
    malformed("post_model_without_verb", HALF),
    malformed("post_unknown_verb", f"{HALF}:explain"),
    malformed("post_verb_with_more", f"{HALF}:predictions"),
    malformed("post_verb_with_slash", f"{HALF}:predict/"),
    malformed("post_two_verbs", f"{HALF}:predict:predict"),
    malformed("post_verb_after_slash", f"{HALF}/predict"),
    malformed("post_encoded_colon", f"{HALF}%3Apredict"),
    malformed("get_trailing_slash", f"{HALF}/", None),
    malformed("get_other_subresource", f"{HALF}/config", None),
    malformed("get_metadata_twice", f"{HALF}/metadata/metadata", None),
    malformed("verb_case_sensitive", f"{HALF}:PREDICT"),
    malformed("verb_classify_case_sensitive", f"{HALF}:Classify"),
    malformed("predict_with_query_string", f"{HALF}:predict?x=1"),
    malformed("predict_with_empty_query_string_value", f"{HALF}:predict?x="),
    malformed("predict_with_empty_query_string", f"{HALF}:predict?"),
    malformed("delete_not_supported", HALF, None, method="DELETE"),
    malformed("put_not_supported", f"{HALF}:predict", method="PUT"),
    malformed("post_status_not_supported", f"{HALF}/versions/123"),
    refused(
        "version_above_int64", "foo/versions/18446744073709551615", "", "Failed to convert version", call="regress"
    ),
    refused("version_just_above_int64", "foo/versions/9223372036854775808", ONE, "Failed to convert version"),
    refused("version_largest_int64", "foo/versions/9223372036854775807", ONE, "Servable not found", status=404),
    Case(
        "get_version_above_int64",
        "/v1/models/foo/versions/18446744073709551615",
        None,
        400,
        words=("Failed to convert",),
    ),
    found("predict_latest", f"{HALF}:predict"),
    found("predict_version", f"{HALF}/versions/123:predict"),
    found("predict_version_zero_padded", f"{HALF}/versions/00000123:predict"),
    found("predict_label", f"{HALF}/labels/Version_Label:predict"),
    found("predict_label_percent_decoded", f"{HALF}/labels/odd{RESERVED}%20label:predict"),
    found("predict_model_percent_decoded", "/v1/models/no%2Fslash%3Aname:predict"),
    found("predict_letter_percent_decoded", "/v1/models/half%5Fplus_two:predict"),
    found("prefix_case_insensitive", "/V1/Models/half_plus_two:predict"),
    found("versions_case_insensitive", f"{HALF}/VERSIONS/123:predict"),
    found("labels_case_insensitive", f"{HALF}/Labels/Version_Label:predict"),
    found("status_case_insensitive", "/v1/MODELS/half_plus_two", None),
    found("metadata_case_insensitive", f"{HALF}/METADATA", None),
    Case("model_name_case_sensitive", "/v1/models/Half_Plus_Two:predict", ONE, 404, words=("Servable not found",)),
    Case("label_case_sensitive", f"{HALF}/labels/version_label:predict", ONE, 400, words=("Unrecognized servable",)),
    Case(
        "percent_decoded_model_name_get", f"/v1/models/modelname{RESERVED}", None, 404, words=(f"modelname{DECODED}",)
    ),
    Case(
        "percent_decoded_model_name_post",
        f"/v1/models/modelname{RESERVED}:predict",
        ONE,
        404,
        words=(f"modelname{DECODED}",),
    ),
    Case(
        "percent_decoded_label_post", f"{HALF}/labels/latest{RESERVED}:predict", ONE, 400, words=(f"latest{DECODED}",)
    ),
    Case("percent_decoded_model_metadata", f"/v1/models/modelname{RESERVED}/metadata", None, 404, words=(DECODED,)),
    Case("model_name_in_utf8", "/v1/models/gr%C3%B6%C3%9Fe", None, 404, words=("model größe",)),
    Case("model_name_no_utf8", "/v1/models/%FF%FE:predict", ONE, 404, words=("Servable not found",)),
    Case("status_with_empty_query_string", f"{HALF}?", None, 404, words=("half_plus_two?",)),
    Case("status_with_query_string", f"{HALF}?x=1", None, 404, words=("half_plus_two?x=1",)),
]


@pytest.mark.parametrize("case", params(CASES))
def test_route(case: Case, served: Server) -> None:
    check(case, served)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/index", id="path_index"),
        pytest.param("GET", "/", id="root_path"),
        pytest.param("GET", "/statuspage", id="path_statuspage"),
        pytest.param("GET", "/v1", id="path_v1_without_slash"),
        pytest.param("GET", "/v2/models/half_plus_two", id="path_v2"),
        pytest.param("POST", "/models/half_plus_two:predict", id="path_without_v1"),
        pytest.param("GET", "/prefix/v1/models/half_plus_two", id="path_with_prefix"),
        pytest.param("GET", "//v1/models/half_plus_two", id="path_with_two_slashes"),
        pytest.param("GET", "/monitoring/prometheus/metrics", id="prometheus_off_by_default"),
    ],
)
def test_paths_outside_the_api_are_not_found(method: str, path: str, served: Server) -> None:
    answer = served.ask(path, "" if method == "POST" else None, method=method)
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_head_not_supported(served: Server) -> None:
    answer = served.ask(HALF, None, method="HEAD")
    assert answer.status == 400
    assert answer.body == b""
