"""A progress bar for a long step that reports the share it has done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


@contextmanager
def shares(what: str) -> Iterator[Callable[[float], None]]:
    """A bar for an act that tells the share done, 0 to 1; gone at its end, and not shown in a log file."""
    console = Console(soft_wrap=True)
    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)
