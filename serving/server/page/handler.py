"""The page's answers by path, without HTTP."""

from pathlib import Path

import orjson

from serving.server.page.catalogue import Catalogue, Served

STATIC = Path(__file__).parent / "static"
CONTENT_TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy: only the page's own files, and the pictures that a person gives to it."""
HEADERS = [
    (b"cache-control", b"no-cache"),
    (b"content-security-policy", POLICY),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]

Answer = tuple[int, bytes, list[tuple[bytes, bytes]]]
"""Status, body and headers."""


class Page:
    """The page over the models of a repository, at `prefix`, which ends with a slash; safe to use from several threads."""

    def __init__(self, repository: Served, *, prefix: str = "/") -> None:
        self._catalogue = Catalogue(repository)
        self._prefix = prefix
        # Read once and looked up by name: a path can reach these files and no others.
        self._files = {
            path.relative_to(STATIC).as_posix(): (path.read_bytes(), CONTENT_TYPES[path.suffix])
            for path in sorted(STATIC.rglob("*"))
            if path.suffix in CONTENT_TYPES
        }

    def answer(self, method: str, path: str) -> Answer | None:
        """Answer GET and HEAD of `/`, `/page/<file>` and `/page/models.json`; None for other paths.

        HEAD gets the body too; the HTTP server leaves it out.
        """
        if method not in ("GET", "HEAD") or not path.startswith(self._prefix):
            return None
        name = path.removeprefix(self._prefix)
        if name == "page/models.json":
            return 200, orjson.dumps({"models": self._catalogue.models()}), _headers(b"application/json")
        found = self._files.get("index.html" if not name else name.removeprefix("page/"))
        if found is None or (name and not name.startswith("page/")):
            return None
        body, content_type = found
        return 200, body, _headers(content_type)


def _headers(content_type: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", content_type), *HEADERS]
