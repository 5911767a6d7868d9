"""Errors of SavedModels that cannot be loaded: TensorFlow Serving's words and status code first, then what to do."""

from collections.abc import Sequence
from pathlib import Path

from serving.saved_model.names import INVALID_ARGUMENT

NOT_FOUND, DATA_LOSS = 5, 15
"""Status codes, as in tf.errors."""
AGAIN = " Export it again, or copy it again if the copy was cut."


class LoadError(ValueError):
    """A SavedModel that cannot be loaded."""

    def __init__(self, message: str, error_code: int) -> None:
        super().__init__(message)
        self.error_code = error_code
        """TensorFlow's status code, named as in every `tf.errors.OpError`."""


def check_folder(path: Path) -> None:
    """Raise FileNotFoundError for a folder without a SavedModel and say what is there instead."""
    if any((path / name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt")):
        return
    words = (
        f"Could not find SavedModel .pb or .pbtxt at supplied export directory path: {path}. Check that the directory "
        "exists and that you have the right permissions for accessing it."
    )
    if not path.is_dir():
        raise FileNotFoundError(f"{words} It is not a folder. Give the folder that holds saved_model.pb.")
    found = sorted(child.name for child in path.iterdir())
    versions = [name for name in found if (path / name / "saved_model.pb").is_file()]
    advice = f"Did you mean '{path / versions[-1]}'?" if versions else "Give the folder that holds saved_model.pb."
    listing = ", ".join(found[:8]) + (", ..." if len(found) > 8 else "") if found else "nothing"
    raise FileNotFoundError(f"{words} It holds: {listing}. {advice}")


def explained(path: Path, tags: Sequence[str], error: Exception) -> LoadError:
    """The error that says in TensorFlow Serving's words what TensorFlow's Python loader said in its own."""
    words, advice = str(error).strip() or type(error).__name__, ""
    code = getattr(error, "error_code", INVALID_ARGUMENT)
    if isinstance(error, OSError) and "Cannot parse file" in words:
        file, form = (
            ("saved_model.pb", "binary") if (path / "saved_model.pb").is_file() else ("saved_model.pbtxt", "text")
        )
        words, code = f"Can't parse {path / file} as {form} proto", DATA_LOSS
        advice = AGAIN
    elif "MetaGraphDef associated with tags" in words:
        there = words.partition("with available tags '")[2].partition("'. To inspect")[0]
        words, code = (
            f"Could not find meta graph def matching supplied tags: {{ {' '.join(tags)} }}. To inspect available tag-sets "
            "in the SavedModel, please use the SavedModel CLI: `saved_model_cli`",
            NOT_FOUND,
        )
        advice = f" The file holds no graph.{AGAIN}" if there == "[]" else f" Choose tags that it has: {there}."
    elif is_unknown_op(error):
        code = NOT_FOUND
        advice = " The graph needs an op library that is not loaded (tensorflow_text for tf-text ops): install it."
    return LoadError(f"{words.rstrip('.')}. The SavedModel in '{path}' could not be loaded.{advice}", code)


def is_unknown_op(error: Exception) -> bool:
    """Whether the graph has an op that no loaded library knows."""
    return "Op type not registered" in str(error) or "No op named" in str(error)
