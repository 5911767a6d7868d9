"""Who imports whom, held by walking every import, also those inside functions: packages, layers, and no circle anywhere."""

import ast
from pathlib import Path

import pytest

from tests import imports
from tests.imports import PACKAGES, ROOT

FROM_SERVING = {"bundle", "litert", "draw", "native_log", "predict", "saved_model"}
"""What the pipelines may use of serving/: the format that it owns and how to ask it, not the server."""
PIPELINES = (
    {"__main__"},
    {"classify", "ngram", "word2vec"},
    {"command", "text"},
    {"exports", "report"},
    {"training"},
    {"record"},
    {"flags"},
)
"""pipelines/ from the top to the ground: each imports only what stands in a lower layer."""
SERVER = (
    {"process"},
    {"rest_api", "grpc_api"},
    {"page"},
    {"calls"},
    {"recording"},
    {"models"},
    {"batching"},
    {"json_bodies"},
    {"metrics", "config_messages", "tensor_proto", "bearer"},
    {"errors"},
)
"""serving/server/ from the top to the ground."""


def _crossing(package: str) -> set[tuple[str, str]]:
    return {
        (str(path.relative_to(ROOT)), name)
        for path in imports.modules(package)
        for name in imports.imported(path)
        if name.split(".")[0] in PACKAGES and name.split(".")[0] != package
    }


@pytest.mark.parametrize("package", ["vision", "nlp", "serving"])
def test_packages_import_nothing_of_ours_outside_themselves(package: str) -> None:
    assert _crossing(package) == set()


def test_pipelines_use_of_serving_only_what_writes_and_asks_bundles() -> None:
    used = {name.split(".")[1] for _, name in _crossing("pipelines") if name.startswith("serving.")}
    assert "bundle" in used
    assert used <= FROM_SERVING


def test_nothing_below_pipelines_knows_a_config() -> None:
    for package in ("vision", "nlp", "serving"):
        for path in imports.modules(package):
            names = {
                node.id for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Name)
            }
            assert "Config" not in names, f"{path} knows the word Config"


def test_serving_needs_no_training_package() -> None:
    server = [
        ROOT / "serving" / "__main__.py",
        *sorted((ROOT / "serving" / "saved_model").rglob("*.py")),
        *sorted((ROOT / "serving" / "server").rglob("*.py")),
    ]
    assert len(server) > 5
    for path in server:
        for name in imports.imported(path):
            assert name.split(".")[0] not in {"keras", "tyro", "sklearn", "matplotlib", "ai_edge_litert", "rich"}, (
                f"{path}: {name}"
            )


def test_no_circle_of_files() -> None:
    graph = imports.graph()
    assert len(graph) > 200
    assert imports.circle(graph) == []


def _folders() -> list[str]:
    return [
        imports.name(path) for package in PACKAGES for path in imports.modules(package) if path.name == "__init__.py"
    ]


@pytest.mark.parametrize("folder", _folders())
def test_no_circle_of_the_files_and_folders_in_a_folder(folder: str) -> None:
    assert imports.circle(imports.children(imports.graph(), folder)) == []


@pytest.mark.parametrize(("folder", "layers"), [("pipelines", PIPELINES), ("serving.server", SERVER)])
def test_each_layer_imports_only_lower_ones(folder: str, layers: tuple[set[str], ...]) -> None:
    found = imports.children(imports.graph(), folder)
    assert found.keys() == set().union(*layers)
    level = {name: depth for depth, names in enumerate(layers) for name in names}
    upwards = {(name, other) for name, others in found.items() for other in others if level[other] <= level[name]}
    assert upwards == set()


@pytest.mark.parametrize(("folder", "most"), [("pipelines", 5), ("serving", 5), ("serving/server", 6)])
def test_first_levels_show_packages_and_few_modules(folder: str, most: int) -> None:
    shown = [path.name for path in sorted((ROOT / folder).glob("*.py")) if path.name != "__init__.py"]
    assert shown
    assert len(shown) <= most, shown


def test_a_circle_would_be_found(tmp_path: Path) -> None:
    assert imports.circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert imports.circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
    whole = {"p.x.one": {"p.y.two"}, "p.y.two": {"p.x.three"}, "p.x.three": set[str]()}
    assert imports.circle(whole) == []
    assert imports.circle(imports.children(whole, "p")) == ["x", "y", "x"]
