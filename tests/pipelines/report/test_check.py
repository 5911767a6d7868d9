"""`--check` in its three forms: every line, all of the JSON, and the sections that are there."""

import json
from pathlib import Path

import pytest

from pipelines.report import check
from pipelines.report.page import Section


def test_the_three_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = check.Check(
        lines=["3 images", "warning: one"],
        content={"counts": {"ä": 3}},
        title="The data: a&b",
        summary={"images": "3"},
        sections=[Section(title="One", body="<p>1</p>"), None],
    )
    folder = tmp_path / "new" / "check"
    check.write(folder, found)
    page = folder / "check.html"
    assert capsys.readouterr().out == f"3 images\nwarning: one\nreport: {page}\n"
    assert json.loads((folder / "check.json").read_text(encoding="utf-8")) == {"counts": {"ä": 3}}
    text = page.read_text(encoding="utf-8")
    assert "The data: a&amp;b" in text
    assert text.count("<section") == 1
