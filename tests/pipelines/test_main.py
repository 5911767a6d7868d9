"""`python -m pipelines`: lists the pipelines, and hands the words after a pipeline's name to that pipeline."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import __main__ as entry
from pipelines import command

ROOT = Path(__file__).parents[2]
KNOWN = ", ".join(entry.PIPELINES)


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_every_pipeline_is_listed_with_what_it_does(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    entry.main(arguments)
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "usage: python -m pipelines PIPELINE [--help]"
    assert [line.split(maxsplit=1) for line in told[2:]] == [
        [name, pipeline.__doc__] for name, pipeline in entry.PIPELINES.items()
    ]
    assert "  classify    Name what an image shows." in told


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("clasify", f"unknown pipeline 'clasify'; expected one of {KNOWN}; did you mean classify?"),
        ("fly", f"unknown pipeline 'fly'; expected one of {KNOWN}"),
    ],
)
def test_an_unknown_pipeline_is_refused(word: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        entry.main([word])
    assert stopped.value.code == 2
    assert capsys.readouterr().err == f"error: {message}\n"


def test_a_pipeline_gets_the_words_after_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(command, "main", lambda pipeline: seen.append([pipeline.__name__, *sys.argv[1:]]))
    monkeypatch.setattr(sys, "argv", ["pipelines", "classify", "--seed", "3"])
    entry.main(sys.argv[1:])
    assert seen == [["pipelines.classify", "--seed", "3"]]


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_the_module_runs() -> None:
    listed = _run()
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "classify" in listed.stdout
    refused = _run("classify", "--seed", "x")
    assert refused.returncode == 2
    assert "--seed" in refused.stderr
    assert "Traceback" not in refused.stderr
