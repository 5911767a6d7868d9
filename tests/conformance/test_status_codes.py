"""Mistakes, the status of each, and which of several mistakes is reported."""

import pytest

from tests.conformance.cases import Case, check, params, refused
from tests.conformance.server import Server

ONE = '{"instances": [1.0]}'
EXAMPLE = '{"examples": [{"x": 1.0}]}'
NOT_FOUND = "Servable not found for request: "
NO_SIGNATURE = 'Serving signature name: "nope" not found in signature def'
PAIR = '"instances": [1.0], "inputs": [1.0]'

CASES = [
    refused("predict_unknown_model", "foo", ONE, NOT_FOUND + "Latest(foo)", status=404),
    refused("predict_unknown_model_version", "foo/versions/50", ONE, NOT_FOUND + "Specific(foo, 50)", status=404),
    refused(
        "predict_unknown_version",
        "half_plus_two/versions/99",
        ONE,
        NOT_FOUND + "Specific(half_plus_two, 99)",
        status=404,
    ),
    refused(
        "predict_version_zero", "half_plus_two/versions/0", ONE, NOT_FOUND + "Specific(half_plus_two, 0)", status=404
    ),
    refused("predict_older_version_not_loaded", "two_versions/versions/123", ONE, NOT_FOUND, status=404),
    refused(
        "predict_name_with_suffix",
        "half_plus_two99",
        '{"instances": [1]}',
        "Servable not found for request",
        status=404,
    ),
    refused(
        "predict_unknown_label",
        "half_plus_two/labels/Version_Nonexistent",
        '{"instances": ["x", "y"]}',
        "Unrecognized servable version label: Version_Nonexistent",
    ),
    refused("predict_unknown_model_with_label", "foo/labels/Version_Label", ONE, "Unrecognized servable version label"),
    refused(
        "predict_label_of_other_model", "two_versions/labels/Version_Label", ONE, "Unrecognized servable version label"
    ),
    refused("classify_unknown_model", "foo", EXAMPLE, NOT_FOUND + "Latest(foo)", status=404, call="classify"),
    refused("regress_unknown_model", "foo", EXAMPLE, "Servable not found", status=404, call="regress"),
    refused("regress_unknown_version", "half_plus_two/versions/99", EXAMPLE, NOT_FOUND, status=404, call="regress"),
    refused("regress_unknown_label", "half_plus_two/labels/no", EXAMPLE, "Unrecognized servable", call="regress"),
    refused(
        "predict_bad_json", "half_plus_two", "instances = [1, 2]", "JSON Parse error: Invalid value", "at offset: 0"
    ),
    refused("predict_empty_body", "half_plus_two", "", "JSON Parse error: The document is empty"),
    refused("predict_not_an_object", "half_plus_two", "[1.0]", "Is not object"),
    refused("predict_wrong_type", "half_plus_two", '{"instances": ["x", "y"]}', "not of expected type: float"),
    refused(
        "predict_signature_name_not_string",
        "half_plus_two",
        '{"signature_name": 100}',
        "'signature_name' key must be a string value.",
    ),
    refused(
        "predict_signature_name_null", "half_plus_two", '{"signature_name": null, "instances": [1]}', "must be a string"
    ),
    refused(
        "predict_unknown_signature", "half_plus_two", '{"signature_name": "nope", "instances": [1.0]}', NO_SIGNATURE
    ),
    refused("predict_no_default_signature", "counter", ONE, 'Serving signature name: "serving_default" not found'),
    refused("predict_missing_instances_and_inputs", "half_plus_two", "{}", "Missing 'inputs' or 'instances' key"),
    refused(
        "predict_instances_and_inputs", "half_plus_two", f"{{{PAIR}}}", "Not formatted correctly expecting only one of"
    ),
    refused("predict_instances_empty_list", "half_plus_two", '{"instances": []}', "No values in 'instances' array"),
    refused(
        "predict_instances_not_list", "half_plus_two", '{"instances": 1.0}', "Excepting 'instances' to be an list/array"
    ),
    refused("predict_instances_object", "half_plus_two", '{"instances": {"x": 1.0}}', "to be an list/array"),
    refused("predict_instances_null", "half_plus_two", '{"instances": null}', "to be an list/array"),
    refused(
        "predict_signature_without_inputs",
        "counter",
        '{"signature_name": "incr_counter", "inputs": {}}',
        "Failed to get input map for signature: incr_counter",
    ),
    refused("graph_error_is_the_clients", "fails_at_zero", '{"instances": [0.0]}', "a zero was found"),
    refused("keys_are_case_sensitive", "half_plus_two", '{"Instances": [1.0]}', "Missing 'inputs' or 'instances' key"),
    # Which of two mistakes is told: JSON, then signature_name, then the model, then the signature, then the inputs.
    refused("unknown_model_beats_missing_instances", "foo", "{}", "Servable not found", status=404),
    refused(
        "unknown_model_beats_unknown_signature", "foo", '{"signature_name": "nope"}', "Servable not found", status=404
    ),
    refused("bad_json_beats_unknown_model", "foo", "instances = [1, 2]", "JSON Parse error: Invalid value"),
    refused("empty_body_beats_unknown_model", "foo", "", "JSON Parse error: The document is empty"),
    refused("signature_name_type_beats_unknown_model", "foo", '{"signature_name": 100}', "must be a string value"),
    refused("unknown_signature_beats_missing_instances", "half_plus_two", '{"signature_name": "nope"}', NO_SIGNATURE),
    refused(
        "both_keys_beat_wrong_values", "half_plus_two", '{"instances": ["x"], "inputs": ["x"]}', "expecting only one of"
    ),
    refused("bad_json_beats_unknown_model_regress", "foo", "x", "JSON Parse error: Invalid value", call="regress"),
    refused("missing_examples_beats_unknown_model", "foo", "{}", "'examples' is expected", call="regress"),
]

