"""pipelines.classify.check: everything planted into the digits is found, named and counted, and nothing else is."""

import json
from pathlib import Path

import pytest

from pipelines.classify import check
from tests.vision.checks import planted
from tests.vision.checks.planted import BLANK, LEAK, LEAKED, RELABELLED
from vision.checks import copies
from vision.datasets import LabelledImages


@pytest.fixture(scope="module")
def mistakes() -> LabelledImages:
    return planted.mistakes(planted.clean())


def test_everything_planted_is_found(
    mistakes: LabelledImages, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "SIMILARITY", 1.1)  # some digits of 8x8 pixels are near copies indeed
    counts = check.check(tmp_path / "new" / "check", mistakes)
    said = capsys.readouterr().out
    name = mistakes.train.name
    assert counts["n"] == len(mistakes.train) + len(mistakes.validation) + len(mistakes.test)
    assert (counts["skipped"], counts["blank"], counts["contradicting"], counts["across_parts"]) == (1, 1, 1, 1)
    assert counts["duplicates"] == 3
    assert "left out: a<b>.jpg: zero bytes\n" in said
    assert "sizes: all 8x8 pixels, used as 8x8\n" in said
    told = "1 image is in more than one part: scores will flatter\n"
    assert f"warning: {told}  {name(LEAK)} (train) = {mistakes.test.name(LEAKED)} (test)\n" in said
    again = f"  {name(RELABELLED)} (train) = {name(RELABELLED + 1)} (train)\n"
    assert f"warning: 1 image occurs again with another label\n{again}" in said
    assert f"warning: 1 image is of one colour\n  {name(BLANK)} (train)\n" in said
    assert "warning: 2 images occur more than once (or nearly so) in one part\n" in said
    found = json.loads((tmp_path / "new" / "check" / "check.json").read_text(encoding="utf-8"))
    assert found["skipped"] == [{"name": "a<b>.jpg", "reason": "zero bytes"}]
    assert len(found["exact_duplicates"]) == 3
    assert found["blank"] == [
        {"name": name(BLANK), "part": "train", "label": mistakes.classes[mistakes.train.labels[BLANK]]}
    ]
    assert sum(sum(row.values()) for row in found["counts"].values()) == counts["n"]
    assert 0.85 < found["labels_guessed"] < 1
    page = (tmp_path / "new" / "check" / "check.html").read_text(encoding="utf-8")
    assert "a&lt;b&gt;.jpg" in page
    assert "Copies (3)" in page
