"""The request as text: what rapidjson accepts beyond JSON, and its messages about the rest."""

import pytest

from tests.conformance.cases import Case, check, params, predict, refused
from tests.conformance.server import Server

TWO_AND_A_HALF = '{"predictions": [2.5]}'
MODEL = "half_plus_two"
ECHO = "str_echo"


def error(name: str, body: str | bytes, *words: str) -> Case:
    return refused(name, MODEL, body, *words)


ANSWERED = [
    predict("predict_trailing_garbage_after_json_ignored", MODEL, '{"instances": [1.0]} trailing', TWO_AND_A_HALF),
    predict("trailing_letter_ignored", MODEL, '{"instances": [1.0]}X', TWO_AND_A_HALF),
    predict("second_document_ignored", MODEL, '{"instances": [1.0]}{"instances": [9.0]}', TWO_AND_A_HALF),
    predict("trailing_nul_ignored", MODEL, b'{"instances": [1.0]}\x00', TWO_AND_A_HALF),
    predict("white_space_everywhere", MODEL, ' \t\r\n{ "instances" :\n[ 1.0 ] \t} \n', TWO_AND_A_HALF),
    predict("byte_order_mark", MODEL, b'\xef\xbb\xbf{"instances": [1.0]}', TWO_AND_A_HALF),
    predict("first_of_two_equal_keys", MODEL, '{"instances": [1.0], "instances": [9.0]}', TWO_AND_A_HALF),
    predict(
        "first_of_two_equal_signature_names",
        MODEL,
        '{"signature_name": "serving_default", "signature_name": 5, "instances": [1.0]}',
        TWO_AND_A_HALF,
    ),
    predict("first_of_two_equal_inputs", MODEL, '{"inputs": {"x": [1.0], "x": [9.0]}}', '{"outputs": [2.5]}'),
    predict("key_with_escape", MODEL, r'{"inst\u0061nces": [1.0]}', TWO_AND_A_HALF),
    predict(
        "deep_other_key_ignored", MODEL, '{"deep": ' + "[" * 5000 + "]" * 5000 + ', "instances": [1.0]}', TWO_AND_A_HALF
    ),
    predict(
        "deep_objects_ignored",
        MODEL,
        '{"deep": ' + '{"a":' * 3000 + "1" + "}" * 3000 + ', "instances": [1.0]}',
        TWO_AND_A_HALF,
    ),
    predict(
        "string_escapes",
        ECHO,
        r'{"instances": ["\"\\\/\b\f\n\r\t", "\u00e9\u20ac"]}',
        r'{"predictions": ["\"\\/\b\f\n\r\t", "é€"]}',
    ),
    predict("string_surrogate_pair", ECHO, r'{"instances": ["\ud83d\ude00"]}', '{"predictions": ["😀"]}'),
    predict("string_utf8", ECHO, '{"instances": ["größe 漢字 😀"]}', '{"predictions": ["größe 漢字 😀"]}'),
    predict("string_with_nul", ECHO, r'{"instances": ["a\u0000b"]}', r'{"predictions": ["a\u0000b"]}'),
    predict(
        "string_that_looks_like_json",
        ECHO,
        r'{"instances": ["[1, {\"b64\": 2}]"]}',
        r'{"predictions": ["[1, {\"b64\": 2}]"]}',
    ),
    predict(
        "number_with_many_digits",
        "double_echo",
        '{"instances": [0.10000000000000000000000000000000000000000000000001]}',
        '{"predictions": [0.1]}',
    ),
    predict(
        "nan_beside_ordinary_numbers",
        "double_echo",
        '{"inputs": [[1, NaN], [2.5, -Inf]]}',
        '{"outputs": [[1.0, NaN], [2.5, -Infinity]]}',
    ),
]

