"""report.html: one page that explains a run and needs nothing but itself, neither network nor script.

The page is written here; `pipelines.report.sections` fills it.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.record import files

STYLE = """
:root { color-scheme: light; --ink: #1f2430; --soft: #5d6470; --line: #dfe2e7; --train: #4c72b0; --other: #dd8452; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f5f7; color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 16px; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 12px; }
section, header, nav { background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: 20px; }
section, nav { margin-top: 16px; }
nav { padding: 10px 20px; font-size: .9rem; line-height: 1.8; }
nav a { color: var(--train); margin-right: 1em; text-decoration: none; white-space: nowrap; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 14px 20px; margin: 0; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-size: 1.15rem; font-weight: 600; overflow-wrap: anywhere; }
p, ul { margin: 0 0 12px; } li { margin-bottom: 8px; } ul { padding-left: 1.2em; }
section > :last-child { margin-bottom: 0; }
.note { color: var(--soft); font-size: .9rem; }
code { background: #eef0f4; border-radius: 4px; padding: 1px 4px; font-size: .9em; white-space: nowrap; }
img.plot { display: block; width: 100%; max-width: 560px; height: auto; margin: 0 auto; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 12px; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; color: var(--soft); padding-top: 8px; }
.wide { overflow-x: auto; }
.grid { width: 100%; }
.grid th, .grid td { padding: 5px 10px; text-align: right; border-bottom: 1px solid var(--line); }
.grid th:first-child, .grid .text { text-align: left; } .grid th[scope=row] { font-weight: 400; }
.grid th[scope=row], .grid td.text { overflow-wrap: anywhere; min-width: 7em; }
.grid th[scope=col] { color: var(--soft); font-weight: 600; }
.matrix { margin: 0 auto; }
.matrix td { min-width: 30px; height: 30px; text-align: center; border: 1px solid #eef0f4; font-size: .8rem; }
.matrix td.dark { color: #fff; } .matrix td:first-child { border: 0; }
.matrix th { font-weight: 400; font-size: .8rem; max-width: 160px; white-space: nowrap; }
.matrix th, .matrix span { overflow: hidden; text-overflow: ellipsis; }
.matrix th[scope=row] { text-align: right; padding-right: 8px; }
.matrix th[scope=col] { vertical-align: bottom; padding-bottom: 4px; }
.upright th[scope=col] span { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg); }
.upright th[scope=col] span { max-height: 130px; }
.bars { width: 100%; } .bars .bar { width: 55%; } .bars + p { margin-top: 12px; }
.bars th { font-weight: 400; text-align: left; padding: 2px 10px 2px 0; }
.bars th { min-width: 7em; max-width: 40vw; overflow-wrap: anywhere; }
.bars .bar div { height: 12px; min-width: 1px; border-radius: 2px; background: var(--train); }
.bars .number { text-align: right; padding-left: 10px; white-space: nowrap; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(124px, 1fr)); gap: 12px; }
figure { margin: 0; } figcaption { font-size: .8rem; line-height: 1.3; margin-top: 4px; }
figcaption { overflow-wrap: anywhere; white-space: pre-line; }
img.tile { display: block; width: 100%; height: 124px; object-fit: contain; background: #eef0f4; border-radius: 4px; }
img.tile { image-rendering: pixelated; }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { background: #fff; } nav { display: none; } main { max-width: none; padding: 0; }
  section, header { border: 0; padding: 8px 0; } figure, tr, img { break-inside: avoid; } h2, h2 + .note { break-after: avoid; }
}
"""
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
