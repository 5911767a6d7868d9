"""What the console says after an export; the export itself is tried end to end."""

import shlex
from pathlib import Path

from pipelines.classify import export


def test_the_hint_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    folder = tmp_path / "my photos"
    (folder / "export").mkdir(parents=True)
    serve, try_it = export.hint(folder).splitlines()
    assert shlex.split(serve.removeprefix("serve it: ")) == [
        "python",
        "-m",
        "serving",
        "--model_name=my photos",
        f"--model_base_path={folder}/export",
        "--rest_api_port=8501",
    ]
    assert try_it == f"try it:   python -m serving.predict '{folder}' '{folder}/samples'/*"


def test_nothing_to_try_without_an_export(tmp_path: Path) -> None:
    assert export.hint(tmp_path) == "no export: --no-export was given, or this model has none"
