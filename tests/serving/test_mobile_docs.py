"""docs/mobile.md names the files that a conversion writes, the metadata they carry, and options that MediaPipe has."""

import re
from pathlib import Path

import pytest

from serving import litert, litert_metadata
from tests.serving import mediapipe_tasks

TEXT = (Path(__file__).parents[2] / "docs" / "mobile.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found, f"no {language} block in docs/mobile.md"
    return found


def test_the_table_lists_every_form_in_order() -> None:
    assert re.findall(r"^\| `(.+?)` \|", TEXT, re.MULTILINE) == list(litert.FORMS.values())


def test_snippets_open_files_that_a_conversion_writes() -> None:
    code = "\n".join(blocks("kotlin") + blocks("swift"))
    resources = [f"{name}.{kind}" for name, kind in re.findall(r'forResource: "(.+?)", ofType: "(.+?)"', code)]
    opened = re.findall(r'"([\w.]+\.(?:tflite|txt))"', code) + resources
    assert set(opened) == {litert.FORMS["int8"], litert_metadata.LABELS}
    assert len(opened) == 4  # two with MediaPipe; without it the label file too


def test_what_it_says_of_the_metadata_is_what_is_written() -> None:
    mean, std = (litert_metadata.Metadata.__dataclass_fields__[name].default for name in ("mean", "std"))
    assert f"mean {mean:.0f} and deviation {std:.0f}" in TEXT
    assert f"`{litert_metadata.LABELS}`" in TEXT


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
