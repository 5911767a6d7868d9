"""The page's answers by path."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence

import pytest

from serving.server.models.versions import Version
from serving.server.page import Page
from serving.server.page.handler import STATIC


class Empty:
    """A repository without models."""

    def models(self) -> Mapping[str, Sequence[Version]]:
        return {}


@pytest.fixture(scope="module")
def page() -> Page:
    """The page over no models."""
    return Page(Empty())


@pytest.mark.parametrize(
    ("path", "file", "content_type"),
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/page/app.js", "app.js", "text/javascript; charset=utf-8"),
        ("/page/views/labels.js", "views/labels.js", "text/javascript; charset=utf-8"),
        ("/page/page.css", "page.css", "text/css; charset=utf-8"),
        ("/page/icon.svg", "icon.svg", "image/svg+xml"),
    ],
)
def test_files_are_sent_as_they_are(page: Page, path: str, file: str, content_type: str) -> None:
    answer = page.answer("GET", path)
    assert answer is not None
    status, body, headers = answer
    assert (status, body) == (200, (STATIC / file).read_bytes())
    assert dict(headers)[b"content-type"] == content_type.encode()
    assert page.answer("HEAD", path) == answer


@pytest.mark.parametrize("path", ["/", "/page/app.js", "/page/models.json"])
def test_every_answer_forbids_guessing_caching_and_foreign_code(page: Page, path: str) -> None:
    answer = page.answer("GET", path)
    assert answer is not None
    headers = dict(answer[2])
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"cache-control"] == b"no-cache"
    policy = headers[b"content-security-policy"].decode()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_models_are_json(page: Page) -> None:
    answer = page.answer("GET", "/page/models.json")
    assert answer is not None
    assert json.loads(answer[1]) == {"models": []}
    assert dict(answer[2])[b"content-type"] == b"application/json"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("POST", "/page/models.json"),
        ("GET", "/page"),
        ("GET", "/page/"),
        ("GET", "/app.js"),
        ("GET", "/index.html"),
        ("GET", "/page/unknown.js"),
        ("GET", "/page/../handler.py"),
        ("GET", "/page/views/../../handler.py"),
        ("GET", "/page//etc/passwd"),
        ("GET", "/page/%2e%2e/handler.py"),
        ("GET", "/page/handler.py"),
        ("GET", "/v1/models/page"),
        ("GET", ""),
    ],
)
def test_other_paths_and_methods_are_not_the_pages(page: Page, method: str, path: str) -> None:
    assert page.answer(method, path) is None


def test_a_prefix_stands_before_every_path() -> None:
    page = Page(Empty(), prefix="/models/")
    assert page.answer("GET", "/models/") is not None
    assert page.answer("GET", "/models/page/app.js") is not None
    assert page.answer("GET", "/") is None
    assert page.answer("GET", "/page/app.js") is None


def test_static_files_name_only_files_that_are_there_and_nothing_elsewhere() -> None:
    sources = [path for path in STATIC.rglob("*") if path.suffix in (".html", ".css", ".js")]
    assert len(sources) > 15
    for path in sources:
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path
        for name in re.findall(r'from "(\.[^"]+)"', text):
            assert (path.parent / name).is_file(), f"{path}: {name}"
        for name in re.findall(r'(?:href|src)="page/([^"]+)"', text):
            assert (STATIC / name).is_file(), f"{path}: {name}"


def test_the_wheel_takes_the_files_along() -> None:
    """The build takes all of a package that git does not ignore."""
    files = [str(path) for path in STATIC.rglob("*") if path.is_file()]
    git = shutil.which("git")
    if git is None or not (STATIC.parents[3] / ".git").exists():
        pytest.skip("no git checkout")
    ignored = subprocess.run([git, "check-ignore", *files], cwd=STATIC, capture_output=True, text=True)
    assert ignored.stdout == ""
