"""The models as the page shows them."""

import gc
import json
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from serving import bundle, saved_model
from serving.server.errors import Code, ServingError
from serving.server.models.versions import State, Version
from serving.server.page.catalogue import Catalogue


class Shelf:
    """A repository with the versions that a test puts there."""

    def __init__(self, **models: list[Version]) -> None:
        self.versions = models

    def models(self) -> Mapping[str, Sequence[Version]]:
        return self.versions


@pytest.fixture
def version(half_plus_two: Path) -> Version:
    """`half_plus_two`, loaded, without a model.json."""
    folder = half_plus_two / "00000123"
    return Version("half", 123, folder, state=State.AVAILABLE, loaded=saved_model.load(folder))


def _describe(folder: Path, **description: object) -> None:
    (folder / "assets.extra").mkdir(parents=True)
    (folder / "assets.extra" / "model.json").write_text(json.dumps(description))


def test_a_loaded_version_shows_its_signatures(version: Version) -> None:
    [model] = Catalogue(Shelf(half=[version])).models()
    [entry] = model["versions"]
    assert (model["name"], entry["version"], entry["state"], entry["error"]) == ("half", "123", "AVAILABLE", None)
    assert set(entry["signatures"]) == {"serving_default", "both", "classify", "labelled", "regress"}
    assert entry["signatures"]["serving_default"] == {
        "method": "tensorflow/serving/predict",
        "inputs": {"x": {"dtype": "float32", "shape": [-1, 1]}},
        "outputs": {"y": {"dtype": "float32", "shape": [-1, 1]}},
    }
    assert (entry["task"], entry["labels"], entry["input"]) == (None, None, {})


def test_any_number_of_dimensions_is_no_shape(echo: Path) -> None:
    version = Version("echo", 1, echo / "1", state=State.AVAILABLE, loaded=saved_model.load(echo / "1"))
    [model] = Catalogue(Shelf(echo=[version])).models()
    assert model["versions"][0]["signatures"]["str"]["inputs"] == {"default": {"dtype": "string", "shape": None}}


def test_a_tensor_without_a_type_hides_no_model(version: Version) -> None:
    odd = SignatureDef()
    odd.inputs["x"].coo_sparse.values_tensor_name = "values:0"
    version.loaded = SimpleNamespace(signatures={"odd": odd})  # type: ignore[assignment]
    [model] = Catalogue(Shelf(half=[version])).models()
    assert model["versions"][0]["signatures"]["odd"]["inputs"] == {"x": {"dtype": "unknown", "shape": []}}


def test_the_task_comes_from_model_json(version: Version, tmp_path: Path) -> None:
    version.folder = tmp_path
    _describe(tmp_path, format=1, task="classify", labels=["a", "b"], input={"height": 8}, scores={"accuracy": 1})
    [entry] = Catalogue(Shelf(half=[version])).models()[0]["versions"]
    assert (entry["task"], entry["labels"], entry["input"]) == ("classify", ["a", "b"], {"height": 8})
    assert "scores" not in entry


@pytest.mark.parametrize("content", ["{", '{"format": 99, "task": "classify"}', "[]"])
def test_a_broken_model_json_counts_as_none(version: Version, tmp_path: Path, content: str) -> None:
    version.folder = tmp_path
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "model.json").write_text(content)
    [entry] = Catalogue(Shelf(half=[version])).models()[0]["versions"]
    assert entry["task"] is None
    assert entry["signatures"]


def test_versions_that_are_not_loaded_show_state_and_error(tmp_path: Path) -> None:
    waiting = Version("big", 2**63 - 1, tmp_path, state=State.LOADING)
    error = ServingError(Code.NOT_FOUND, "no saved_model.pb")
    failed = Version("big", 2, tmp_path, state=State.END, error=error)
    [model] = Catalogue(Shelf(big=[waiting, failed])).models()
    assert model["versions"] == [
        {"version": "9223372036854775807", "state": "LOADING", "error": None},
        {"version": "2", "state": "END", "error": "NOT_FOUND: no saved_model.pb"},
    ]


def test_the_error_of_a_folder_that_is_gone_is_not_shown(tmp_path: Path) -> None:
    error = ServingError(Code.NOT_FOUND, "no saved_model.pb")
    gone = Version("big", 2, tmp_path / "2", state=State.END, error=error)
    [model] = Catalogue(Shelf(big=[gone])).models()
    assert model["versions"] == [{"version": "2", "state": "END", "error": None}]


def test_files_are_read_once_for_each_load(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []
    read = bundle.read_description

    def counted(folder: Path) -> dict[str, object]:
        reads.append(folder)
        return read(folder)

    monkeypatch.setattr(bundle, "read_description", counted)
    catalogue = Catalogue(Shelf(half=[version]))
    first = catalogue.models()
    assert catalogue.models() == first
    assert len(reads) == 1
    version.loaded = saved_model.load(version.folder)
    catalogue.models()
    assert len(reads) == 2


def test_models_that_left_are_forgotten(version: Version) -> None:
    loaded = weakref.ref(version.model)
    shelf = Shelf(half=[version], other=[])
    catalogue = Catalogue(shelf)
    assert [model["name"] for model in catalogue.models()] == ["half", "other"]
    shelf.versions = {}
    assert catalogue.models() == []
    version.loaded = None
    gc.collect()
    assert loaded() is None