OTHER_KEYS = Case(
    "other_keys_ignored",
    "/v1/models/half_plus_two:predict",
    '{"output_filter": ["nope"], "instances": [1.0], "x": {"y": null}}',
    answer='{"predictions": [2.5]}',
)
EMPTY_SIGNATURE = Case(
    "signature_name_empty_is_default",
    "/v1/models/half_plus_two:predict",
    '{"signature_name": "", "instances": [1.0]}',
    answer='{"predictions": [2.5]}',
)
CUSTOM_SIGNATURE = Case(
    "signature_name_chooses",
    "/v1/models/two_signatures:predict",
    '{"signature_name": "custom_signature_key", "instances": [0.0]}',
    answer='{"predictions": [2.0]}',
)


@pytest.mark.parametrize("case", params([*CASES, OTHER_KEYS, EMPTY_SIGNATURE, CUSTOM_SIGNATURE]))
def test_status_code(case: Case, served: Server) -> None:
    check(case, served)


def test_error_names_the_default_when_the_signature_has_no_inputs(served: Server) -> None:
    """The message says DEFAULT for an empty name; here the name is given."""
    body = '{"signature_name": "get_counter", "instances": [{}]}'
    answer = served.ask("/v1/models/counter:predict", body)
    assert answer.error == "Failed to get input map for signature: get_counter"


def test_wrong_type_message_in_full(served: Server) -> None:
    answer = served.ask("/v1/models/float_echo:predict", '{"inputs": ["x"]}')
    assert answer.error == 'JSON Value: "x" Type: String is not of expected type: float'


def test_row_errors_name_the_element(served: Server) -> None:
    """Every error of a row is wrapped, with the name of its status, and answered as INVALID_ARGUMENT."""
    plain = served.ask("/v1/models/float_echo:predict", '{"instances": [1.0, "x"]}').error
    assert plain.startswith("Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: ")
    named = served.ask("/v1/models/float_echo:predict", '{"instances": [{"default": 1.0}, {"default": "x"}]}').error
    assert named.startswith("Failed to process element: 1 key: default of 'instances' list. Error: INVALID_ARGUMENT: ")
