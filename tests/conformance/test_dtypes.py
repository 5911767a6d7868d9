"""The JSON values that each data type accepts (tensorflow_serving/util/json_tensor.cc, AddValueToTensor)."""

import pytest

from tests.conformance.cases import Case, check, params, predict, refused
from tests.conformance.server import Server


def takes(name: str, model: str, tokens: str, answer: str = "") -> Case:
    """Values that are taken, and what the echo gives back."""
    return predict(name, model, f'{{"instances": [{tokens}]}}', f'{{"predictions": [{answer or tokens}]}}')


def rejects(name: str, model: str, token: str, words: str) -> Case:
    return refused(name, model, f'{{"inputs": [{token}]}}', words)


TAKEN = [
    takes("float_mixed_int_and_decimal", "float_echo", "1, 2.0, 3, 4, 5.003, 0.007, 0.0"),
    takes("double_mixed_int_and_decimal", "double_echo", "1.0, 2, 3, 4, 0.662, 0, 0.0"),
    takes("float_precision_loss_int_token", "float_echo", "1435774380", "1435774336"),
    takes("float_precision_loss_just_above_mantissa", "float_echo", "16777217", "16777216"),
    takes("float_precision_loss_decimal", "float_echo", "0.1234567890123", "0.12345679"),
    takes("double_precision_loss_int_token", "double_echo", "9007199254740993", "9007199254740992"),
    takes("double_exact", "double_echo", "0.1234567890123, 1.7976931348623157e308, 5e-324"),
    takes("float_overflow_to_inf", "float_echo", "1.7976931348623157e308", "Infinity"),
    takes("float_overflow_to_neg_inf", "float_echo", "-1.7976931348623157e308", "-Infinity"),
    takes("float_underflow_to_zero", "float_echo", "1e-300, -1e-300", "0.0, -0.0"),
    takes("float_largest", "float_echo", "3.4028234663852886e38, -3.4028234663852886e38"),
    takes("float_uint64_token", "float_echo", "18446744073709551615", "1.8446744073709552e19"),
    takes("float_nan_inf_request_tokens", "float_echo", "1.0, NaN, Infinity, -Infinity"),
    takes(
        "double_nan_inf_request_tokens",
        "double_echo",
        "NaN, Infinity, -Infinity, Inf, -Inf",
        "NaN, Infinity, -Infinity, Infinity, -Infinity",
    ),
    takes("float_exponents", "float_echo", "1e2, 1E2, 1e+2, 25e-2", "100.0, 100.0, 100.0, 0.25"),
    takes("int_range", "int_echo", "-2147483648, 2147483647, 0, -0"),
    takes("int64_exact", "int64_echo", "9223372036854775807, -9223372036854775808, 9007199254740993"),
    takes("uint32_range", "uint32_echo", "0, 4294967295"),
    takes("uint64_range", "uint64_echo", "0, 18446744073709551615"),
    takes("uint8_range", "uint8_echo", "0, 255"),
    takes("int8_range", "int8_echo", "-128, 127"),
    takes("int16_range", "int16_echo", "-32768, 32767"),
    takes("uint8_wraps", "uint8_echo", "256, -1, 511", "0, 255, 255"),
    takes("int8_wraps", "int8_echo", "128, 255, -129", "-128, -1, 127"),
    takes("int16_wraps", "int16_echo", "32768, 65536", "-32768, 0"),
    takes("bool_values", "bool_echo", "true, false"),
    takes("string_empty", "str_echo", '"", "a"'),
]

