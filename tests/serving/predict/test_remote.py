"""`serving.predict --url`: a server answers, prints and draws as the bundle does that it serves, and TensorFlow stays away."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from serving import predict, saved_model
from serving.client import Client
from serving.predict.remote import RemoteModel
from tests.serving import colours, page_server
from tests.serving.live import free_port
from tests.serving.predict.text_runs import Captured, said
from tests.serving.scripted import Handler, say, scripted

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def url(cropping: Path) -> Iterator[str]:
    """A server of the bundle, under the name `photos`."""
    with page_server.serve({"photos": cropping / "export"}) as served:
        with Client(served.url) as client:
            client.wait_until_ready()
        yield served.url.rstrip("/")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two pictures, one of them wide, and two files that are none."""
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    wide = np.random.default_rng(0).integers(0, 256, (12, 61, 3)).astype(np.uint8)
    for pixels, name in ((colours.images(1)[0][0], "a.png"), (wide, "sub/b c.png")):
        cv2.imwrite(str(folder / name), pixels)
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:300])
    (folder / "letter.txt").write_text("dear")
    return folder


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_prints_what_the_bundle_prints(
    url: str, cropping: Path, pictures: Path, capsys: Captured, form: list[str]
) -> None:
    expected = said(capsys, cropping, pictures, *form)
    assert expected[0] == 1
    assert [len(said.splitlines()) for said in expected[1:]] == [2, 2]
    assert said(capsys, "--url", url, "--model", "photos", pictures, *form) == expected
    assert said(capsys, "--url", url, "--model", "photos", "--version", 1, pictures, *form) == expected


def test_draws_what_the_bundle_draws(url: str, cropping: Path, pictures: Path, tmp_path: Path) -> None:
    for name, source in (("bundle", [str(cropping)]), ("server", ["--url", url, "--model", "photos"])):
        given = [*source, str(pictures / "a.png"), str(pictures / "sub"), "--draw", str(tmp_path / name / "drawn")]
        assert predict.main([*given, "--explain", str(tmp_path / name / "why")]) == 0
    drawn = sorted(path.relative_to(tmp_path / "bundle") for path in (tmp_path / "bundle").rglob("*.png"))
    assert len(drawn) == 4
    for path in drawn:
        here, there = (cv2.imread(str(tmp_path / name / path)) for name in ("bundle", "server"))
        np.testing.assert_array_equal(here, there)


def test_outputs_have_the_values_and_dtypes_of_the_loaded_bundle(url: str, cropping: Path, pictures: Path) -> None:
    inputs = {"image_bytes": np.array([(pictures / "a.png").read_bytes()] * 2, object)}
    with saved_model.load(cropping / "export" / "1") as loaded, Client(url, model="photos") as client:
        remote = RemoteModel(client)
        assert remote.signatures.keys() == loaded.signatures.keys()
        for name in ("serving_default", "explain"):
            expected, found = loaded.run(name, inputs), remote.run(name, inputs)
            assert found.keys() == expected.keys()
            for alias, value in expected.items():
                assert (found[alias].dtype, found[alias].shape) == (value.dtype, value.shape)
                np.testing.assert_array_equal(found[alias], value)


def test_tensorflow_is_not_imported(url: str, pictures: Path, tmp_path: Path) -> None:
    code = "import sys; from serving import predict; predict.main(sys.argv[1:]); sys.exit('tensorflow' in sys.modules)"
    given = ["--url", url, "--model", "photos", str(pictures / "a.png"), "--explain", str(tmp_path / "why")]
    told = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"{pictures / 'a.png'}: ")


def test_mistakes_are_said(url: str, pictures: Path, capsys: Captured) -> None:
    absent = f"http://127.0.0.1:{free_port()}"
    for given, words in (
        (["--url", absent, "--model", "m"], f"error: cannot connect to {absent} ("),
        (
            ["--url", url, "--model", "none"],
            f"error: {url} answered 404: Servable not found for request: Latest(none).",
        ),
        (
            ["--url", url, "--model", "photos", "--version", 7],
            "Specific(photos, 7). --model, --version and --label say",
        ),
        (["--url", url, "--model", "photos", "--label", "x"], "Unrecognized servable version label: x"),
        (["--url", "localhost:8501"], "error: found the address 'localhost:8501'; expected something like http://"),
        (["--url", "http://localhost:abc"], "error: found the address 'http://localhost:abc'; expected something"),
    ):
        code, printed, error = said(capsys, *given, pictures / "a.png")
        assert (code, printed) == (1, "")
        assert words in error
        assert error.count("\n") == 1