REFUSED = [
    error("only_white_space", " \n", "JSON Parse error: The document is empty. at offset: 2"),
    error(
        "unfinished_object",
        '{"instances": [1.0]',
        "JSON Parse error: Missing a comma or '}' after an object member. at offset: 19",
    ),
    error(
        "unfinished_list",
        '{"instances": [1.0',
        "JSON Parse error: Missing a comma or ']' after an array element. at offset: 18",
    ),
    error("only_a_brace", "{", "JSON Parse error: Missing a name for object member. at offset: 1"),
    error(
        "comma_before_brace",
        '{"instances": [1.0],}',
        "JSON Parse error: Missing a name for object member. at offset: 20",
    ),
    error("comma_before_bracket", '{"instances": [1.0,]}', "JSON Parse error: Invalid value. at offset: 19"),
    error(
        "no_colon",
        '{"instances" [1.0]}',
        "JSON Parse error: Missing a colon after a name of object member. at offset: 13",
    ),
    error(
        "no_comma",
        '{"instances": [1.0 2.0]}',
        "JSON Parse error: Missing a comma or ']' after an array element. at offset: 19",
    ),
    error(
        "key_without_quotes", "{instances: [1.0]}", "JSON Parse error: Missing a name for object member. at offset: 1"
    ),
    error("single_quotes", "{'instances': [1.0]}", "JSON Parse error: Missing a name for object member. at offset: 1"),
    error("unfinished_string", '{"instances": ["x', "JSON Parse error: Missing a closing quotation mark in string."),
    error("unknown_escape", r'{"instances": ["\x"]}', "JSON Parse error: Invalid escape character in string."),
    error(
        "bad_hex_digit",
        r'{"instances": ["\u12g4"]}',
        "JSON Parse error: Incorrect hex digit after \\u escape in string.",
    ),
    error(
        "lone_high_surrogate",
        r'{"instances": ["\ud83d"]}',
        "JSON Parse error: The surrogate pair in string is invalid.",
    ),
    error(
        "control_character_in_string",
        '{"instances": ["a\nb"]}',
        "JSON Parse error: Invalid escape character in string.",
    ),
    error("unknown_word", '{"instances": [nan]}', "JSON Parse error: Invalid value. at offset: "),
    error("python_true", '{"instances": [True]}', "JSON Parse error: Invalid value."),
    error("comment", '{/* why */ "instances": [1.0]}', "JSON Parse error: Missing a name for object member."),
    error(
        "leading_zero",
        '{"instances": [01]}',
        "JSON Parse error: Missing a comma or ']' after an array element. at offset: 16",
    ),
    error("leading_plus", '{"instances": [+1]}', "JSON Parse error: Invalid value. at offset: 15"),
    error("leading_point", '{"instances": [.5]}', "JSON Parse error: Invalid value. at offset: 15"),
    error("point_without_digit", '{"instances": [1.]}', "JSON Parse error: Miss fraction part in number."),
    error("exponent_without_digit", '{"instances": [1e]}', "JSON Parse error: Miss exponent in number."),
    error("number_beyond_double", '{"instances": [1e309]}', "JSON Parse error: Number too big to be stored in double."),
    error("only_minus", '{"instances": [-]}', "JSON Parse error: Invalid value."),
    error("document_is_null", "null", "JSON Value: null Is not object"),
    error("document_is_a_number", "5", "JSON Value: 5 Is not object"),
    error("document_is_a_string", '"instances"', 'JSON Value: "instances" Is not object'),
    error("document_is_a_list", '[{"instances": [1.0]}]', "Is not object"),
    error(
        "offset_counts_bytes",
        '{"é": "漢", "instances" [1.0]}',
        "Missing a colon after a name of object member. at offset: 26",
    ),
    refused("shape_above_tensors_limit", "float_echo", '{"inputs": ' + "[" * 300 + "1" + "]" * 300 + "}", ""),
]


@pytest.mark.parametrize("case", params([*ANSWERED, *REFUSED]))
def test_json_text(case: Case, served: Server) -> None:
    check(case, served)


@pytest.mark.parametrize("opening", [pytest.param("[", id="deep_lists"), pytest.param('{"a":', id="deep_objects")])
def test_half_a_million_levels_end_nothing(opening: str, served: Server) -> None:
    """The server survives, with an error or an answer, as in TensorFlow Serving's own test."""
    closing = "]" if opening == "[" else "}"
    body = '{"instances": ' + opening * 500_000 + "1" + closing * 500_000 + "}"
    assert served.ask("/v1/models/half_plus_two:predict", body).status == 400
    assert served.ask("/v1/models/half_plus_two:predict", '{"instances": [1.0]}').json == {"predictions": [2.5]}


def test_deep_signature_name(served: Server) -> None:
    body = '{"signature_name": ' + "[" * 500_000 + "]" * 500_000 + ', "instances": [1.0]}'
    answer = served.ask("/v1/models/half_plus_two:predict", body)
    assert answer.status == 400
    assert answer.error.endswith("'signature_name' key must be a string value.")


def test_deep_and_malformed(served: Server) -> None:
    body = '{"signature_name": ' + "[" * 500_000 + "]" * 499_999 + ', "instances": [1.0]}'
    answer = served.ask("/v1/models/half_plus_two:predict", body)
    assert answer.status == 400
    assert answer.error.startswith("JSON Parse error: ")


def test_unfinished_deep_lists(served: Server) -> None:
    answer = served.ask("/v1/models/half_plus_two:predict", '{"instances": ' + "[" * 500_000)
    assert answer.status == 400
    assert answer.error.startswith("JSON Parse error: Invalid value.")


def test_bytes_that_are_no_utf8_pass_through(served: Server) -> None:
    """TensorFlow Serving does not have the encoding checked; a string tensor is bytes anyway."""
    answer = served.ask("/v1/models/bytes_out:predict", b'{"instances": ["\xff\xfe"]}')
    assert answer.json == {"predictions": [{"b64": "//4="}]}
