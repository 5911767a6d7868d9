"""JSON of the client: what TensorFlow Serving reads, from values and arrays of any layout, and back."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.client import bodies

PICTURE = bytes(range(256)) + b"\0\0"


@pytest.mark.parametrize("with_orjson", [True, False])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 2.5, "ü", True, None], [1, 2.5, "ü", True, None]),
        ({"x": np.arange(6, dtype=np.int64).reshape(2, 3)}, {"x": [[0, 1, 2], [3, 4, 5]]}),
        (np.arange(6, dtype=np.float32).reshape(2, 3).T, [[0, 3], [1, 4], [2, 5]]),
        (np.arange(6)[::2], [0, 2, 4]),
        (np.array([1.5, -2], ">f8"), [1.5, -2.0]),
        (np.array(1.5, np.float32), 1.5),
        (np.float16(0.5), 0.5),
        (np.array([True, False]), [True, False]),
        (np.array(["a", "ß"]), ["a", "ß"]),
        ([np.int8(-3), np.uint64(2**64 - 1)], [-3, 2**64 - 1]),
        (2**70, 2**70),
        (b"a", {"b64": "YQ=="}),
        ([bytearray(b"a"), memoryview(b"ab")], [{"b64": "YQ=="}, {"b64": "YWI="}]),
        (np.array([b"a", b"ab\0"], object), [{"b64": "YQ=="}, {"b64": "YWIA"}]),
        (np.zeros((2, 0)), [[], []]),
    ],
)
def test_encoded(value: Any, expected: Any, with_orjson: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_orjson:
        monkeypatch.setattr(bodies, "orjson", None)
    assert json.loads(bodies.encode(value)) == expected


@pytest.mark.parametrize("value", [[1, float("nan"), float("inf")], np.array([[1, np.nan, np.inf]], np.float32)[0]])
def test_nan_and_infinity_are_bare(value: Any) -> None:
    assert bodies.encode({"x": value, "y": b"a"}).replace(b" ", b"").replace(b"1.0", b"1") == (
        b'{"x":[1,NaN,Infinity],"y":{"b64":"YQ=="}}'
    )


def test_a_float32_keeps_its_value() -> None:
    numbers = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    numbers[0] = np.nan  # the standard library writes it
    for given in (numbers, numbers[1:]):
        text = bodies.encode(given)
        np.testing.assert_array_equal(np.array(json.loads(text)).astype(np.float32), given)


def test_what_json_cannot_say() -> None:
    with pytest.raises(TypeError, match="found a set; expected numbers, text, bytes, lists, dicts or NumPy arrays"):
        bodies.encode([{1, 2}])


@pytest.mark.parametrize("with_orjson", [True, False])
def test_decoded(with_orjson: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_orjson:
        monkeypatch.setattr(bodies, "orjson", None)
    assert bodies.decode(bodies.encode({"a": [PICTURE, "ü"], "n": 1})) == {"a": [PICTURE, "ü"], "n": 1}
    assert str(bodies.decode(b"[NaN, Infinity, -Infinity, 1]")) == "[nan, inf, -inf, 1]"
    assert bodies.decode(b'{"b64": 1, "c": {"b64": "YQ==", "d": 2}}') == {"b64": 1, "c": {"b64": "YQ==", "d": 2}}
    assert bodies.decode(b'["\xff"]')[0].encode("utf-8", "surrogateescape") == b"\xff"


@pytest.mark.parametrize("text", [b"", b"<html>", b'{"b64": "YQ==}', b'{"b64": "Y"}', b"[1"])
def test_no_json(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(Expecting|Unterminated|a b64 value holds no base64)"):
        bodies.decode(text)


def test_answers_as_arrays() -> None:
    np.testing.assert_array_equal(bodies.arrays([[1, 2], [3, 4]]), np.array([[1, 2], [3, 4]]))
    rows = [{"label": "a", "image_bytes": PICTURE, "score": 0.5}, {"label": "bc", "image_bytes": b"\0", "score": 1.0}]
    found = bodies.arrays(rows)
    assert found["label"].tolist() == ["a", "bc"]
    assert found["image_bytes"].tolist() == [PICTURE, b"\0"]
    assert (found["score"].dtype, found["score"].tolist()) == (np.float64, [0.5, 1.0])
    columns = bodies.arrays({"y": [[1.5]], "n": 3})
    assert (columns["y"].shape, columns["n"].shape) == ((1, 1), ())
    with pytest.raises(ValueError, match="inhomogeneous"):
        bodies.arrays([[1], [2, 3]])


def test_importing_loads_neither_numpy_nor_tensorflow_nor_the_server() -> None:
    code = "import sys, serving.client; print([n for n in sys.modules if n.startswith(('serving', 'numpy', 'tensor', 'cv2'))])"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]
    )
    loaded = set(json.loads(told.stdout.replace("'", '"')))
    assert "serving.client.rest" in loaded
    assert all(name == "serving" or name.startswith("serving.client") for name in loaded)
