"""A warm Python is used by other tests in the place of a real one, so it must behave as one."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import warm

SHOW = "import os, sys; print(__name__, sys.argv[1:], os.getcwd(), os.environ['SHOWN'], sys.stdin.read(), flush=True); "


def _ended(python: str, folder: Path, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "SHOWN": "shown"}
    return subprocess.run(
        [python, *arguments], cwd=folder, env=environment, input=given, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("python", [lambda: sys.executable, warm.python])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("sys.exit('words')", 1),
        ("raise ValueError('words')", 1),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("import signal; signal.raise_signal(signal.SIGINT)", -signal.SIGINT),
        ("import atexit; atexit.register(print, 'words', file=sys.stderr); sys.exit(4)", 4),
    ],
)
def test_streams_folder_environment_and_exit_code(
    tmp_path: Path, python: Callable[[], str], code: str, expected: int
) -> None:
    ended = _ended(python(), tmp_path, "-c", SHOW + code, "a", "b c", given="typed")
    assert ended.returncode == expected
    assert ended.stdout == f"__main__ ['a', 'b c'] {tmp_path} shown typed\n"
    assert ("words" in ended.stderr) == ("words" in code)


def test_modules_scripts_and_standard_input(tmp_path: Path) -> None:
    (tmp_path / "shown.py").write_text("import sys; print(__name__, sys.argv[1:])", encoding="utf-8")
    for arguments in (("-m", "shown"), ("shown.py",)):
        assert _ended(warm.python(), tmp_path, *arguments, "a").stdout == "__main__ ['a']\n"
    assert _ended(warm.python(), tmp_path, "-", given="print(__name__)").stdout == "__main__\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_signals_reach_the_copy(number: signal.Signals) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    command = [warm.python(), "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) != process.pid
        process.send_signal(number)
        assert process.stdout.read() == ""  # until the copy has ended, too
    assert process.returncode == -number
