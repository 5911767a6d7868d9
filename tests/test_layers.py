"""The arrows between the rooms, held by walking every import, also those inside functions."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("pipelines", "vision", "nlp", "serving")
FROM_SERVING = {
    "bundle",
    "litert",
    "draw",
    "native_log",
    "predict",
    "saved_model",
}
"""What the stories may use of serving/: the format that it owns and how to ask it, not the server."""


def _modules(room: str) -> list[Path]:
    found = sorted((ROOT / room).rglob("*.py"))
    assert found, f"no modules found in {room}/"
    return found


def _imports(path: Path) -> set[str]:
    """Dotted names of everything imported, `from a import b` as a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _crossing(room: str) -> set[tuple[str, str]]:
    return {
        (str(path.relative_to(ROOT)), name)
        for path in _modules(room)
        for name in _imports(path)
        if name.split(".")[0] in ROOMS and name.split(".")[0] != room
    }


@pytest.mark.parametrize("room", ["vision", "nlp", "serving"])
def test_rooms_import_nothing_of_ours_outside_themselves(room: str) -> None:
    assert _crossing(room) == set()


def test_pipelines_use_of_serving_only_what_writes_bundles() -> None:
    used = {name.split(".")[1] for _, name in _crossing("pipelines") if name.startswith("serving.")}
    assert "bundle" in used
    assert used <= FROM_SERVING


def test_nobody_below_pipelines_knows_a_config() -> None:
    for room in ("vision", "nlp", "serving"):
        for path in _modules(room):
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
        for name in _imports(path):
            assert name.split(".")[0] not in {"keras", "tyro", "sklearn", "matplotlib", "ai_edge_litert", "rich"}, (
                f"{path}: {name}"
            )
