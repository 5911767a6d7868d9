"""One report from its parts: absent ones are left out, times and skipped files are added."""

from pathlib import Path

from pipelines.report import assembly
from pipelines.report.page import Section


def test_the_page_has_every_part_that_is_there(tmp_path: Path) -> None:
    parts = [Section(title="One", body="<p>1</p>"), None, Section(title="Two", body="<p>2</p>")]
    assembly.write(
        tmp_path, "classify", {"accuracy": "0.5"}, parts, {"training": 12.34, "scoring": 1.0}, [("a&b", "empty")]
    )
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f"classify: {tmp_path.name}" in page
    assert [page.index(f">{title}<") for title in ("One", "Two", "Timing")] == sorted(
        page.index(f">{title}<") for title in ("One", "Two", "Timing")
    )
    assert "13.3 s altogether" in page
    assert "a&amp;b" in page
