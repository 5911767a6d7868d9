"""One progress bar for the whole of a long act, and one line for each finished epoch of a training."""

from typing import Any, Self

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class ProgressBar(keras.callbacks.Callback):
    """Shows steps done of all steps; the epoch lines stay on the screen, and are all that a log file sees."""

    def __init__(self, *, epochs: int, steps: int, start: int) -> None:
        """epochs, steps: of the whole run and of one epoch. start: epochs finished earlier."""
        super().__init__()
        self._epochs, self._steps = epochs, steps
        console = Console(soft_wrap=True)
        columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("training", total=epochs * steps, completed=start * steps)

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Take the bar away; also after an error, since it hides the cursor."""
        self._bar.stop()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Advance the bar."""
        self._bar.advance(self._task)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Print the epoch's figures above the bar."""
        figures = "  ".join(f"{name} {value:.4f}" for name, value in (logs or {}).items())
        self._bar.console.print(f"epoch {epoch + 1}/{self._epochs}  {figures}", highlight=False)
