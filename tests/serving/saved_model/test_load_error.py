"""SavedModels that cannot be loaded: TensorFlow Serving's words and codes, and what to do."""

import shutil
from pathlib import Path

import pytest

from serving import saved_model
from serving.saved_model import load_error
from serving.server import errors
from serving.server.errors import Code

NOTHING = (
    "^Could not find SavedModel .pb or .pbtxt at supplied export directory path: {}[.] Check that .* accessing it[.] "
)


def test_base_path_instead_of_version(half_plus_two: Path) -> None:
    words = NOTHING.format(half_plus_two) + r"It holds: 00000123\. Did you mean '.*00000123'"
    with pytest.raises(FileNotFoundError, match=words):
        saved_model.load(half_plus_two)


def test_missing_and_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=NOTHING.format(tmp_path / "none") + "It is not a folder"):
        saved_model.load(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=NOTHING.format(tmp_path) + "It holds: nothing"):
        saved_model.load(tmp_path)


@pytest.mark.parametrize(("name", "form"), [("saved_model.pb", "binary"), ("saved_model.pbtxt", "text")])
def test_broken_file(tmp_path: Path, name: str, form: str) -> None:
    (tmp_path / name).write_bytes(b"not a protocol buffer")
    words = (
        f"^Can't parse {tmp_path / name} as {form} proto. The SavedModel in '{tmp_path}' could not be loaded. Export"
    )
    with pytest.raises(ValueError, match=words) as caught:
        saved_model.load(tmp_path)
    assert errors.from_exception(caught.value).code is Code.DATA_LOSS


def test_missing_tags(half_plus_two: Path) -> None:
    words = (
        r"^Could not find meta graph def matching supplied tags: { serve tpu }\. To inspect available tag-sets in the "
        r"SavedModel, please use the SavedModel CLI: `saved_model_cli`\. .* Choose tags that it has: \[{'serve'}\]\."
    )
    with pytest.raises(ValueError, match=words) as caught:
        saved_model.load(half_plus_two / "00000123", tags=("serve", "tpu"))
    assert errors.from_exception(caught.value).code is Code.NOT_FOUND


def test_file_without_a_byte(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").touch()
    words = (
        r"^Could not find meta graph def matching supplied tags: { serve }\..* The SavedModel in '.*' could not be loaded\. "
        r"The file holds no graph\. Export it again, or copy it again if the copy was cut\.$"
    )
    with pytest.raises(ValueError, match=words) as caught:
        saved_model.load(tmp_path)
    assert errors.from_exception(caught.value).code is Code.NOT_FOUND


def test_unknown_op(half_plus_two: Path, tmp_path: Path) -> None:
    from tensorflow.core.protobuf import saved_model_pb2

    message = saved_model_pb2.SavedModel.FromString((half_plus_two / "00000123" / "saved_model.pb").read_bytes())
    message.meta_graphs[0].graph_def.node.add(name="odd", op="Frobnicate")
    (tmp_path / "saved_model.pb").write_bytes(message.SerializeToString())
    with pytest.raises(
        ValueError, match=r"Op type not registered 'Frobnicate'.*could not be loaded\. .*install"
    ) as caught:
        saved_model.load(tmp_path)
    assert errors.from_exception(caught.value).code is Code.NOT_FOUND


def test_cut_variables(half_plus_two: Path, tmp_path: Path) -> None:
    shutil.copytree(half_plus_two / "00000123", tmp_path / "1")
    (tmp_path / "1" / "variables" / "variables.data-00000-of-00001").write_bytes(b"cut")
    with pytest.raises(ValueError, match=r"The SavedModel in '.*1' could not be loaded\.$") as caught:
        saved_model.load(tmp_path / "1")
    assert errors.from_exception(caught.value).code in (Code.OUT_OF_RANGE, Code.DATA_LOSS)


def test_other_errors_keep_their_words(tmp_path: Path) -> None:
    for error, words in ((KeyError("x"), "'x'. The"), (RuntimeError(), "RuntimeError. The")):
        explained = load_error.explained(tmp_path, ["serve"], error)
        assert str(explained) == f"{words} SavedModel in '{tmp_path}' could not be loaded."
        assert explained.error_code == Code.INVALID_ARGUMENT
