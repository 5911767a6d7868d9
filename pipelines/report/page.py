"""report.html: one page that explains a run and needs nothing but itself, neither network nor script.

The page is written here; `pipelines.report.sections` fills it.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.record import files

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What the browser may load: nothing from outside, no script, whatever a class may be called."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One titled part of the page."""

    title: str
    """Plain text; escaped by `write`."""
    body: str
    """HTML; whoever builds it escapes what came from outside."""


def write(path: Path, *, title: str, summary: Mapping[str, str], sections: Sequence[Section]) -> None:
    """Write the page to `path`, whole or not at all.

    title and summary (what stands in the card on top, name to value) are plain text.
    """
    # A file name may hold bytes that are no text; it is then shown with escapes.
    files.write_bytes(path, _page(title, summary, sections).encode(errors="backslashreplace"))


def _page(title: str, summary: Mapping[str, str], sections: Sequence[Section]) -> str:
    name = html.escape(title)
    card = "".join(f"<div><dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd></div>" for k, v in summary.items())
    titles = [html.escape(section.title) for section in sections]
    links = " ".join(f'<a href="#part-{place}">{text}</a>' for place, text in enumerate(titles, 1))
    parts = "\n".join(
        f'<section id="part-{place}"><h2>{text}</h2>{section.body}</section>'
        for place, (text, section) in enumerate(zip(titles, sections, strict=True), 1)
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}</title><style>{STYLE}</style></head>\n<body><main>\n"
        f"<header><h1>{name}</h1><dl>{card}</dl></header>\n<nav>{links}</nav>\n{parts}\n</main></body></html>\n"
    )
