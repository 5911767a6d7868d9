"""parity.json: every form of a model beside the model that it was made from, in one layout for all tasks.

    {"format": 2, "n": examples that were compared,
     "reference": {"name", "scores"},
     "forms": {form: {"file", "bytes", "milliseconds", "max_abs_delta", "agreement", "scores"}}}

Keys of one task alone are beside these.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from serving.litert.forms import FORMS

FORMAT = 2
"""The layout of parity.json. 1 had a layout for each task, and the scores of classifiers outside `scores`."""


def contents(
    folder: Path, compared: Callable[[Path], Mapping[str, Any]], *, n: int, reference: str, scores: Mapping[str, float]
) -> dict[str, Any]:
    """parity.json of the forms in `folder`.

    compared: of one file, `milliseconds` (median of one call on one thread), `max_abs_delta`, `agreement` (0 to 1), `scores` and what only
    this task has. reference, scores: the model that the forms were made from, and its own scores.
    """
    return {
        "format": FORMAT,
        "n": n,
        "reference": {"name": reference, "scores": dict(scores)},
        "forms": {form: _form(folder / name, compared) for form, name in FORMS.items()},
    }


def _form(path: Path, compared: Callable[[Path], Mapping[str, Any]]) -> dict[str, Any]:
    return {"file": path.name, "bytes": path.stat().st_size, **compared(path)}


def table(parity: Mapping[str, Any], likeness: Mapping[str, str]) -> str:
    """The forms as a Markdown table. likeness: keys of a form, 0 to 1, and what their columns are called; max_abs_delta among them."""
    names = list(parity["reference"]["scores"])
    heads = ["file", "size", *(name.replace("_", " ") for name in names), *likeness.values()]
    rows = [heads, ["---"] * len(heads)]
    for form in parity["forms"].values():
        scores = ["" if (value := form["scores"].get(name)) is None else f"{value:.4f}" for name in names]
        shares = [f"{form[key]:.1e}" if key == "max_abs_delta" else f"{form[key]:.4f}" for key in likeness]
        rows.append([f"`{form['file']}`", f"{form['bytes'] / 1000:,.0f} kB", *scores, *shares])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
