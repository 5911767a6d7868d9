"""File descriptor 2 is silent for a while, and only for that while."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from serving import native_log

ROOT = Path(__file__).parents[2]


def test_what_is_written_meanwhile_is_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before ")
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with native_log.muted():
        os.write(2, b"native ")
        os.write(1, b"answers\n")
    os.write(2, b"after")
    assert capfd.readouterr() == ("answers\n", "before after")
    assert len(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208


@pytest.mark.parametrize("error", [ValueError("an error"), KeyboardInterrupt("an error")])
def test_an_error_comes_through_and_ends_the_silence(capfd: pytest.CaptureFixture[str], error: BaseException) -> None:
    with pytest.raises(type(error), match="an error"), native_log.muted():
        raise error
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_tensorflow_starts_without_a_word() -> None:
    told = "import sys; print('tensorflow' in sys.modules, sys.modules['os'].environ['TF_CPP_MIN_LOG_LEVEL'])"
    code = f"from serving import native_log; native_log.load_tensorflow(); {told}"
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-c", code]
    started = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert (started.returncode, started.stdout, started.stderr) == (0, "True 3\n", "")


def test_a_level_that_was_chosen_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    native_log.load_tensorflow()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    native_log.load_tensorflow()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"
