"""pipelines.classify.check_page: what the page shows of what was found, and in which order."""

import re
from pathlib import Path

import numpy as np

from pipelines.classify import check_page
from pipelines.classify.check_warnings import DataWarning
from vision.checks import copies, label_errors
from vision.checks.findings import Findings
from vision.datasets import Examples, LabelledImages


def _found(*, suspects: bool) -> Findings:
    pool = np.random.default_rng(0).integers(0, 256, (30, 9, 9, 3)).astype(np.uint8)
    whole = Examples(
        pool=pool, index=np.arange(30), labels=np.arange(30) % 2, names=tuple(f"/data/x/{i}&.png" for i in range(30))
    )
    train, validation, test = (whole.take(np.arange(start, start + 10)) for start in (0, 10, 20))
    images = LabelledImages(classes=("a<t", "bee"), train=train, validation=validation, test=test)
    doubted = label_errors.Suspects(
        positions=np.array([7, 2]),
        suggested=np.array([0, 1]),
        margins=np.array([0.9, 0.2]),
        joint=np.zeros((2, 2), np.int64),
    )
    return Findings(
        images=images,
        examples=whole,
        parts=("train",) * 10 + ("validation",) * 10 + ("test",) * 10,
        blank=[],
        exact=[[1, 3]],
        near=[copies.Pair(0, 24, 0.95)],
        suspects=doubted if suspects else None,
        accuracy=0.96,
        compared=30,
    )


def test_the_page(tmp_path: Path) -> None:
    warnings = [DataWarning("two <b>", [f"item {i}" for i in range(8)])]
    check_page.write(
        tmp_path / "check.html", _found(suspects=True), warnings=warnings, sizes="sizes: all", judged="by a model"
    )
    page = (tmp_path / "check.html").read_text(encoding="utf-8")
    titles = re.findall(r"<h2>(.*?)</h2>", page)
    assert titles == ["To look at", "Suspected labels (2)", "Copies (2)", "Images by class", "Skipped files"]
    assert "two &lt;b&gt;<br>item 0<br>item 1<br>item 2<br>item 3<br>item 4<br>and 3 more, all in check.json" in page
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page, re.DOTALL)
    assert captions == [
        "labelled bee\nlooks like a&lt;t\nx/7&amp;.png",
        "labelled a&lt;t\nlooks like bee\nx/2&amp;.png",
        # The pair across parts comes before the one inside train.
        "train, a&lt;t\nx/0&amp;.png",
        "test, a&lt;t\nx/24&amp;.png",
        "train, bee\nx/1&amp;.png",
        "train, bee\nx/3&amp;.png",
    ]
    assert "It guessed 96.0% of 30 labels. Surest first" in page


def test_nothing_to_warn_of(tmp_path: Path) -> None:
    check_page.write(tmp_path / "check.html", _found(suspects=False), warnings=[], sizes="", judged="labels: <not>")
    page = (tmp_path / "check.html").read_text(encoding="utf-8")
    assert "No warnings." in page
    assert "<p>labels: &lt;not&gt;.</p>" in page
    assert "<dd>not judged</dd>" in page
