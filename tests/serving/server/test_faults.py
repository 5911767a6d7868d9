"""Bad input, bad clients and faults, against one real server process that must still answer all other clients."""

import base64
import itertools
import json
import re
import shutil
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.serving.server.http_kit import Answer, Connection, Process, ask, get, post, predict, process
from tests.vision import pictures

MOST_BYTES = 4 * 2**20
BODY_SECONDS = 1.0
MOST_CALLS = 8
GIB = 2**30
FLAT = 40 * 2**20
"""How much more memory counts as none."""
HALF, COLOURS, ECHO = "/v1/models/half:predict", "/v1/models/colours:predict", "/v1/models/echo:predict"
BATCHING = "max_batch_size { value: 16 } batch_timeout_micros { value: 20000 } num_batch_threads { value: 2 }"


@pytest.fixture(scope="module")
def folder(half_plus_two: Path, echo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Base paths half, echo and colours (mean colours of pictures), and the files that the flags name."""
    made = tmp_path_factory.mktemp("faults")
    shutil.copytree(half_plus_two, made / "half")
    shutil.copytree(echo, made / "echo")
    write_picture_model(made / "colours" / "1")
    entries = (
        f'config {{ name: "{name}" base_path: "{made / name}" model_platform: "tensorflow" }}'
        for name in ("half", "echo", "colours")
    )
    (made / "models.txt").write_text(f"model_config_list {{ {' '.join(entries)} }}")
    (made / "batching.txt").write_text(BATCHING)
    return made


def write_picture_model(folder: Path) -> None:
    """Files decoded in the graph as in every bundle: `means` are red, green, blue; `tensor` takes pixels."""
    import tensorflow as tf

    from vision import decoding

    def mean(contents: Any) -> Any:
        return tf.reduce_mean(tf.cast(decoding.decode(contents), tf.float32), [0, 1])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])
    def means(image_bytes: Any) -> dict[str, Any]:
        return {"means": tf.map_fn(mean, image_bytes, fn_output_signature=tf.TensorSpec([3], tf.float32))}

    @tf.function(input_signature=[tf.TensorSpec([None, 2, 2, 3], tf.float32, "images")])
    def tensor(images: Any) -> dict[str, Any]:
        return {"means": tf.reduce_mean(tf.reshape(images, [-1, 4, 3]), 1)}

    signatures = {"serving_default": means.get_concrete_function(), "tensor": tensor.get_concrete_function()}
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Process]:
    flags = [
        f"--model_config_file={folder / 'models.txt'}",
        "--enable_batching",
        f"--batching_parameters_file={folder / 'batching.txt'}",
        f"--rest_api_max_body_bytes={MOST_BYTES}",
        f"--rest_api_body_timeout_in_ms={BODY_SECONDS * 1000:.0f}",
        "--rest_api_timeout_in_ms=1000",
        f"--max_concurrent_requests={MOST_CALLS}",
    ]
    with process(folder / "log", *flags) as found:
        for _ in range(3):
            predict(found.port, "half", 1.0)
            ask(found.port, post(COLOURS, images(picture())))
        yield found


@pytest.fixture
def server(running: Process) -> Iterator[Process]:
    """The server; afterwards it must still run, answer right, and have told of no bug."""
    yield running
    assert running.popen.poll() is None, running.said()
    assert predict(running.port, "half", 1.0, 2.0) == [2.5, 3.0]
    assert "Traceback" not in running.said()


def picture() -> bytes:
    return pictures.encode(pictures.picture(), "PNG")


def images(*contents: bytes) -> dict[str, Any]:
    return {"instances": [{"b64": base64.b64encode(content).decode()} for content in contents]}


def refusal(server: Process, path: str, body: Any, *headers: str) -> tuple[int, str]:
    """Status and words of the error."""
    answer = ask(server.port, post(path, body, *headers))
    return answer.status, answer.error


WHOLE = b'{"signature_name": "serving_default", "instances": [{"x": [1.5]}, {"x": [-2e3]}], "more": {"a": ["\\u00e9", null]}}'


def test_malformed_json_at_every_place(server: Process) -> None:
    """Cut there, and with each of some characters there instead: an error in words, never one of the server's own."""
    assert ask(server.port, post(HALF, WHOLE)).status == 200
    bodies = [WHOLE[:end] for end in range(len(WHOLE))]
    changed = [
        WHOLE[:place] + bytes([other]) + WHOLE[place + 1 :] for place in range(len(WHOLE)) for other in b'"}[,\x00\xff'
    ]
    with Connection(server.port) as client:
        for body in bodies + changed:
            client.send(post(HALF, body))
            answer = client.answer()
            assert answer.status in ((400,) if body in bodies else (200, 400)), (body, answer)
            assert answer.status == 200 or answer.error


@pytest.mark.parametrize("opened", [b"[", b'{"a":', b'[{"a":'])
@pytest.mark.parametrize("closed", [True, False])
def test_deep_nesting(server: Process, opened: bytes, closed: bool) -> None:
    depth = 500_000 // (2 if b"[{" in opened else 1)
    end = opened.translate(bytes.maketrans(b"[{", b"]}"), b'"a:')[::-1] * depth if closed else b""
    before, start = server.memory(), time.monotonic()
    status, words = refusal(server, HALF, b'{"instances": ' + opened * depth + end)
    assert status == 400
    assert 0 < len(words) < 2000
    assert time.monotonic() - start < 20
    assert server.memory() - before < 10 * FLAT


def test_body_of_a_gibibyte(server: Process) -> None:
    """Refused from its length, before it comes; dropped when it comes all the same; the connection stays good."""
    before, piece = server.memory(), bytes(2**20)
    with Connection(server.port) as client:
        client.send(f"POST {HALF} HTTP/1.1\r\nHost: t\r\nContent-Length: {GIB}\r\n\r\n".encode())
        answer = client.answer()
        assert answer.status == 413
        assert f"The body has {GIB} bytes; at most {MOST_BYTES} are accepted" in answer.error
        for _ in range(GIB // len(piece)):
            client.send(piece)
        assert server.memory() - before < FLAT
        client.send(post(HALF, {"instances": [2.0]}))
        assert json.loads(client.answer().body) == {"predictions": [3.0]}


def test_chunked_body_of_a_gibibyte(server: Process) -> None:
    before, piece = server.memory(), b"100000\r\n" + bytes(2**20) + b"\r\n"
    with Connection(server.port) as client:
        client.send(f"POST {HALF} HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for _ in range(GIB // 2**20):
            client.send(piece)
        assert server.memory() - before < FLAT
        answer = client.answer()
        assert (answer.status, f"at most {MOST_BYTES} are accepted" in answer.error) == (413, True)


def test_gzip_bomb(server: Process) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)  # 16 MiB in 16 kB, as often as one likes
    bomb = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + block * (GIB // 2**24)
    assert len(bomb) < MOST_BYTES
    before = server.memory()
    with ThreadPoolExecutor(2) as pool:
        for status, words in pool.map(lambda _: refusal(server, HALF, bomb, "Content-Encoding: gzip"), range(2)):
            assert (status, f"more than {MOST_BYTES} bytes" in words) == (413, True)
    assert server.memory() - before < 2 * 2 * 100 * 2**20


def test_slow_clients_hold_up_nobody(server: Process) -> None:
    """More of them than calls may be in work; each is told after the time limit."""
    request = post(HALF, b" " * 1000)
    clients = [Connection(server.port) for _ in range(2 * MOST_CALLS)]
    stop = threading.Event()

    def drip() -> None:
        for place in itertools.count(len(request) - 1000):
            for client in clients:
                client.send(request[place : place + 1])
            if stop.wait(0.05):
                return

    for client in clients:
        client.send(request[:-1000])
    with ThreadPoolExecutor(1) as pool:
        dripping = pool.submit(drip)
        for _ in range(5):
            start = time.monotonic()
            assert predict(server.port, "half", 1.0) == [2.5]
            assert time.monotonic() - start < BODY_SECONDS / 2
        stop.set()
        dripping.result()
    for client in clients:
        answer = client.answer()
        assert (answer.status, "did not arrive within 1 s" in answer.error) == (408, True)
        client.__exit__()


def test_slow_head_is_answered_408(server: Process) -> None:
    with Connection(server.port) as client:
        client.send(b"POST " + HALF.encode() + b" HTTP/1.1\r\nHost: t\r\n")
        assert predict(server.port, "half", 1.0) == [2.5]
        assert client.answer().status == 408


def test_clients_that_vanish_leave_nothing(server: Process) -> None:
    slow = {"signature_name": "slow", "instances": [1.0]}
    wholes = [post(HALF, {"instances": [3.0] * 9}), post(COLOURS, images(*[picture()] * 8)), post(ECHO, slow)]
    before = server.sockets()
    for whole in wholes:
        for part in (whole[:3], whole[: len(whole) // 2], whole[:-1], whole):
            with Connection(server.port) as client:
                client.send(part)
    end = time.monotonic() + 10
    while server.sockets() > before and time.monotonic() < end:
        time.sleep(0.05)
    assert server.sockets() <= before


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        (HALF, {"instances": ["text"]}, 400, "not of expected type: float"),
        (HALF, {"instances": [[1.0], [1.0, 2.0]]}, 400, ""),
        (HALF, {"instances": [[[1.0]]] * 17}, 400, "larger than maximum input batch size 16"),
        (HALF, {"inputs": {"y": [1.0]}}, 400, "Missing named input: x"),
        (HALF, {"signature_name": "none", "instances": [1.0]}, 400, 'signature name: "none" not found'),
        (HALF, {"signature_name": 1, "instances": [1.0]}, 400, "'signature_name' key must be a string"),
        ("/v1/models/half/versions/5:predict", {"instances": [1.0]}, 404, r"Specific\(half, 5\)"),
        ("/v1/models/half/versions/x:predict", {"instances": [1.0]}, 400, "Malformed request"),
        ("/v1/models/half/labels/best:predict", {"instances": [1.0]}, 400, "version label: best"),
        ("/v1/models/none:predict", {"instances": [1.0]}, 404, r"Latest\(none\)"),
        (COLOURS, {"instances": [{"b64": "no base64!"}]}, 400, ""),
        (COLOURS, {"instances": [1.0]}, 400, ""),
        (COLOURS, {"signature_name": "tensor", "instances": [[1.0]]}, 400, ""),
        ("/v1/models/half:classify", {"examples": [{"x": "text"}]}, 400, ""),
        ("/v1/models/half:regress", {"examples": []}, 400, ""),
    ],
)
def test_wrong_requests_are_answered_in_words(server: Process, path: str, body: Any, status: int, words: str) -> None:
    found, message = refusal(server, path, body)
    assert (found, bool(message)) == (status, True)
    assert re.search(words, message)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no picture at all", "no image of a known format"),
        (b"", "no image of a known format"),
        (pictures.encode(pictures.picture(), "PNG")[:60], ""),
        (pictures.claiming(20_000, 20_000)["png"], "larger than 64 megapixels"),
        (pictures.claiming(20_000, 20_000)["jpeg"], "larger than 64 megapixels"),
        (pictures.large_png(20_000), "larger than 64 megapixels"),
    ],
)
def test_one_bad_picture_spoils_no_other_call(server: Process, content: bytes, words: str) -> None:
    """Calls of several clients that run as one batch: each guilty one is told, the others get their answers."""
    before, good, bad = server.memory(), post(COLOURS, images(picture())), post(COLOURS, images(picture(), content))
    expected = ask(server.port, good).body

    def called(request: bytes) -> Answer:
        return ask(server.port, request)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(called, [good, good, bad, good, good, bad]))
    assert [answer.body for answer in answers if answer.status == 200] == [expected] * 4
    for answer in (answers[2], answers[5]):
        assert answer.status == 400
        assert words in answer.error
    assert server.memory() - before < 5 * FLAT  # a picture of this size would take 1.2 GB


