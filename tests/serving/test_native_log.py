"""File descriptor 2 is silent for a while, and only for that while."""

import os
import sys

import pytest

from serving import native_log


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


# That a process says nothing while TensorFlow starts is held by predict/test_command_line.py.
def test_a_level_that_was_chosen_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    native_log.load_tensorflow()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    native_log.load_tensorflow()
    assert "tensorflow" in sys.modules
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"
