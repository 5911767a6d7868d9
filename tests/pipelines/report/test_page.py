"""pipelines.report.page: the page, with every section on it, is whole, alone and escaped."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from pipelines.classify import sections as classify_sections
from pipelines.report import network, sections
from pipelines.report import page as report
from pipelines.report.advice import Remedies, Scale
from pipelines.report.page import Section

NASTY = "<script>alert('1')</script> & \"Käfer\" 蜜蜂"
IMAGE = np.zeros((8, 8, 3), np.uint8)
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Collects what a browser would build, and fails on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def every_section() -> list[Section]:
    rows = [{"epoch": 1.0, "loss": 1.0, "val_loss": 1.5, "accuracy": 0.5, "val_accuracy": 0.4, "learning_rate": 0.1}]
    form = {
        "file": f"{NASTY}.tflite",
        "bytes": 2048,
        "scores": {NASTY: 0.5},
        "agreement": 0.75,
        "max_abs_delta": 0.001,
        "milliseconds": 1.0,
    }
    parity = {"forms": {"int8": form}, "reference": {"name": NASTY, "scores": {NASTY: 0.55}}, "n": 360}
    scores = {"accuracy": 0.5, "expected_calibration_error": 0.2, "n": 900.0}
    forms = sections.forms(parity, "how to read it")
    assert forms is not None
    return [
        sections.said_by_the_curves(rows * 2, scores, Scale(), Remedies()),
        sections.curves(rows),
        classify_sections.confusion(np.array([[1, 2], [3, 4]]), [NASTY, "жук"]),
        classify_sections.per_class({NASTY: {"precision": 0.5, "recall": 0.25, "f1": 1 / 3, "n": 4.0}}),
        classify_sections.reliability([(0.25, 0.5, 3), (0.75, 1.0, 2)], error=0.1234),
        classify_sections.mistakes([IMAGE], [NASTY], ["жук"], [0.987]),
        classify_sections.augmented([IMAGE, IMAGE]),
        network.gradients({NASTY: 1e-5, "head": 2.0}),
        network.dead_units({NASTY: 0.25}),
        sections.timing({"training": 1234.0, NASTY: 1.5}),
        sections.skipped([(NASTY, "truncated"), ("b.jpg", NASTY)]),
        forms,
    ]


@pytest.fixture
def page(tmp_path: Path) -> str:
    report.write(tmp_path / "r.html", title=NASTY, summary={NASTY: NASTY, "n": "360"}, sections=every_section())
    return (tmp_path / "r.html").read_text(encoding="utf-8")


def test_page_holds_everything_and_is_well_formed(page: str) -> None:
    text = Page(page).text
    for section in every_section():
        assert section.title in text
    for words in ("0.1234", "360", "0.987", "2.0 KiB", "0.7500", "1,234 s", "25 %", "жук", "truncated"):
        assert words in text
    assert "2 files were left out" in text
    assert "Over 1000 times smaller than in head:" in text


def test_nothing_from_outside_becomes_markup(page: str) -> None:
    parsed = Page(page)
    assert "<script" not in page.lower()
    assert not any(key.startswith("on") for _, attributes in parsed.seen for key in attributes)
    in_sections = 8  # matrix twice, and one in each of the six other parts with names, at least
    assert parsed.text.count(NASTY) >= in_sections + 3  # title, heading, summary


def test_page_loads_nothing(page: str) -> None:
    assert not re.search(r"https?://|//www|@import|url\(", page)
    for tag, attributes in Page(page).seen:
        assert tag not in ("script", "link", "iframe", "object")
        assert (attributes.get("src") or "data:").startswith("data:")
        assert (attributes.get("href") or "#").startswith("#")
        if tag == "img":
            assert attributes["alt"]
    assert "default-src 'none'" in page


def test_links_lead_to_sections(page: str) -> None:
    seen = Page(page).seen
    wanted = [(attributes["href"] or "")[1:] for tag, attributes in seen if tag == "a"]
    assert wanted == [attributes["id"] for tag, attributes in seen if tag == "section"]
    assert len(set(wanted)) == len(every_section())


def test_the_style_is_a_file_that_the_wheel_takes_along() -> None:
    """The build takes all of a package that git does not ignore."""
    style = Path(report.__file__).parent / "page.css"
    assert style.read_text(encoding="utf-8") == report.STYLE
    git = shutil.which("git")
    if git is None or not (style.parents[2] / ".git").exists():
        pytest.skip("no git checkout")
    ignored = subprocess.run([git, "check-ignore", str(style)], cwd=style.parent, capture_output=True, text=True)
    assert ignored.stdout == ""


def test_write_replaces_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    report.write(path, title="old", summary={}, sections=[])
    old = path.read_text(encoding="utf-8")

    def full(*args: object, **kwargs: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            report.write(path, title="new", summary={}, sections=[])
    assert path.read_text(encoding="utf-8") == old
    report.write(path, title="new", summary={}, sections=[])
    assert "<h1>new</h1>" in path.read_text(encoding="utf-8")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_file_names_that_are_no_text_are_shown_with_escapes(tmp_path: Path) -> None:
    name = b"k\xe4fer.jpg".decode("utf-8", "surrogateescape")  # a Latin-1 name, as os.listdir gives it
    report.write(tmp_path / "r.html", title="t", summary={}, sections=[sections.skipped([(name, "truncated")])])
    assert r"k\udce4fer.jpg" in (tmp_path / "r.html").read_text(encoding="utf-8")