def test_more_load_than_capacity(server: Process) -> None:
    """Calls that take a second, ten times as many as may be in work: the rest is refused at once, to be tried later."""
    slow = post(ECHO, {"signature_name": "slow", "instances": [1.0]})
    before = server.memory()

    def timed(_number: int) -> tuple[Answer, float]:
        start = time.monotonic()
        return ask(server.port, slow), time.monotonic() - start

    with ThreadPoolExecutor(10 * MOST_CALLS) as pool:
        answers = list(pool.map(timed, range(10 * MOST_CALLS)))
    refused = [(answer, seconds) for answer, seconds in answers if answer.status == 503]
    assert len(refused) >= 5 * MOST_CALLS
    assert {answer.status for answer, _ in answers} <= {429, 503, 504}
    assert {answer.headers["retry-after"] for answer, _ in refused} == {"1"}
    assert sorted(seconds for _, seconds in refused)[len(refused) // 2] < 1.0
    assert server.memory() - before < FLAT


def test_folders_broken_half_copied_and_deleted_while_serving(server: Process, folder: Path) -> None:
    base = folder / "half"
    (base / "200").mkdir()
    (base / "200" / "saved_model.pb").write_bytes(b"no protocol buffer")
    (base / "201" / "variables").mkdir(parents=True)  # nothing but the beginning of a copy
    end = time.monotonic() + 20
    while True:
        states = {
            entry["version"]: entry
            for entry in json.loads(ask(server.port, get("/v1/models/half")).body)["model_version_status"]
        }
        assert predict(server.port, "half", 1.0) == [2.5]
        if states.get("201", {}).get("status", {}).get("error_message"):
            break
        assert time.monotonic() < end, states
        time.sleep(0.1)
    assert states["123"]["state"] == "AVAILABLE"
    assert "saved_model.pb" in states["201"]["status"]["error_message"]
    base.rename(folder / "gone")  # in one step: an empty base path would mean that nothing shall be served
    time.sleep(1.5)  # a look or two at what is left
    assert predict(server.port, "half", 1.0, 2.0) == [2.5, 3.0]
    assert ask(server.port, get("/readyz")).status == 200