REJECTED = [
    refused("int_rejects_decimal", "int_echo", '{"instances": [1.5]}', "not of expected type: int32"),
    rejects(
        "int_rejects_whole_decimal", "int_echo", "1.0", "JSON Value: 1.0 Type: Number is not of expected type: int32"
    ),
    rejects("int_rejects_exponent", "int_echo", "1e2", "Type: Number is not of expected type: int32"),
    rejects("int_rejects_nan", "int_echo", "NaN", "is not of expected type: int32"),
    rejects(
        "int_rejects_above_int32",
        "int_echo",
        "2147483648",
        "JSON Value: 2147483648 Type: Number is not of expected type: int32",
    ),
    rejects("int_rejects_below_int32", "int_echo", "-2147483649", "not of expected type: int32"),
    rejects("int_rejects_bool", "int_echo", "true", "JSON Value: true Type: True is not of expected type: int32"),
    rejects("int_rejects_string", "int_echo", '"1"', 'JSON Value: "1" Type: String is not of expected type: int32'),
    rejects("uint8_rejects_decimal", "uint8_echo", "1.0", "not of expected type: uint8"),
    rejects("int8_rejects_above_int32", "int8_echo", "2147483648", "not of expected type: int8"),
    rejects("int16_rejects_decimal", "int16_echo", "0.5", "not of expected type: int16"),
    rejects("int64_rejects_above_int64", "int64_echo", "9223372036854775808", "not of expected type: int64"),
    rejects("int64_rejects_decimal", "int64_echo", "1.0", "not of expected type: int64"),
    rejects("uint32_rejects_negative", "uint32_echo", "-1", "not of expected type: uint32"),
    rejects("uint32_rejects_above_uint32", "uint32_echo", "4294967296", "not of expected type: uint32"),
    rejects("uint64_rejects_negative", "uint64_echo", "-1", "not of expected type: uint64"),
    rejects("uint64_rejects_above_uint64", "uint64_echo", "18446744073709551616", "not of expected type: uint64"),
    rejects("bool_rejects_zero", "bool_echo", "0", "not of expected type: bool"),
    rejects("bool_rejects_string", "bool_echo", '"true"', "Type: String is not of expected type: bool"),
    refused("bool_rejects_number", "bool_echo", '{"instances": [1]}', "not of expected type: bool"),
    rejects(
        "float_rejects_bool", "float_echo", "false", "JSON Value: false Type: False is not of expected type: float"
    ),
    rejects("float_rejects_bool_among_numbers", "float_echo", "1.0, true", "Type: True is not of expected type: float"),
    rejects("float_rejects_object", "float_echo", "{}", "Type: Object is not of expected type: float"),
    rejects("float_rejects_null_among_numbers", "float_echo", "1.0, null", "Type: Null is not of expected type: float"),
    rejects("double_rejects_string", "double_echo", '"1.0"', "not of expected type: double"),
    refused("string_tensor_rejects_number", "str_echo", '{"instances": [1]}', "not of expected type: string"),
    rejects("string_rejects_bool", "str_echo", "true", "Type: True is not of expected type: string"),
    rejects("string_rejects_null", "str_echo", "null", "Type: Null is not of expected type: string"),
    refused(
        "half_input_row_unsupported", "half_in", '{"instances": [1.0]}', "Conversion of JSON Value: 1.0 to type: half"
    ),
    refused("half_input_columnar_unsupported", "half_in", '{"inputs": [1.0]}', "to type: half", status=501),
    refused("bfloat16_input_columnar_unsupported", "bfloat16_in", '{"inputs": [1.0]}', "to type: bfloat16", status=501),
    refused(
        "bfloat16_input_row_unsupported", "bfloat16_in", '{"instances": [1.0]}', "UNIMPLEMENTED", "to type: bfloat16"
    ),
    refused("uint16_input_columnar_unsupported", "uint16_in", '{"inputs": [1]}', "to type: uint16", status=501),
    refused("complex_input_columnar_unsupported", "complex_in", '{"inputs": [1]}', "to type: complex64", status=501),
    refused(
        "half_input_object_is_a_type_error", "half_in", '{"inputs": [{}]}', "Type: Object is not of expected type: half"
    ),
]


@pytest.mark.parametrize("case", params([*TAKEN, *REJECTED]))
def test_dtype(case: Case, served: Server) -> None:
    check(case, served)


def test_float_underflow_keeps_its_sign(served: Server) -> None:
    """Equal as numbers, so the text is looked at."""
    answer = served.ask("/v1/models/float_echo:predict", '{"instances": [-1e-300]}')
    assert b"-0.0" in answer.body
