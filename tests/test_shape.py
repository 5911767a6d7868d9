"""Sizes, docstrings, mirrored tests and parameter lists of every file, measured; and the one shape of a pipeline."""

import ast
import dataclasses
import importlib
import inspect
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import tyro

from pipelines.__main__ import PIPELINES
from pipelines.flags import RunFlags
from tests import imports
from tests.imports import PACKAGES, ROOT

SOURCES = sorted(
    path for folder in (*PACKAGES, "tests", "benchmarks", "scripts") for path in (ROOT / folder).rglob("*.py")
)
MODULES = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in PACKAGES]
MAX_FILE, MAX_FUNCTION, MAX_CLASS, MAX_PARAMETERS = 400, 60, 200, 7
OPTIONS = {
    "nlp.ngrams.sampling.sample": "options of a draw",
    "nlp.ngrams.smoothing.smooth": "options of seven smoothings",
    "serving.client.rest.__init__": "options of a connection, named by every user of the client",
}
"""Functions with more parameters, and the reason: free functions of named options, as NumPy has them."""
STEPS = ("config", "run", "data", "training", "evaluation", "export", "report")
"""The modules of every pipeline beside `__init__` and `__main__`."""


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _length(node: Any) -> int:
    return int(node.end_lineno) - int(node.lineno) + 1


def test_files_were_found() -> None:
    assert len(SOURCES) > 300
    assert len(MODULES) > 200


@pytest.mark.parametrize("path", SOURCES, ids=_id)
def test_files_classes_and_functions_stay_short_and_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no module docstring"
    assert text.count("\n") <= MAX_FILE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert _length(node) <= MAX_FUNCTION, f"{node.name} has {_length(node)} lines"
        elif isinstance(node, ast.ClassDef):
            assert _length(node) <= MAX_CLASS, f"{node.name} has {_length(node)} lines"


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_parameter_lists_stay_short(path: Path) -> None:
    for node in _functions(path):
        if f"{imports.name(path)}.{node.name}" in OPTIONS:
            continue
        named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        own = [argument.arg for argument in named if argument.arg not in ("self", "cls")]
        assert len(own) <= MAX_PARAMETERS, f"{node.name} takes {len(own)}: {', '.join(own)}"


def test_every_exception_from_the_parameter_limit_is_needed() -> None:
    known = {f"{imports.name(path)}.{node.name}" for path in MODULES for node in _functions(path)}
    assert OPTIONS.keys() <= known


@pytest.mark.parametrize("path", [path for path in MODULES if path.name not in ("__init__.py", "__main__.py")], ids=_id)
def test_every_module_that_does_something_has_a_test_of_its_name(path: Path) -> None:
    if not _functions(path):
        return  # names only, such as vision/errors.py
    relative = path.relative_to(ROOT)
    assert (ROOT / "tests" / relative.parent / f"test_{relative.name}").exists()


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__main__.py"], ids=_id)
def test_importing_is_safe(path: Path) -> None:
    importlib.import_module(imports.name(path))


def test_type_checking_is_no_way_out() -> None:
    for path in imports.modules("pipelines"):
        assert "TYPE_CHECKING" not in path.read_text(encoding="utf-8"), path


def _pipeline(name: str) -> Any:
    return importlib.import_module(f"pipelines.{name}")


def _step(name: str, step: str) -> Any:
    return importlib.import_module(f"pipelines.{name}.{step}")


@pytest.mark.parametrize("name", list(PIPELINES))
def test_pipelines_have_one_shape(name: str) -> None:
    pipeline = _pipeline(name)
    assert issubclass(pipeline.Config, RunFlags)
    assert pipeline.Config.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(pipeline.Config))
    assert list(inspect.signature(pipeline.run).parameters) == ["config"]
    assert inspect.signature(pipeline.run).return_annotation == dict[str, float]


@pytest.mark.parametrize("name", list(PIPELINES))
def test_each_step_is_a_module_that_hands_on_one_value(name: str) -> None:
    for step in STEPS:
        assert (ROOT / "pipelines" / name / f"{step}.py").is_file(), f"pipelines/{name}/{step}.py is missing"
    data, training, evaluation = (_step(name, step) for step in ("data", "training", "evaluation"))
    export, report = _step(name, "export"), _step(name, "report")
    assert list(inspect.signature(data.read).parameters) == ["config"]
    assert get_type_hints(training.train)["return"] is training.Trained
    assert get_type_hints(evaluation.evaluate)["return"] is evaluation.Evaluated
    assert {"trained", "scores"} <= evaluation.Evaluated.__dataclass_fields__.keys()
    assert "data" in training.Trained.__dataclass_fields__
    assert list(inspect.signature(export.write).parameters) == ["config", "folder", "evaluated"]
    for function in (training.train, evaluation.evaluate, export.write, report.summary, report.sections):
        assert len(inspect.signature(function).parameters) <= 4, function


@pytest.mark.parametrize("name", list(PIPELINES))
def test_no_step_imports_the_run(name: str) -> None:
    graph = imports.graph()
    steps = [module for module in graph if module.startswith(f"pipelines.{name}.") and not module.endswith(".__main__")]
    assert steps
    for module in steps:
        assert f"pipelines.{name}.run" not in graph[module], module


@pytest.mark.parametrize("name", list(PIPELINES))
def test_a_run_reads_from_top_to_bottom(name: str) -> None:
    [run] = [node for node in _functions(ROOT / "pipelines" / name / "run.py") if node.name == "run"]
    assert _length(run) <= 45
    called = [
        node.func.value.id
        for node in ast.walk(run)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    ]
    assert {"data", "training", "evaluation", "export", "report", "assembly", "runs"} <= set(called)
    assert not [node for node in ast.walk(run) if node is not run and isinstance(node, ast.FunctionDef | ast.For)]


def test_importing_a_pipeline_loads_nothing_heavy() -> None:
    code = "import sys; import " + ", ".join(f"pipelines.{name}" for name in PIPELINES)
    code += "; print(sorted({'tensorflow', 'keras', 'numpy'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", list(PIPELINES))
def test_the_command_in_a_pipelines_docstring_parses(name: str) -> None:
    pipeline = _pipeline(name)
    lines = (inspect.getdoc(pipeline) or "").splitlines()
    command = next(line for line in lines if f"python -m pipelines.{name}" in line)
    words = shlex.split(command)
    tyro.cli(pipeline.Config, args=words[words.index(f"pipelines.{name}") + 1 :])


@pytest.mark.parametrize("module", ["flags", "training/options", *(f"{name}/config" for name in PIPELINES)])
def test_every_field_says_what_it_is(module: str) -> None:
    tree = ast.parse((ROOT / "pipelines" / f"{module}.py").read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert classes
    for node in classes:
        for field, following in zip(node.body, node.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign):
                assert isinstance(following, ast.Expr), f"{ast.unparse(field.target)} has no docstring"
