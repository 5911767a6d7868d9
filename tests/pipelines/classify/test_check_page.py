"""pipelines.classify.check_page: what the page shows of what was found, and in which order."""

import re

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


def _page(found: Findings, warnings: list[DataWarning], sentences: list[str]) -> tuple[list[str], str]:
    sections = check_page.sections(found, warnings, sentences)
    return [section.title for section in sections], "".join(section.body for section in sections)


def test_the_sections() -> None:
    warnings = [DataWarning("two <b>", [f"item {i}" for i in range(8)])]
    titles, body = _page(_found(suspects=True), warnings, ["sizes: all", "by a model"])
    assert titles == ["To look at", "Suspected labels (2)", "Copies (2)", "Images by class", "Skipped files"]
    assert "two &lt;b&gt;<br>item 0<br>item 1<br>item 2<br>item 3<br>item 4<br>and 3 more, all in check.json" in body
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", body, re.DOTALL)
    assert captions == [
        "labelled bee\nlooks like a&lt;t\nx/7&amp;.png",
        "labelled a&lt;t\nlooks like bee\nx/2&amp;.png",
        # The pair across parts comes before the one inside train.
        "train, a&lt;t\nx/0&amp;.png",
        "test, a&lt;t\nx/24&amp;.png",
        "train, bee\nx/1&amp;.png",
        "train, bee\nx/3&amp;.png",
    ]
    assert "It guessed 96.0% of 30 labels. Surest first" in body


def test_nothing_to_warn_of() -> None:
    found = _found(suspects=False)
    _, body = _page(found, [], ["", "labels: <not>"])
    assert "No warnings." in body
    assert "<p>labels: &lt;not&gt;.</p>" in body
    assert check_page.summary(found)["suspected labels"] == "not checked"
