"""docs/benchmarks.md, written from the results and never by hand."""

import json
from typing import Any

from benchmarks import record

HEAD = """# Benchmarks

Written by `make bench` from `benchmarks/results/*.json`; do not edit. Every figure names its command, data, commit and machine.
"""


def write() -> None:
    """Write the page."""
    path = record.ROOT / "docs" / "benchmarks.md"
    path.write_text(text(record.read()), encoding="utf-8")


def text(results: list[dict[str, Any]]) -> str:
    """The page for these results."""
    return "\n".join([HEAD, *(_section(result) for result in results)])


def _section(result: dict[str, Any]) -> str:
    machine = result["machine"]
    lines = [
        f"## {result['name']}\n",
        f"`{result['command']}` on {result['data']}; commit {result['commit']}, {result['date']}, {machine['processor']}, "
        f"{machine['cores']} cores, Python {machine['python']}, TensorFlow {machine['tensorflow']}, Keras {machine['keras']}.\n",
        "| claim | measured | target | verdict |",
        "|---|---|---|---|",
        *(_row(claim) for claim in result["claims"]),
        *_table(result["details"].get("table")),
        "\n<details><summary>all numbers</summary>\n",
        f"```json\n{json.dumps(_shown(result['details']), indent=1, ensure_ascii=False)}\n```\n\n</details>\n",
    ]
    return "\n".join(lines)


def _shown(details: Any) -> Any:
    """All but the histories, row by row, and the table, which stands above."""
    if isinstance(details, dict):
        return {name: _shown(value) for name, value in details.items() if name not in ("history", "table")}
    return details


def _table(table: dict[str, Any] | None) -> list[str]:
    """Rows of a comparison, where the benchmark has some."""
    if table is None:
        return []
    rows = [table["columns"], ["---"] * len(table["columns"]), *table["rows"]]
    return ["", *("| " + " | ".join(map(_cell, row)) + " |" for row in rows)]


def _cell(value: Any) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _row(claim: dict[str, Any]) -> str:
    target = f"{'>=' if claim['at_least'] else '<='} {claim['target']:g}"
    return f"| {claim['what']} | {claim['measured']:.4g} {claim['unit']} | {target} | {claim['verdict']} |"
