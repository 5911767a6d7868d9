"""The warm process: imports what takes long, starts nothing of it, and makes a copy of itself for every client.

python -m tests.warm SOCKET
"""

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
from typing import Any, NoReturn

from serving import native_log

SLOW = [
    *("tensorflow", "keras", "numpy", "scipy.stats", "sklearn.datasets", "sklearn.metrics", "gensim.models.word2vec"),
    *("cv2", "PIL.Image", "matplotlib.pyplot", "tyro", "ai_edge_litert.interpreter", "grpc", "uvicorn", "orjson"),
]


def main(path: str) -> dict[str, Any]:
    """Serve until standard input ends; returns in each copy, with what its client wants."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "agg"}
    with native_log.muted():
        for name in SLOW:
            importlib.import_module(name)
    gc.freeze()  # the copies share what lies there now
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the guards
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            os._exit(0)
        client, _ = listener.accept()
        if not os.fork():
            listener.close()
            return _guarded_copy(client)
        client.close()


def _guarded_copy(client: socket.socket) -> dict[str, Any]:
    """A copy with the client's place and streams; this process guards it and never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(client, 1, 3)
    with client.makefile("rb") as lines:
        wanted: dict[str, Any] = json.loads(lines.readline())
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    copy = os.fork()
    if copy:
        _guard(copy, client)
    client.close()
    return wanted


def _guard(copy: int, client: socket.socket) -> None:
    """Tell the client the copy's number and how it ended; without a client, end the copy."""
    client.sendall(b"%d\n" % copy)
    for stream in range(3):
        os.close(stream)
    ended = os.pidfd_open(copy)
    watched: list[Any] = [ended, client]
    ready, _, _ = select.select(watched, [], [])
    if ended not in ready:
        os.kill(copy, signal.SIGKILL)
    _, status = os.waitpid(copy, 0)
    with contextlib.suppress(OSError):
        client.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def become(wanted: dict[str, Any]) -> list[str]:
    """Take on the client's folder, environment, streams and signals, and return its arguments."""
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in wanted["ignored"]:
        signal.signal(number, signal.SIG_IGN)
    at_once = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = _text(0, "r")
    sys.stdout = _text(1, "w", line_buffering=at_once or os.isatty(1))
    sys.stderr = _text(2, "w", line_buffering=True, errors="backslashreplace")
    more = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    sys.path[:] = [wanted["folder"], *more, *sys.path[1:]]
    arguments: list[str] = wanted["arguments"]
    return arguments


def _text(place: int, mode: str, **options: Any) -> io.TextIOWrapper:
    return io.TextIOWrapper(open(place, f"{mode}b", closefd=False), **options)


def run(arguments: list[str]) -> int:
    """Do what `python ARGUMENT…` does, and return its exit code."""
    try:
        _run(arguments)
    except SystemExit as ended:
        if not isinstance(ended.code, str):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
    except KeyboardInterrupt:
        traceback.print_exc()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        traceback.print_exc()
    else:
        return 0
    return 1


def _run(arguments: list[str]) -> None:
    kind, *rest = arguments
    if kind == "-m":
        sys.argv[:] = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif kind in ("-", "-c"):
        code, sys.argv[:] = (sys.stdin.read(), ["-", *rest]) if kind == "-" else (rest[0], ["-c", *rest[1:]])
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv[:] = arguments
        runpy.run_path(kind, run_name="__main__")


def end(code: int) -> NoReturn:
    """Leave as Python does, but for the second that it takes to clear TensorFlow away."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    end(run(become(main(sys.argv[1]))))
