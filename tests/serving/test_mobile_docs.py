"""docs/mobile.md names the files that a conversion writes, the metadata they carry, and options that MediaPipe has."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from serving import litert
from serving.litert import runtime
from serving.litert.classifier import metadata
from serving.litert.words import metadata as litert_words_metadata
from tests.serving import mediapipe_tasks

WHOLE = (Path(__file__).parents[2] / "docs" / "mobile.md").read_text(encoding="utf-8")
TEXT, WORDS = WHOLE.split("\n## Word vectors\n")
"""About pictures, and about words."""


def blocks(language: str, text: str = TEXT) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found, f"no {language} block in docs/mobile.md"
    return found


def test_the_table_lists_every_form_in_order() -> None:
    assert re.findall(r"^\| `(.+?)` \|", TEXT, re.MULTILINE) == list(litert.FORMS.values())


def _opened(text: str) -> list[str]:
    code = "\n".join(blocks("kotlin", text) + blocks("swift", text))
    resources = [f"{name}.{kind}" for name, kind in re.findall(r'forResource: "(.+?)", ofType: "(.+?)"', code)]
    return sorted(re.findall(r'"([\w.]+\.(?:tflite|txt))"', code) + resources)


def test_snippets_open_files_that_a_conversion_writes() -> None:
    int8 = litert.FORMS["int8"]
    # Two with MediaPipe; without it the label file too.
    assert _opened(TEXT) == sorted([metadata.LABELS, *[int8] * 3])
    assert _opened(WORDS) == sorted([litert_words_metadata.VOCABULARY, int8] * 2)


def test_outputs_of_words_have_the_order_that_the_snippets_use(word_run: Path) -> None:
    parity = json.loads((word_run / "mobile" / "parity.json").read_text(encoding="utf-8"))
    outputs = runtime.opened(word_run / "mobile" / litert.FORMS["int8"]).get_output_details()
    told = re.findall(r"(float32|int32) \[1,([dk])\]", WORDS[WORDS.index("in this order") :])[:3]
    sizes = {"d": parity["dimensions"], "k": parity["neighbours"]}
    assert sizes == {"d": 12, "k": 4}
    assert [(np.dtype(each["dtype"]).name, each["shape"][1]) for each in outputs] == [(t, sizes[n]) for t, n in told]
    named = set(re.findall(r"\b[A-Z]{3,}[A-Z_0-9]+\b", WORDS[: WORDS.index("###")]))
    assert named == {"GATHER", "FULLY_CONNECTED", "TOPK_V2"}
    assert all(named <= set(form["operators"]) for form in parity["forms"].values())


def test_links_lead_to_headings() -> None:
    headings = {line.lower().replace(" ", "-") for line in re.findall(r"^##+ (.+)", WHOLE, re.MULTILINE)}
    links = re.findall(r"\]\(#([^)]+)\)", WHOLE)
    assert links
    assert set(links) <= headings


def test_what_it_says_of_the_metadata_is_what_is_written() -> None:
    mean, std = (metadata.Metadata.__dataclass_fields__[name].default for name in ("mean", "std"))
    assert f"mean {mean:.0f} and deviation {std:.0f}" in TEXT
    assert f"`{metadata.LABELS}`" in TEXT


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


@mediapipe_tasks.NEEDED[0]
@mediapipe_tasks.NEEDED[1]
@pytest.mark.parametrize(
    ("language", "pattern"), [("kotlin", r"\.set(\w+)\("), ("swift", r"\boptions\.(\w+?)(?:\.\w+)? =")]
)
def test_snippets_set_options_that_mediapipe_has(language: str, pattern: str) -> None:
    code = "".join(block for block in blocks(language) if "ImageClassifierOptions" in block)
    used = {_snake(name) for name in re.findall(pattern, code)} - {"model_asset_path"}
    assert used == {"base_options", "max_results", "score_threshold"}
    [known] = mediapipe_tasks.ask([{"ask": "options"}])
    named_in_text = {_snake(name) for name in re.findall(r"`set(Category\w+)", TEXT)}
    assert used | named_in_text <= set(known)
    assert named_in_text == {"category_allowlist", "category_denylist"}
