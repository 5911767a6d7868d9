"""The HTTP layer: compressed bodies, preflight requests, headers (util/net_http/server/internal/evhttp_request_test.cc)."""

import gzip
import http.client
import socket
import zlib

import pytest

from tests.conformance.server import Answer, Server

HALF = "/v1/models/half_plus_two:predict"
ONE, ONE_ANSWER = b'{"instances": [1.0]}', {"predictions": [2.5]}
EMPTY = "JSON Parse error: The document is empty"


def compressed(served: Server, body: bytes, encoding: str = "gzip", path: str = HALF) -> Answer:
    return served.ask(path, body, headers={"Content-Encoding": encoding})


def test_gzip_request_body(served: Server) -> None:
    answer = compressed(served, gzip.compress(b'{"instances": [1.0, 2.0]}'))
    assert answer.json == {"predictions": [2.5, 3.0]}
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    "encoding",
    [
        pytest.param("my_gzip", id="gzip_header_substring"),
        pytest.param("x-gzip", id="gzip_header_x_gzip"),
        pytest.param("deflate, gzip", id="gzip_header_list"),
    ],
)
def test_gzip_anywhere_in_the_header(encoding: str, served: Server) -> None:
    assert compressed(served, gzip.compress(ONE), encoding).json == ONE_ANSWER


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"abcde", id="gzip_invalid_body"),
        pytest.param(b"", id="gzip_empty_body"),
        pytest.param(ONE, id="gzip_body_not_compressed"),
        pytest.param(gzip.compress(ONE)[:-10], id="gzip_body_cut_off"),
        pytest.param(zlib.compress(ONE), id="gzip_body_is_zlib"),
    ],
)
def test_gzip_that_is_none_reads_as_empty(body: bytes, served: Server) -> None:
    answer = compressed(served, body)
    assert answer.status == 400
    assert EMPTY in answer.error


def test_gzip_bomb_over_100MB(served: Server) -> None:  # noqa: N802
    answer = compressed(served, _bomb(101))
    assert answer.status == 400
    assert EMPTY in answer.error


def test_gzip_just_under_100_mb(served: Server) -> None:
    """The limit is on the inflated size, and it is not less than what is said: the document is white space only."""
    answer = compressed(served, _bomb(99))
    assert answer.status == 400
    assert f"{EMPTY}. at offset: {99 * 2**20}" in answer.error


def _bomb(megabytes: int) -> bytes:
    """Compress this many MiB of blanks."""
    packer = zlib.compressobj(1, wbits=16 + zlib.MAX_WBITS)
    return b"".join(packer.compress(b" " * 2**20) for _ in range(megabytes)) + packer.flush()


def test_gzip_on_regress(served: Server) -> None:
    answer = compressed(served, gzip.compress(b'{"examples": [{"i": 2}]}'), path="/v1/models/regressor:regress")
    assert answer.json == {"results": [1.0]}


def test_other_encodings_are_not_looked_at(served: Server) -> None:
    assert served.ask(HALF, ONE, headers={"Content-Encoding": "identity"}).json == ONE_ANSWER
    assert served.ask(HALF, ONE, headers={"Content-Encoding": "br"}).json == ONE_ANSWER


def test_answers_are_never_compressed(served: Server) -> None:
    answer = served.ask(HALF, ONE, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.json == ONE_ANSWER


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param("text/plain", id="content_type_of_request_ignored"),
        pytest.param("application/x-www-form-urlencoded", id="content_type_form_ignored"),
        pytest.param("application/x-npy", id="content_type_npy_ignored"),
        pytest.param("nonsense", id="content_type_nonsense_ignored"),
    ],
)
def test_content_type_is_not_looked_at(content_type: str, served: Server) -> None:
    assert served.ask(HALF, ONE, headers={"Content-Type": content_type}).json == ONE_ANSWER


def test_cors_off_by_default(served: Server) -> None:
    answer = served.ask(HALF, ONE, headers={"Origin": "http://a.example"})
    assert answer.json == ONE_ANSWER
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        pytest.param("http://localhost:3000", 200, id="options_http_origin"),
        pytest.param("https://a.example", 200, id="options_https_origin"),
        pytest.param("ftp://a.example", 400, id="options_other_origin"),
        pytest.param("null", 400, id="options_null_origin"),
        pytest.param(None, 400, id="options_without_origin"),
    ],
)
def test_options(origin: str | None, status: int, served: Server) -> None:
    """Answered by the origin alone, with or without the CORS flag, whatever the path under /v1/."""
    headers = {} if origin is None else {"Origin": origin}
    for path in (HALF, "/v1/anything"):
        answer = served.ask(path, method="OPTIONS", headers=headers)
        assert answer.status == status
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert served.ask("/index", method="OPTIONS", headers=headers).status == 404


def test_chunked_body(served: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.rest, timeout=30)
    connection.request(
        "POST", HALF, iter([ONE[:7], ONE[7:]]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
    )
    assert connection.getresponse().read().replace(b" ", b"").replace(b"\n", b"") == b'{"predictions":[2.5]}'
    connection.close()


def raw(served: Server, request: bytes) -> bytes:
    """Send these bytes and read until the server has answered with a whole JSON object or has closed."""
    with socket.create_connection(("127.0.0.1", served.rest), timeout=30) as connection:
        connection.sendall(request)
        found = b""
        while not found.endswith(b"}") and (data := connection.recv(65536)):
            found += data
        return found


def test_http_1_0_without_host(served: Server) -> None:
    found = raw(served, b"POST %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (HALF.encode(), len(ONE), ONE))
    assert found.startswith(b"HTTP/1.")
    assert b" 200 " in found.splitlines()[0]
    assert b"2.5" in found


def test_expect_continue(served: Server) -> None:
    """Answer `Expect: 100-continue`, which curl sends before a large body."""
    head = b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n" % (
        HALF.encode(),
        len(ONE),
    )
    with socket.create_connection(("127.0.0.1", served.rest), timeout=30) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(ONE)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_several_requests_on_one_connection(served: Server) -> None:
    """An error does not end the connection."""
    connection = http.client.HTTPConnection("127.0.0.1", served.rest, timeout=30)
    for body, status in ((ONE, 200), (b"x", 400), (b"", 400), (ONE, 200)):
        connection.request("POST", HALF, body)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()


def test_a_body_of_megabytes(served: Server) -> None:
    """There is no limit that an ordinary large request would meet."""
    numbers = ",".join(["0.125"] * 1_000_000)
    answer = served.ask("/v1/models/float_echo:predict", f'{{"inputs": [{numbers}]}}')
    assert answer.json == {"outputs": [0.125] * 1_000_000}
