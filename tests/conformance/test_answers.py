"""Outputs as JSON (tensorflow_serving/util/json_tensor_test.cc, the FromJson tests)."""

import pytest

from tests.conformance.cases import Case, check, params, predict, refused
from tests.conformance.server import Server

ROW = '{"instances": [0, 0]}'
COLUMN = '{"inputs": [0, 0]}'
ONE_ROW = (
    '{"double_scalar_tensor": %s, "float_tensor": [%s], "int_tensor": %s, "str_tensor": %s,'
    ' "str_tensor_bytes": [{"b64": "%s"}, {"b64": "%s"}]}'
)
INTS = "[[1, 2], [3, 4], [5, 6]]", "[[7, 8], [9, 0], [1, 2]]"
FIRST = ONE_ROW % ("8.0", "1.0", INTS[0], '["foo", "bar"]', "aGVsbG8=", "d29ybGQ=")
SECOND = ONE_ROW % ("9.0", "2.0", INTS[1], '["baz", "bat"]', "dGY=", "c2VydmluZw==")

CASES = [
    predict("multi_output_row", "multi_out", ROW, f'{{"predictions": [{FIRST}, {SECOND}]}}'),
    predict(
        "multi_output_columnar",
        "multi_out",
        COLUMN,
        '{"outputs": {"double_scalar_tensor": [8.0, 9.0], "float_tensor": [[1.0], [2.0]],'
        f' "int_tensor": [{INTS[0]}, {INTS[1]}], "str_tensor": [["foo", "bar"], ["baz", "bat"]], "str_tensor_bytes":'
        ' [[{"b64": "aGVsbG8="}, {"b64": "d29ybGQ="}], [{"b64": "dGY="}, {"b64": "c2VydmluZw=="}]]}}',
    ),
    predict(
        "bytes_suffix_output",
        "bytes_out",
        '{"instances": [["hello", "world"], ["tf", "serving"]]}',
        '{"predictions": [[{"b64": "aGVsbG8="}, {"b64": "d29ybGQ="}], [{"b64": "dGY="}, {"b64": "c2VydmluZw=="}]]}',
    ),
    predict("bytes_suffix_output_columnar", "bytes_out", '{"inputs": "hello"}', '{"outputs": {"b64": "aGVsbG8="}}'),
    predict("bytes_suffix_output_empty_string", "bytes_out", '{"instances": [""]}', '{"predictions": [{"b64": ""}]}'),
    predict("bytes_suffix_needs_a_string_tensor", "int_bytes_out", '{"instances": [1, 2]}', '{"predictions": [1, 2]}'),
    predict(
        "columnar_output_inconsistent_batch_ok",
        "uneven_out",
        COLUMN,
        '{"outputs": {"int_tensor": [[1, 2, 3], [4, 5, 6]], "str_tensor": [["foo", "bar", "baz"]]}}',
    ),
    refused("row_output_inconsistent_batch", "uneven_out", ROW, "has inconsistent batch size: ", " expecting: "),
    refused(
        "row_output_scalar_has_no_batch",
        "scalar_out",
        '{"instances": [0]}',
        "Tensor name: out has no shape information",
    ),
    predict("columnar_output_scalar_ok", "scalar_out", '{"inputs": [0]}', '{"outputs": 7}'),
    predict("row_zero_batch_output", "zero_batch_out", '{"instances": [0]}', '{"predictions": []}'),
    predict("columnar_zero_batch_output", "zero_batch_out", '{"inputs": [0]}', '{"outputs": []}'),
    predict("row_zero_batch_outputs", "zero_batches_out", '{"instances": [0]}', '{"predictions": []}'),
    refused("row_zero_and_one_batch_outputs", "zero_and_one_out", '{"instances": [0]}', "has inconsistent batch size"),
    refused(
        "complex_output_row",
        "complex_out",
        '{"instances": [0.0]}',
        "Failed to write JSON value for tensor type: complex64",
    ),
    refused("complex_output_columnar", "complex_out", '{"inputs": [0.0]}', "tensor type: complex64"),
    refused("half_output", "half_out", '{"instances": [0.0]}', "Failed to write JSON value for tensor type: half"),
    refused(
        "uint16_output", "uint16_out", '{"instances": [0.0]}', "Failed to write JSON value for tensor type: uint16"
    ),
    predict(
        "output_of_other_signature",
        "module",
        '{"signature_name": "both", "instances": [[1.0]]}',
        '{"predictions": [{"half": [0.5], "whole": [1.0]}]}',
    ),
    predict(
        "quotes_in_output", "str_echo", r'{"instances": ["say \"hi\"\n\\"]}', r'{"predictions": ["say \"hi\"\n\\"]}'
    ),
]


@pytest.mark.parametrize("case", params(CASES))
def test_answer(case: Case, served: Server) -> None:
    check(case, served)


def test_floats_keep_their_shortest_digits(served: Server) -> None:
    """Numbers as TensorFlow Serving's %g with six digits, or nine, would read: exactly the float32 that went in."""
    import numpy as np

    from tests.conformance.models import PRECISION

    found = served.ask("/v1/models/precision_out:predict", '{"instances": [0, 0, 0]}')
    assert np.array_equal(np.array(found.json["predictions"], np.float32), np.array(PRECISION, np.float32))
    assert b"0.10000000149" not in found.body  # no noise of the way through double


def test_whole_floats_have_a_decimal_point(served: Server) -> None:
    """A reader can tell the type from the token; whole numbers of integer tensors have no point."""
    floats = served.ask("/v1/models/float_echo:predict", '{"instances": [1, 9000000, -0]}').json["predictions"]
    assert [type(value) for value in floats] == [float, float, float]
    whole = served.ask("/v1/models/int64_echo:predict", '{"instances": [1, 9000000]}').json["predictions"]
    assert [type(value) for value in whole] == [int, int]


@pytest.mark.parametrize("model", ["float_echo", "double_echo"])
def test_non_finite_tokens_are_bare(model: str, served: Server) -> None:
    answer = served.ask(f"/v1/models/{model}:predict", '{"instances": [[NaN, 3], [Infinity, -Infinity]]}')
    tokens = b"".join(answer.body.split()).partition(b":")[2]
    assert tokens == b"[[NaN,3.0],[Infinity,-Infinity]]}"


def test_non_finite_tokens_in_several_outputs(served: Server) -> None:
    body = '{"instances": [{"int_tensor": 1, "str_tensor": "null", "float_tensor": NaN, "dbl_tensor": -Infinity}]}'
    answer = served.ask("/v1/models/multi_in:predict", body)
    assert b"".join(answer.body.split()).count(b"NaN") == 1
    assert b"-Infinity" in answer.body
    assert b'"null"' in answer.body


def test_strings_that_are_no_utf8_are_raw_bytes(served: Server) -> None:
    """An output without `_bytes` is written as it is, so the answer may be no valid JSON text."""
    answer = served.ask("/v1/models/not_utf8_out:predict", '{"instances": [0, 0]}')
    assert answer.status == 200
    assert b"\xff" in answer.body
    assert b'"plain"' in answer.body


def test_predict_content_type_header(served: Server) -> None:
    answer = served.ask("/v1/models/half_plus_two:predict", '{"instances": [1.0]}')
    assert answer.headers["content-type"] == "application/json"
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_error_message_is_quoted(served: Server) -> None:
    """Quotation marks of the message are escaped in the JSON of the error."""
    answer = served.ask("/v1/models/half_plus_two:predict", '{"signature_name": "a\\"b", "instances": [1.0]}')
    assert answer.error == 'Serving signature name: "a"b" not found in signature def'
