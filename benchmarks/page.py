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
        "\n<details><summary>all numbers</summary>\n",
        f"```json\n{json.dumps(result['details'], indent=1, ensure_ascii=False)}\n```\n\n</details>\n",
    ]
    return "\n".join(lines)


def _row(claim: dict[str, Any]) -> str:
    target = f"{'>=' if claim['at_least'] else '<='} {claim['target']:g}"
    return f"| {claim['what']} | {claim['measured']:.4g} {claim['unit']} | {target} | {claim['verdict']} |"