def _metadata(outputs: list[str]) -> dict[str, Any]:
    info = {"dtype": "DT_STRING", "tensor_shape": {}}
    signature = {"inputs": {"image_bytes": info}, "outputs": dict.fromkeys(outputs, info), "method_name": ""}
    return {
        "model_spec": {"name": "m", "signature_name": "", "version": "3"},
        "metadata": {"signature_def": {"signature_def": {"serving_default": signature, "explain": signature}}},
    }


def _server(pages: dict[str, tuple[int, Any]]) -> Callable[[Handler], None]:
    """Answers by path, as JSON; 400 for what is not among them."""

    def answer(handler: Handler) -> None:
        status, value = pages.get(handler.path, (400, {"error": "Malformed request"}))
        say(status, json.dumps(value).encode())(handler)

    return answer


def test_a_server_that_wants_a_token(pictures: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(_server({"/v1/models": (401, {"error": "no token."})})) as server:
        for given, sent in (([], None), (["--token", "abc"], "Bearer abc")):
            code, _, error = said(capsys, "--url", server.url, *given, pictures / "a.png")
            assert (code, server.headers[-1].get("Authorization")) == (1, sent)
            assert error == f"error: {server.url} answered 401: no token. Give the server's token, with --token.\n"
        monkeypatch.setenv("SERVING_TOKEN", "def")
        said(capsys, "--url", server.url, pictures / "a.png")
        assert server.headers[-1]["Authorization"] == "Bearer def"


def test_the_only_model_needs_no_name(pictures: Path, capsys: Captured) -> None:
    predictions = {"outputs": {"classes": [["bee", "ant"]], "scores": [[0.75, 0.25]]}}
    typed = _metadata(["classes", "scores"])
    scores = {"dtype": "DT_FLOAT", "tensor_shape": {}}
    typed["metadata"]["signature_def"]["signature_def"]["serving_default"]["outputs"]["scores"] = scores
    pages = {"/v1/models/m/metadata": (200, typed), "/v1/models/m:predict": (200, predictions)}
    for listed in ({"/v1/models": (200, {"models": ["m"]})}, {"/page/models.json": (200, {"models": [{"name": "m"}]})}):
        with scripted(_server({**pages, **listed})) as server:
            told = said(capsys, "--url", server.url, pictures / "a.png")
            assert told == (0, f"{pictures / 'a.png'}: bee 0.750, ant 0.250\n", "")
    for names, words in (([], "does not list its models; say"), (["a", "b"], "has the models a, b; say which one")):
        with scripted(_server({"/v1/models": (200, {"models": names})})) as server:
            assert words in said(capsys, "--url", server.url, pictures / "a.png")[2]


def test_a_server_without_a_page_and_one_that_fails(pictures: Path, tmp_path: Path, capsys: Captured) -> None:
    failing = {
        "/v1/models/m/metadata": (200, _metadata(["classes", "scores"])),
        "/v1/models/m:predict": (500, {"error": "x"}),
    }
    with scripted(_server(failing)) as server:
        told = said(capsys, "--url", server.url, "--model", "m", pictures / "a.png", "--explain", tmp_path / "why")
    note, error = told[2].splitlines()
    assert note.startswith(f"note: {server.url} does not say whether the model cuts pictures (its page is off)")
    assert error == f"error: {pictures / 'a.png'}: the server answered 500: x"


def test_a_model_that_is_no_classifier(pictures: Path, capsys: Captured) -> None:
    with scripted(_server({"/v1/models/m/metadata": (200, _metadata(["detection_boxes"]))})) as server:
        code, _, error = said(capsys, "--url", server.url, "--model", "m", pictures / "a.png")
    assert code == 1
    assert "takes ['image_bytes'] and gives ['detection_boxes'] by serving_default; this version answers class" in error
