"""Small parts of a report: tables, remarks, file sizes."""

import html
from collections.abc import Collection, Sequence


def grid(head: Sequence[str], rows: Sequence[Sequence[str]], *, words: Collection[int] = ()) -> str:
    """A table of plain text. words: the columns that hold words; the others, the first one apart, hold numbers and end at the right."""
    kinds = [' class="text"' if column in words else "" for column in range(len(head))]
    columns = "".join(f'<th scope="col"{kind}>{html.escape(name)}</th>' for kind, name in zip(kinds, head, strict=True))
    body = "".join(
        f'<tr><th scope="row">{html.escape(first)}</th>'
        + "".join(f"<td{kind}>{html.escape(cell)}</td>" for kind, cell in zip(kinds[1:], rest, strict=True))
        + "</tr>"
        for first, *rest in rows
    )
    return f'<div class="wide"><table class="grid"><tr>{columns}</tr>{body}</table></div>'


def remark(text: str) -> str:
    """How to read something, in small letters. text: HTML."""
    return f'<p class="note">{text}</p>'


def file_size(count: int) -> str:
    """A number of bytes in words, such as 2.50 MiB or 12.0 KiB."""
    return f"{count / 2**20:.2f} MiB" if count >= 2**20 else f"{count / 2**10:.1f} KiB"


def listed(items: Sequence[str], most: int, *, where: str) -> list[str]:
    """The first items, and a line that says how many more there are and where all of them can be found."""
    more = [f"and {len(items) - most} more, all in {where}"] if len(items) > most else []
    return [*items[:most], *more]
