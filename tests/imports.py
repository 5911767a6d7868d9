"""The graph of all imports of the four packages, those inside functions included; shared by the tests of layers and of shape."""

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("pipelines", "vision", "nlp", "serving")


def modules(package: str) -> list[Path]:
    """Every module of a package."""
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"no modules found in {package}/"
    return found


def name(path: Path) -> str:
    """The dotted name of a module; of `__init__.py` that of its package."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    """Dotted names of everything imported, `from a import b` as a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@cache
def graph(packages: tuple[str, ...] = PACKAGES) -> dict[str, set[str]]:
    """Every module, with the modules of these packages that it imports: `from a import b` is module a.b, or else a."""
    paths = {name(path): path for package in packages for path in modules(package)}

    def module(dotted: str) -> str | None:
        return next((known for known in (dotted, dotted.rpartition(".")[0]) if known in paths), None)

    return {
        own: {found for dotted in imported(path) if (found := module(dotted)) is not None and found != own}
        for own, path in paths.items()
    }


def children(graph: Mapping[str, set[str]], folder: str) -> dict[str, set[str]]:
    """The modules and sub-folders of a folder, with those of them that they import; its own `__init__.py` is left out."""

    def child(module: str) -> str | None:
        return module.removeprefix(f"{folder}.").split(".")[0] if module.startswith(f"{folder}.") else None

    found: dict[str, set[str]] = {}
    for module, targets in graph.items():
        own = child(module)
        if own is not None:
            reached = {other for target in targets if (other := child(target)) is not None}
            found.setdefault(own, set()).update(reached - {own})
    return found


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """A chain of imports that ends where it began; empty where there is none."""
    done: set[str] = set()

    def walk(node: str, chain: list[str]) -> list[str]:
        if node in chain:
            return [*chain[chain.index(node) :], node]
        if node in done:
            return []
        for target in sorted(graph.get(node, ())):
            found = walk(target, [*chain, node])
            if found:
                return found
        done.add(node)
        return []

    return next((found for node in sorted(graph) if (found := walk(node, []))), [])
