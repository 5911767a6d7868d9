"""A Python that starts warm: a copy of a process that has imported TensorFlow already.

`python -m …` imports TensorFlow for four seconds of processor time before it does anything. Tests that start it for what it
does, and not for how it starts, use the command that `python()` gives. It takes `-m MODULE`, `-c CODE`, `-` and a script, and
keeps the current folder, the environment, the three streams, signals and the exit code.
"""

import atexit
import functools
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


@functools.cache
def python() -> str:
    """The path of a command that stands for `sys.executable` until this process ends."""
    # A folder of its own, since the path of a socket holds 107 bytes at most.
    folder = tempfile.TemporaryDirectory(prefix="warm-")
    socket, command = Path(folder.name) / "socket", Path(folder.name) / "python"
    client = Path(__file__).with_name("client.py")
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{client}" "{socket}" "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    start = [sys.executable, "-m", "tests.warm", str(socket)]
    # It ends when its standard input is closed, also by the death of this process.
    warm = subprocess.Popen(start, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    atexit.register(folder.cleanup)
    atexit.register(warm.communicate)
    assert warm.stdout is not None
    assert warm.stdout.readline() == b"ready\n"
    return str(command)
