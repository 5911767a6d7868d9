"""Runs `python -m pipelines.classify` in a process that kills itself (SIGKILL) at a chosen moment; used by test_resume.

python -m tests.pipelines.kill_at MOMENT FLAG…
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def inside_an_epoch() -> None:
    """After the second step of the third epoch."""
    from pipelines.training.progress import ProgressBar

    advance, calls = ProgressBar.on_train_batch_end, [0]

    def dying(self: ProgressBar, batch: int, logs: Any = None) -> None:
        advance(self, batch, logs)
        calls[0] += 1
        if calls[0] == 2 * self._steps + 2:
            _die()

    ProgressBar.on_train_batch_end = dying  # type: ignore[method-assign]


def while_a_checkpoint_is_written() -> None:
    """When the second state lies complete under its temporary name, and half of a third one would follow."""
    from pipelines.record import files

    write, calls = files.write_bytes, [0]

    def dying(path: Path, content: bytes) -> None:
        if path.name == "last.npz":
            calls[0] += 1
            if calls[0] == 2:
                path.with_name(f".{path.name}.tmp").write_bytes(content[: len(content) // 2])
                _die()
        write(path, content)

    files.write_bytes = dying


def during_export() -> None:
    """When the SavedModel stands under its temporary name."""
    from serving.bundle import writing

    def dying(temporary: Path, folder: Path) -> None:
        _die()

    writing._replace = dying


MOMENTS = {f.__name__: f for f in (inside_an_epoch, while_a_checkpoint_is_written, during_export)}

if __name__ == "__main__":
    MOMENTS[sys.argv.pop(1)]()
    from pipelines import classify, command

    command.main(classify)
