"""What style asks of every file, measured: sizes, docstrings, mirrored tests, the one shape of a story."""

import ast
import dataclasses
import importlib
import inspect
import shlex
from pathlib import Path
from typing import Any

import pytest
import tyro

from pipelines.__main__ import PIPELINES

ROOT = Path(__file__).parents[1]
ROOMS = ("pipelines", "vision", "nlp", "serving")
SOURCES = sorted(
    path for folder in (*ROOMS, "tests", "benchmarks", "scripts") for path in (ROOT / folder).rglob("*.py")
)
MODULES = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in ROOMS]
MAX_FILE, MAX_FUNCTION = 400, 60


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_files_were_found() -> None:
    assert len(SOURCES) > 60
    assert len(MODULES) > 30


@pytest.mark.parametrize("path", SOURCES, ids=_id)
def test_files_and_functions_stay_short_and_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no module docstring"
    assert text.count("\n") <= MAX_FILE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= MAX_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", [path for path in MODULES if path.name not in ("__init__.py", "__main__.py")], ids=_id)
def test_every_module_that_does_something_has_a_test_of_its_name(path: Path) -> None:
    if not any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        return  # names only, such as vision/errors.py
    relative = path.relative_to(ROOT)
    assert (ROOT / "tests" / relative.parent / f"test_{relative.name}").exists()


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__main__.py"], ids=_id)
def test_importing_is_safe(path: Path) -> None:
    importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))


def _story(name: str) -> Any:
    return importlib.import_module(f"pipelines.{name}")


@pytest.mark.parametrize("name", list(PIPELINES))
def test_stories_have_one_shape(name: str) -> None:
    story = _story(name)
    assert story.Config.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(story.Config))
    assert inspect.signature(story.run).return_annotation == dict[str, float]
    fields = {field.name for field in dataclasses.fields(story.Config)}
    assert {"data", "out", "seed", "export", "resume", "check"} <= fields


@pytest.mark.parametrize("name", list(PIPELINES))
def test_the_command_in_a_storys_docstring_parses(name: str) -> None:
    story = _story(name)
    command = next(line for line in (inspect.getdoc(story) or "").splitlines() if f"python -m pipelines.{name}" in line)
    words = shlex.split(command)
    tyro.cli(story.Config, args=words[words.index(f"pipelines.{name}") + 1 :])


@pytest.mark.parametrize("name", [*(f"{name}/config" for name in PIPELINES), "training/options"])
def test_every_field_says_what_it_is(name: str) -> None:
    tree = ast.parse((ROOT / "pipelines" / f"{name}.py").read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert classes
    for node in classes:
        for field, following in zip(node.body, node.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign):
                assert isinstance(following, ast.Expr), f"{ast.unparse(field.target)} has no docstring"
